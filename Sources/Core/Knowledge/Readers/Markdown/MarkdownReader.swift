import Domain

/// Reads Markdown (GitHub's, by cmark-gfm) and its front matter into plain text and blocks.
struct MarkdownReader {
  func read(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    let (frontMatter, bodyStart) = try FrontMatter.split(source, &context)
    let metadata = try DocumentMetadata(frontMatter, &context)
    let body = source[bodyStart...]
    var assembler: TextAssembler
    var links: LinkCollector?
    if try MarkdownCost(body, context.deadline).isAffordable {
      let prepared = MarkdownSource(body)
      var text = MarkdownText(footnotes: prepared.footnotes, context.deadline)
      try text.add(MarkdownTree(prepared.bytes))
      assembler = text.assembler
      links = text.links
    } else {
      context.warn(
        "too_much_markup",
        "The file is larger, or its marks are nested or repeated more often, than Markdown can be read with in "
          + "good time; it was read as plain text.",
        remedy: "Split the file, or mend what wrote it.", line: 1)
      assembler = TextAssembler()
      for block in PlainTextBlocks.blocks(of: body.string) {
        let start = body.startIndex + block.span.start
        assembler.add(block.kind, body[start..<(start + block.span.count)])
      }
    }
    let name = context.titleFromName
    let finished = assembler.finish(title: metadata.title) { name }
    return [try finished.document(metadata, links: links, in: source, &context)]
  }
}
