import Domain

/// Reads a web page: its main text, its title, its language and its canonical address.
struct HTMLReader {
  func read(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    let (frontMatter, body) = try FrontMatter.split(source, &context)
    let page = try HTMLText(Array(source[body...]), context.deadline)
    var assembler = TextAssembler()
    for piece in page.mainPieces { assembler.add(piece) }
    var metadata = try DocumentMetadata(frontMatter, &context)
    metadata.language = metadata.language ?? page.language.flatMap(DocumentMetadata.language)
    metadata.url = metadata.url ?? page.canonicalURL.flatMap(DocumentMetadata.url)
    let title = page.title
    let name = context.titleFromName
    let finished = assembler.finish(title: metadata.title) {
      title.flatMap { $0.isEmpty ? nil : $0 } ?? name
    }
    var links = LinkCollector()
    for target in page.mainLinks { links.addLink(target) }
    for name in page.anchors { links.addAnchor(name) }
    return [try finished.document(metadata, links: links, in: source, &context)]
  }
}
