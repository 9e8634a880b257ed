import Domain

/// Reads plain text as it stands.
struct PlainTextReader {
  func read(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    let text = source.trimmed().string
    guard !text.isEmpty else { throw .noText("There is no text in this file.") }
    let blocks = PlainTextBlocks.blocks(of: text)
    try context.deadline.check()
    let title = Self.title(text, blocks) ?? context.titleFromName
    return [
      ReadDocument(
        idSuffix: nil, content: DocumentContent(kind: .article, title: title, text: text), blocks: blocks,
        line: 1)
    ]
  }

  /// The first line, where it stands alone over more text and reads like a title. It also stays in the text.
  static func title(_ text: String, _ blocks: [Block]) -> String? {
    guard blocks.count > 1, let first = blocks.first, case .paragraph = first.kind, first.span.count <= 120,
      let line = text.slice(first.span), !line.contains(where: \.isNewline),
      let last = line.last, !".,;:".contains(last), line.contains(where: \.isLetter)
    else { return nil }
    return Array(line.utf8).collapsingSpace().string
  }
}
