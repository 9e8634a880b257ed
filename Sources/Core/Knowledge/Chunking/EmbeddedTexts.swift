import Domain
import Foundation
import Security
import TextAnalysis

/// Finds again the texts that a stored document's chunks are embedded by.
///
/// The store keeps their hashes alone. What they were made of is there: title, headings, passage, phrasings; they are
/// put together as `Chunker` does it, in the few ways in which that may have gone, until the hash is met.
struct EmbeddedTexts: Sendable {
  private struct Counting: Sendable {
    let chunker: Chunker
    let count: @Sendable (Substring) -> Int
  }

  struct Found {
    var texts: [Data: String] = [:]
    /// Texts that no way led to, such as those of another version's chunks: in their place stands what the chunk
    /// would be embedded by today.
    var approximated = 0
  }

  private let countings: [Counting]

  /// - Parameter tokens: how chunk sizes are counted today; those counted by the estimate are found as well.
  init(tokens: TokenCounter) {
    let splitter = SentenceSplitter()
    countings = ([tokens] + (tokens.id == TokenCounter.estimated.id ? [] : [.estimated])).map { tokens in
      Counting(
        chunker: Chunker(
          tokenCount: tokens.count, prefix: tokens.prefix,
          sentences: { splitter.sentences(in: $0, language: $1.map(Language.init(rawValue:))) }),
        count: tokens.count)
    }
  }

  /// The missing texts of a document, by hash.
  func missing(of document: UnembeddedDocument) -> Found {
    var found = Found()
    var wanted = document.missing
    func take(_ text: String) {
      let hash = Digest.sha256(Data(text.utf8))
      if wanted.remove(hash) != nil { found.texts[hash] = text }
    }
    let content = document.content
    if content.kind == .faq {
      for counting in countings where !wanted.isEmpty {
        counting.chunker.faqChunk(content, content.text).embeddedTexts.forEach(take)
      }
    }
    for chunk in document.chunks where !wanted.isDisjoint(with: chunk.textHashes) {
      compositions(of: chunk, in: content) { text in
        take(text)
        return !wanted.isDisjoint(with: chunk.textHashes)
      }
    }
    guard !wanted.isEmpty else { return found }
    take([content.title, content.text].filter { !$0.isEmpty }.joined(separator: "\n"))
    for chunk in document.chunks {
      for hash in chunk.textHashes where wanted.remove(hash) != nil {
        found.texts[hash] = compose(chunk, content, label: nil, beside: 0, countings[0])
        found.approximated += 1
      }
    }
    return found
  }

  // MARK: Articles

  /// The likeliest first.
  ///
  /// - Parameter visit: whether to go on.
  private func compositions(
    of chunk: UnembeddedDocument.Chunk, in content: DocumentContent, visit: (String) -> Bool
  ) {
    guard chunk.span.count > 0 else {
      for text in headingsAlone(of: content) where !visit(text) { return }
      return
    }
    let labels = [nil] + labels(before: chunk.span, in: content.text).map(Optional.some)
    // Pieces were counted one by one, which rounds and cuts words: the sum may lie beside the count of the whole.
    for offset in [0] + (1...Self.maxMiscount).flatMap({ [$0, -$0] }) {
      for counting in countings {
        for label in labels where !visit(compose(chunk, content, label: label, beside: offset, counting)) {
          return
        }
      }
    }
  }

  private static let maxMiscount = 48

  private func compose(
    _ chunk: UnembeddedDocument.Chunk, _ content: DocumentContent, label: String?, beside offset: Int,
    _ counting: Counting
  ) -> String {
    let body = chunk.text[...]
    return counting.chunker.measure.embedded(
      title: content.title, path: chunk.headingPath, label: label, body: body,
      bodyTokens: max(0, counting.count(body) + offset), maxTokens: Chunker.maxEmbeddedTokens)
  }

  /// A document without a body is found by its title and the lines of its text, which are its headings.
  private func headingsAlone(of content: DocumentContent) -> [String] {
    let lines = content.text.split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    let ways = [lines.filter { $0 != content.title }, lines, []]
    return ways.flatMap { lines in
      let words = ([content.title] + lines).filter { !$0.isEmpty }.joined(separator: "\n")
      return countings.map { String($0.chunker.measure.prefix(words[...], Chunker.maxEmbeddedTokens)) }
    }
  }

  /// Headers of the table cell inside of which a chunk begins.
  private func labels(before span: ByteSpan, in text: String) -> [String] {
    let bytes = text.utf8
    guard span.start > 0,
      let place = bytes.index(bytes.startIndex, offsetBy: span.start, limitedBy: bytes.endIndex)
    else { return [] }
    let window = bytes.index(place, offsetBy: -64_000, limitedBy: bytes.startIndex) ?? bytes.startIndex
    let before = text[window..<place]
    var starts: [Substring.Index] = []
    if let cell = before.range(of: "; ", options: .backwards) { starts.append(cell.upperBound) }
    if let line = before.lastIndex(of: "\n") {
      starts.append(before.index(after: line))
    } else {
      starts.append(before.startIndex)
    }
    return starts.compactMap { TextMeasure.label(text[$0..<place]) }
  }
}
