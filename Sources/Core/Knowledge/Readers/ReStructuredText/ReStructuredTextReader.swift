import Domain

/// Reads reStructuredText: sections, lists, directives, literal blocks and tables, roles taken off.
struct ReStructuredTextReader {
  func read(_ source: [UInt8], _ context: inout ReadContext) throws(ReadFailure) -> [ReadDocument] {
    var lines: [[UInt8]] = []
    source.forEachLine { range in
      var line: [UInt8] = []
      for byte in source[range] {
        if byte == 9 {
          repeat { line.append(32) } while !line.count.isMultiple(of: 8)
        } else {
          line.append(byte)
        }
      }
      while line.last == 32 { line.removeLast() }
      lines.append(line)
    }
    var parser = ReStructuredTextParser(deadline: context.deadline)
    let body = parser.takeFields(lines[...])
    try parser.collectSubstitutions(lines)
    try parser.parse(body.map { $0[...] }[...], depth: 0)
    var metadata = DocumentMetadata()
    for (key, value) in parser.fields { try metadata.set(key, .scalar(value), &context) }
    let name = context.titleFromName
    return [try parser.assembler.finish(title: metadata.title) { name }.document(metadata, &context)]
  }
}
