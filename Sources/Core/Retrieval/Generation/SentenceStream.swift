import Domain
import Foundation
import TextAnalysis

/// Puts pieces of text together to sentences, each given out when the next has begun.
struct SentenceStream {
  /// Text without the end of a sentence, at most; whoever sends more does not write sentences.
  static let maxPending = 4096

  let language: Language?
  private var pending = ""
  private let splitter = SentenceSplitter()

  init(language: Language?) { self.language = language }

  /// - Returns: nil where no sentence ends for too long.
  mutating func append(_ piece: String) -> [String]? {
    pending += piece
    pending.makeContiguousUTF8()
    let spans = splitter.sentences(in: pending, language: language)
    guard let last = spans.last, spans.count > 1, last.count >= 2 else {
      return pending.utf8.count > Self.maxPending ? nil : []
    }
    let sentences = spans.dropLast().compactMap { pending.slice($0).map(String.init) }
    pending = pending.slice(ByteSpan(start: last.start, end: pending.utf8.count)).map(String.init) ?? ""
    return pending.utf8.count > Self.maxPending ? nil : sentences
  }

  /// What is left where the text is complete.
  mutating func finish() -> [String] {
    defer { pending = "" }
    return splitter.sentences(in: pending, language: language).compactMap {
      pending.slice($0).map(String.init)
    }
  }
}

/// A sentence as a model wrote it, without its marks: `[1]`, list signs, emphasis.
struct WrittenSentence: Sendable, Equatable {
  let text: String
  /// Those that it names, from 1: a claim, which nothing is built on.
  let passages: [Int]

  init(_ written: String) {
    var passages: [Int] = []
    var text = ""
    var rest = written[...]
    while let open = rest.firstIndex(of: "[") {
      let inside = rest[rest.index(after: open)...].prefix { $0.isNumber || ",; ".contains($0) }
      guard inside.endIndex < rest.endIndex, rest[inside.endIndex] == "]", inside.contains(where: \.isNumber)
      else {
        text += rest[...open]
        rest = rest[rest.index(after: open)...]
        continue
      }
      passages += inside.split { !$0.isNumber }.compactMap { Int($0) }
      text += rest[..<open]
      rest = rest[rest.index(after: inside.endIndex)...]
    }
    text += rest
    text = text.replacing("**", with: "").replacing("__", with: "").replacing("`", with: "")
    text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    for mark in ["- ", "* ", "• ", "– "] where text.hasPrefix(mark) { text.removeFirst(mark.count) }
    for (loose, close) in [(" .", "."), (" ,", ","), (" !", "!"), (" ;", ";")] where text.contains(loose) {
      text = text.replacing(loose, with: close)
    }
    if let mark = text.prefixMatch(of: #/(#+|\d{1,2}[.)]) /#) { text.removeSubrange(mark.range) }
    self.text = text
    self.passages = passages
  }
}
