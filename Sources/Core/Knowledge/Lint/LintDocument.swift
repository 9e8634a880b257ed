import Domain

/// A document as checks read it.
struct LintDocument: Sendable {
  let record: DocumentRecord
  /// Nil where it was written before links were kept.
  var links: DocumentLinks?
  var passages: [LintPassage]
}

/// A passage as checks read it.
struct LintPassage: Sendable {
  let chunk: ChunkID
  let headingPath: [String]
  let text: String
}

extension LintPlace {
  init(_ document: LintDocument, _ passage: LintPassage, quote: String) {
    self.init(document.record)
    chunk = passage.chunk
    headingPath = passage.headingPath
    self.quote = Self.shortened(quote)
  }

  /// One line of at most 300 bytes.
  private static func shortened(_ quote: String) -> String {
    Array(quote.utf8.prefix(2_000)).collapsingSpace().string.cut(toBytes: 300)
  }
}
