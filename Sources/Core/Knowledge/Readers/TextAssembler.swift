import Domain

/// Puts a document's extracted text together, block by block, and keeps where each one stands.
///
/// Blocks are separated by a blank line; neighbouring list items and table rows by a line break.
struct TextAssembler {
  /// Valid UTF-8 throughout: every piece that goes in is.
  private(set) var bytes: [UInt8] = []
  private(set) var blocks: [Block] = []

  /// A heading longer than this is running text that someone marked as a heading.
  static let maxHeadingBytes = 600

  /// Appends a block; whitespace around it is dropped, and a block of whitespace only is not one.
  ///
  /// - Parameters:
  ///   - indent: spaces before its first line (nested lists); not part of its span.
  ///   - keepsIndentation: whether leading spaces of the first line stay (code).
  mutating func add(
    _ kind: Block.Kind, _ text: some BidirectionalCollection<UInt8>, indent: Int = 0,
    keepsIndentation: Bool = false
  ) {
    var body = text.drop { $0.isTextSpace }
    guard !body.isEmpty else { return }
    if keepsIndentation, let lineStart = text[..<body.startIndex].lastLineStart { body = text[lineStart...] }
    while let last = body.last, last.isTextSpace { body = body.dropLast() }
    separate(before: kind)
    bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: min(indent, 40)))
    let start = bytes.count
    bytes.append(contentsOf: body)
    blocks.append(Block(kind: kind, span: ByteSpan(start: start, end: bytes.count)))
  }

  mutating func addHeading(level: Int, _ text: [UInt8]) {
    var line = text.collapsingSpace()
    // Site generators end headings with an invisible anchor.
    while line.hasSuffix("\u{200B}") { line.removeLast(3) }
    guard !line.isEmpty else { return }
    guard line.count <= Self.maxHeadingBytes else { return add(.paragraph, line) }
    add(.heading(level: max(1, level), text: String(decoding: line, as: UTF8.self)), line)
  }

  private mutating func separate(before kind: Block.Kind) {
    guard let last = blocks.last else { return }
    bytes.append(UInt8(ascii: "\n"))
    switch (last.kind, kind) {
    case (.listItem, .listItem), (.tableRow, .tableRow): break
    default: bytes.append(UInt8(ascii: "\n"))
    }
  }

  /// The finished document.
  ///
  /// - Parameters:
  ///   - title: one the file declares; else its first heading of level 1 is the title.
  ///   - fallback: the title of last resort. A document that has neither title nor text is none.
  /// - Returns: text without the heading that became (or equals) the title, and its blocks.
  func finish(title: String?, otherwise fallback: () -> String) -> Finished {
    let declared = title.map { Array($0.utf8).collapsingSpace() }.map { String(decoding: $0, as: UTF8.self) }
    let firstHeading = blocks.firstIndex { block in
      if case .heading(1, _) = block.kind { true } else { false }
    }
    var found = declared.flatMap { $0.isEmpty ? nil : $0 }
    var dropped: Int?
    if let firstHeading, case .heading(_, let text) = blocks[firstHeading].kind {
      if found == nil || found == text { dropped = firstHeading }
      found = found ?? text
    }
    var text = bytes
    var kept = blocks
    if let dropped {
      let from = blocks[dropped].span.start
      let to = dropped + 1 < blocks.count ? lineStart(of: blocks[dropped + 1]) : bytes.count
      text.removeSubrange(from..<to)
      kept.remove(at: dropped)
      for index in dropped..<kept.count {
        let span = kept[index].span
        kept[index] = Block(
          kind: kept[index].kind,
          span: ByteSpan(start: span.start - (to - from), end: span.end - (to - from)))
      }
      while let last = text.last, last.isTextSpace { text.removeLast() }
    }
    return Finished(
      title: (found ?? fallback()).cut(toBytes: TextAssembler.maxHeadingBytes), hasOwnTitle: found != nil,
      text: String(decoding: text, as: UTF8.self), blocks: kept)
  }

  private func lineStart(of block: Block) -> Int {
    var start = block.span.start
    while start > 0, bytes[start - 1] == UInt8(ascii: " ") { start -= 1 }
    return start
  }

  struct Finished {
    let title: String
    /// Whether the file itself gave it, rather than its name.
    let hasOwnTitle: Bool
    let text: String
    let blocks: [Block]
  }
}

extension TextAssembler.Finished {
  /// The one document of an article file.
  ///
  /// - Parameter links: found in `source`; nil where the format's are not kept.
  /// - Throws: `no_text` where there is nothing to find it by but its file name.
  func document(
    _ metadata: DocumentMetadata, links: LinkCollector? = nil, in source: [UInt8] = [],
    _ context: inout ReadContext
  ) throws(ReadFailure) -> ReadDocument {
    if text.isEmpty {
      guard hasOwnTitle else { throw .noText("There is no text in this file.") }
      context.warn(
        "no_text", "There is a title but no text under it.", remedy: "Write the text, or remove the file.")
    }
    var content = DocumentContent(kind: .article, title: title, text: text)
    metadata.apply(to: &content)
    return ReadDocument(
      idSuffix: nil, content: content, blocks: blocks, line: 1,
      links: links?.links(in: source, title: title, blocks: blocks) ?? DocumentLinks(),
      publication: metadata.publication)
  }
}
