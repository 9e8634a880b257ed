import Domain
import Foundation
import Testing

@testable import Knowledge
import TestSupport

@Suite struct ChunkerTests {
  private let chunker = PlainTokens.chunker()
  private func tokens(_ chunk: ChunkDraft) -> Int { PlainTokens.count(chunk.text[...]) }

  @Test func smallBlocksUnderOneHeadingAreJoined() {
    let (content, blocks) = document(
      "Title",
      [
        (.paragraph, "Lead."), (.heading(level: 2, text: ""), "Setup"), (.paragraph, sentences(5)),
        (.listItem, "- " + sentences(3)), (.listItem, "- " + sentences(3)),
        (.heading(level: 3, text: ""), "Deep"),
        (.paragraph, sentences(4)), (.heading(level: 2, text: ""), "Empty"),
        (.heading(level: 2, text: ""), "Last"),
        (.paragraph, "End."),
      ])
    let chunks = chunker.chunks(of: content, blocks: blocks)
    #expect(chunks.map(\.headingPath) == [[], ["Setup"], ["Setup", "Deep"], ["Last"]])
    #expect(chunks.map(\.ordinal) == [0, 1, 2, 3])
    #expect(chunks[1].embeddedTexts == ["Title\nSetup\n" + chunks[1].text])
    #expect(chunks[2].embeddedTexts == ["Title\nSetup\nDeep\n" + chunks[2].text])
    #expect(chunks.allSatisfy { content.text.slice($0.span).map(String.init) == $0.text })
  }

  /// 300 tokens become two halves, not 220 and 80.
  @Test func chunksOfASectionAreOfLikeSize() {
    for count in [40, 50, 60, 72, 100, 111, 150] {
      let (content, blocks) = document("T", [(.paragraph, sentences(count))])
      let sizes = chunker.chunks(of: content, blocks: blocks).map(tokens)
      let needed = (count * 6 + 219) / 220
      #expect(sizes.count == needed, "\(count): \(sizes)")
      #expect(sizes.max()! - sizes.min()! <= 12, "\(count): \(sizes)")
      #expect(sizes.allSatisfy { $0 <= Chunker.maxBodyTokens })
    }
  }

  @Test func cutsPreferBlockBoundaries() {
    let paragraph = sentences(17)
    let (content, blocks) = document("T", Array(repeating: (.paragraph, paragraph), count: 4))
    let chunks = chunker.chunks(of: content, blocks: blocks)
    #expect(chunks.map(\.text) == [paragraph + "\n\n" + paragraph, paragraph + "\n\n" + paragraph])
  }

  @Test func endlessSentencesAreCutBetweenWordsThenCharacters() {
    let words = Array(repeating: "word", count: 1_000).joined(separator: " ")
    let (content, blocks) = document("T", [(.paragraph, words)])
    let chunks = chunker.chunks(of: content, blocks: blocks)
    #expect(chunks.count == 5)
    #expect(chunks.allSatisfy { tokens($0) <= 220 && !$0.text.hasPrefix(" ") && $0.text.hasSuffix("word") })
    let solid = String(repeating: "é", count: 100_000)
    let pieces = chunker.chunks(of: DocumentContent(title: "T", text: solid), blocks: [])
    #expect(pieces.map(\.text).joined() == solid)
    let family = String(repeating: "👨‍👩‍👧‍👦", count: 2_000)
    let families = chunker.chunks(of: DocumentContent(title: "T", text: family), blocks: [])
    #expect(families.map(\.text).joined() == family)
    #expect(families.allSatisfy { $0.text.allSatisfy { $0 == "👨‍👩‍👧‍👦" } })
  }

  @Test func longRowsAreCutBetweenCellsAndKeepTheirHeader() {
    let cells = (1...6).map { "Column \($0): " + Array(repeating: "value", count: 80).joined(separator: " ") }
    let long = "Notes: " + Array(repeating: "text", count: 500).joined(separator: " ")
    let (content, blocks) = document("T", [(.tableRow, cells.joined(separator: "; ")), (.tableRow, long)])
    let chunks = chunker.chunks(of: content, blocks: blocks)
    #expect(chunks.allSatisfy { tokens($0) <= 220 })
    #expect(chunks[1].text.hasPrefix("Column"))
    #expect(chunks.last?.text.hasPrefix("text") == true)
    #expect(chunks.last?.embeddedTexts[0].contains("\nNotes:\ntext") == true)
  }

  @Test func headingsAreShortenedBeforeAnythingIsCut() {
    let body = sentences(36)
    let outer = Array(repeating: "outer", count: 30).joined(separator: " ")
    let inner = Array(repeating: "inner", count: 10).joined(separator: " ")
    let title = Array(repeating: "title", count: 40).joined(separator: " ")
    let (content, blocks) = document(
      title,
      [(.heading(level: 1, text: ""), outer), (.heading(level: 2, text: ""), inner), (.paragraph, body)])
    let chunk = chunker.chunks(of: content, blocks: blocks)[0]
    #expect(chunk.headingPath == [outer, inner])
    let embedded = chunk.embeddedTexts[0]
    #expect(PlainTokens.count(embedded[...]) <= Chunker.maxEmbeddedTokens)
    #expect(embedded.hasSuffix(inner + "\n" + body))
    #expect(embedded.hasPrefix("title title"))
    #expect(!embedded.contains("outer"))
  }

  @Test func documentsWithoutABodyHaveOneChunk() {
    let empty = chunker.chunks(of: DocumentContent(title: "Only a title", text: ""), blocks: [])
    #expect(empty.map(\.span) == [ByteSpan(start: 0, end: 0)])
    #expect(empty.map(\.embeddedTexts) == [["Only a title"]])
    let (content, blocks) = document(
      "T", [(.heading(level: 2, text: ""), "A"), (.heading(level: 2, text: ""), "B")])
    #expect(chunker.chunks(of: content, blocks: blocks).map(\.embeddedTexts) == [["T\nA\nB"]])
  }

  @Test func wholeDocumentIsOneChunk() {
    let (content, blocks) = document(
      "T", [(.heading(level: 2, text: ""), "A"), (.paragraph, sentences(100))])
    let chunks = PlainTokens.chunker(.wholeDocument).chunks(of: content, blocks: blocks)
    #expect(chunks.map(\.text) == [content.text])
    #expect(chunks.map(\.embeddedTexts) == [["T\n" + content.text]])
  }

  // MARK: FAQ

  @Test func faqEntryIsOneChunkWithAllItsQuestions() {
    let content = DocumentContent(
      kind: .faq, title: "How?", text: "Like this.", questions: ["In what way?", "By which means?"])
    let chunks = chunker.chunks(of: content, blocks: PlainTextBlocks.blocks(of: content.text))
    #expect(chunks.map(\.text) == ["Like this."])
    #expect(
      chunks[0].embeddedTexts == [
        "How?\nLike this.", "In what way?\nLike this.", "By which means?\nLike this.",
      ])
  }

  @Test func longAnswersHaveFurtherWindows() {
    let content = DocumentContent(kind: .faq, title: "How?", text: sentences(120), questions: ["Why?"])
    let chunk = chunker.chunks(of: content, blocks: [])[0]
    #expect(chunk.text == content.text)
    #expect(chunk.embeddedTexts.count == 4)
    #expect(chunk.embeddedTexts[1].hasPrefix("Why?\nword two"))
    #expect(chunk.embeddedTexts.allSatisfy { PlainTokens.count($0[...]) <= Chunker.maxEmbeddedTokens })
    let windows = [0, 2, 3].map { String(chunk.embeddedTexts[$0].dropFirst("How?\n".count)) }
    #expect(windows.joined(separator: " ") == content.text)
    let question = Array(repeating: "why", count: 400).joined(separator: " ")
    let odd = chunker.chunks(
      of: DocumentContent(kind: .faq, title: question, text: sentences(50)), blocks: [])[0]
    #expect(odd.embeddedTexts.allSatisfy { PlainTokens.count($0[...]) <= Chunker.maxEmbeddedTokens })
  }

  // MARK: properties

  @Test func chunksCoverEveryBodyOfRandomDocuments() {
    var generator = SeededGenerator(11)
    func random(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
    let words = [
      "alpha", "naïve", "東京", "don't", "0x80070005", "👍🏽", "antidisestablishmentarianism", "a", "—",
    ]
    for round in 0..<80 {
      var parts: [(Block.Kind, String)] = []
      for _ in 0..<(1 + random(25)) {
        let text = (0..<(1 + random(random(8) == 0 ? 600 : 60)))
          .map { _ in words[random(words.count)] + (random(9) == 0 ? "." : "") }.joined(separator: " ")
        switch random(7) {
        case 0: parts.append((.heading(level: 1 + random(4), text: ""), String(text.prefix(60))))
        case 1: parts.append((.listItem, "- " + text))
        case 2: parts.append((.tableRow, "A: \(text); B: \(text)"))
        case 3: parts.append((.code, text.replacingOccurrences(of: ". ", with: "\n")))
        default: parts.append((.paragraph, text))
        }
      }
      let (content, blocks) = document("A title", parts)
      let chunks = chunker.chunks(of: content, blocks: blocks)
      let bytes = Array(content.text.utf8)
      var covered = Array(repeating: 0, count: bytes.count)
      for chunk in chunks {
        #expect(content.text.slice(chunk.span).map(String.init) == chunk.text)
        #expect(tokens(chunk) <= Chunker.maxBodyTokens)
        #expect(chunk.embeddedTexts.allSatisfy { PlainTokens.count($0[...]) <= Chunker.maxEmbeddedTokens })
        for index in chunk.span.range { covered[index] += 1 }
      }
      var isHeading = Array(repeating: false, count: bytes.count)
      for block in blocks where block.isHeading { for index in block.span.range { isHeading[index] = true } }
      let wrong = bytes.indices.filter { index in
        bytes[index].isTextSpace ? covered[index] > 1 : covered[index] != (isHeading[index] ? 0 : 1)
      }
      #expect(wrong.isEmpty || chunks[0].span.isEmpty, "round \(round)")
      #expect(chunks.map(\.ordinal) == Array(chunks.indices))
    }
  }

  @Test func timeIsLinear() {
    func seconds(_ repeats: Int) -> Double {
      let text = String(repeating: sentences(30) + "\n\n", count: repeats)
      let start = ContinuousClock.now
      _ = chunker.chunks(of: DocumentContent(title: "T", text: text), blocks: [])
      let time = (ContinuousClock.now - start).components
      return Double(time.seconds) + Double(time.attoseconds) / 1e18
    }
    _ = seconds(20)
    let small = seconds(100)
    #expect(seconds(800) < small * 8 * 5)
  }
}
