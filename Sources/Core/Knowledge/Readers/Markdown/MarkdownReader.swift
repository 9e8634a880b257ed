import Domain

/// Reads Markdown (CommonMark with GitHub's tables) and its front matter into plain text and blocks.
struct MarkdownReader {
  func read(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    let (frontMatter, body) = try FrontMatter.split(source, &context)
    let metadata = try DocumentMetadata(frontMatter, &context)
    let parser = try MarkdownBlockParser(source[body...], context.deadline)
    var assembler = TextAssembler()
    for block in parser.blocks {
      try add(block, to: &assembler, references: parser.references, context.deadline)
    }
    let name = context.titleFromName
    let finished = assembler.finish(title: metadata.title) { name }
    return [try finished.document(metadata, &context)]
  }

  private func add(
    _ block: MarkdownBlock, to assembler: inout TextAssembler, references: Set<[UInt8]>, _ deadline: Deadline
  ) throws(ReadFailure) {
    func plain(_ source: [UInt8]) throws(ReadFailure) -> [UInt8] {
      try MarkdownInlines.plainText(source, references: references, deadline)
    }
    let indent = 2 * max(0, block.listDepth - 1)
    switch block.kind {
    case .heading(let level): assembler.addHeading(level: level, try plain(block.source))
    case .code: assembler.add(.code, block.source, keepsIndentation: true)
    case .html:
      for piece in try HTMLText(block.source, deadline).pieces { assembler.add(piece) }
    case .table(let rows):
      var cells: [[TableCell]] = []
      for row in rows {
        var line: [TableCell] = []
        for cell in row { line.append(TableCell(text: try plain(cell))) }
        cells.append(line)
      }
      for line in TableText.lines(cells, headerRows: 1) { assembler.add(.tableRow, line) }
    case .paragraph:
      guard !block.marker.isEmpty else {
        assembler.add(block.isQuoted ? .quote : .paragraph, try plain(block.source))
        return
      }
      var source = block.source
      if ["[ ] ", "[x] ", "[X] "].contains(source.prefix(4).string) { source.removeFirst(4) }
      let text = try plain(source)
      // An item of nothing but a picture without words is no item.
      guard !text.trimmed().isEmpty else { return }
      assembler.add(.listItem, block.marker + text, indent: indent)
    }
  }
}
