import Domain

/// A recursive descent over indented lines, bounded in depth; what is nested deeper is running text.
struct ReStructuredTextParser {
  typealias Line = ArraySlice<UInt8>

  var assembler = TextAssembler()
  private(set) var fields: [(String, String)] = []
  private var substitutions: [[UInt8]: [UInt8]] = [:]
  /// Underlines in the order in which they appear: the first is level 1.
  private var adornments: [[UInt8]] = []
  private var marker: [UInt8] = []
  private var listDepth = 0
  private var quoteDepth = 0
  private let deadline: Deadline

  private static let maxDepth = 24

  init(deadline: Deadline) { self.deadline = deadline }

  /// Takes the field list at the head of the file (`:tags: a, b`).
  mutating func takeFields(_ lines: ArraySlice<[UInt8]>) -> ArraySlice<[UInt8]> {
    var rest = lines.drop(while: \.isEmpty)
    while let line = rest.first, let (name, value) = ReStructuredTextLine.field(line[...]) {
      fields.append((name.string, value.string))
      rest = rest.dropFirst()
      // Continued values are left out.
      while rest.first?.first == 32 { rest = rest.dropFirst() }
    }
    return rest
  }

  /// `.. |name| replace:: text` may stand after its use.
  mutating func collectSubstitutions(_ lines: [[UInt8]]) throws(ReadFailure) {
    for line in lines where line.first == UInt8(ascii: ".") && line.starts(withASCII: ".. |") {
      let rest = line.dropFirst(4)
      guard let bar = rest.firstIndex(of: UInt8(ascii: "|")) else { continue }
      let definition = rest[(bar + 1)...].trimmed()
      let isReplacement = definition.starts(withASCII: "replace::")
      substitutions[Array(rest[..<bar])] = isReplacement ? Array(definition.dropFirst(9).trimmed()) : []
    }
  }

  // MARK: blocks

  mutating func parse(_ lines: ArraySlice<Line>, depth: Int) throws(ReadFailure) {
    guard depth < Self.maxDepth else {
      return add(.paragraph, lines.joinedLines)
    }
    var rest = lines
    var count = 0
    while let line = rest.first {
      count &+= 1
      if count & 0x3F == 0 { try deadline.check() }
      if line.isBlank {
        rest = rest.dropFirst()
      } else if line.first == 32 {
        let block = takeIndented(&rest, width: 1)
        quoteDepth += 1
        try parse(block, depth: depth + 1)
        quoteDepth -= 1
      } else if depth == 0, takeHeading(&rest) {
        continue
      } else if ReStructuredTextLine.isAdornment(line, atLeast: 4) {
        rest = rest.dropFirst()
      } else if line.starts(withASCII: "..") && (line.count == 2 || line.dropFirst(2).first == 32) {
        try readExplicit(&rest, depth)
      } else if line.starts(withASCII: "__ ") {
        rest = rest.dropFirst()
      } else if let item = ReStructuredTextLine.listItem(line, next: rest.dropFirst().first) {
        try readItem(item, &rest, depth)
      } else if let rows = takeTable(&rest) {
        for row in TableText.lines(rows.cells, headerRows: rows.headerRows) { add(.tableRow, row) }
      } else if line.starts(withASCII: ">>> ") {
        let block = rest.prefix { !$0.isBlank }
        rest = rest.dropFirst(block.count)
        add(.code, block.joinedLines)
      } else if line.first == UInt8(ascii: "|"), line.count == 1 || line.dropFirst().first == 32 {
        let block = rest.prefix { $0.first == UInt8(ascii: "|") || $0.first == 32 }
        rest = rest.dropFirst(block.count)
        add(
          .paragraph,
          inline(ArraySlice(block.map { $0.dropFirst($0.first == 32 ? 0 : 1).trimmed() }).joinedLines))
      } else {
        try readParagraph(&rest, depth)
      }
    }
  }

  private mutating func add(_ kind: Block.Kind, _ text: [UInt8]) {
    guard !text.isBlank else { return }
    if case .code = kind {
      marker = []
      return assembler.add(.code, text, keepsIndentation: true)
    }
    if case .paragraph = kind, !marker.isEmpty {
      assembler.add(.listItem, marker + text, indent: 2 * max(0, listDepth - 1))
      marker = []
    } else if case .paragraph = kind, quoteDepth > 0, listDepth == 0 {
      assembler.add(.quote, text)
    } else {
      assembler.add(kind, text)
    }
  }

  private func inline(_ text: [UInt8]) -> [UInt8] {
    ReStructuredTextInlines.plainText(text, substitutions)
  }

  /// Takes the lines indented by at least `width` (blank ones between them too), dedented together.
  private func takeIndented(_ rest: inout ArraySlice<Line>, width: Int) -> ArraySlice<Line> {
    var end = rest.startIndex
    var lastText = end
    var indent = Int.max
    while end < rest.endIndex {
      let line = rest[end]
      if !line.isBlank {
        let spaces = line.leadingSpaces
        guard spaces >= width else { break }
        indent = min(indent, spaces)
        lastText = end + 1
      }
      end += 1
    }
    let block = rest[..<lastText].map { $0.dropFirst(min(indent, $0.leadingSpaces)) }
    rest = rest[lastText...]
    return block[...]
  }

  private mutating func takeHeading(_ rest: inout ArraySlice<Line>) -> Bool {
    guard rest.count >= 2 else { return false }
    let first = rest[rest.startIndex]
    let second = rest[rest.startIndex + 1]
    if rest.count >= 3, ReStructuredTextLine.isAdornment(first, atLeast: 3), !second.isBlank,
      rest[rest.startIndex + 2] == first
    {
      addHeading(second, adornment: [first[first.startIndex], 1])
      rest = rest.dropFirst(3)
      return true
    }
    guard ReStructuredTextLine.isAdornment(second, atLeast: 2),
      !ReStructuredTextLine.isAdornment(first, atLeast: 3),
      second.count >= min(4, first.string.count), second.count * 2 >= first.string.count
    else { return false }
    addHeading(first, adornment: [second[second.startIndex], 0])
    rest = rest.dropFirst(2)
    return true
  }

  private mutating func addHeading(_ text: Line, adornment: [UInt8]) {
    if !adornments.contains(adornment) { adornments.append(adornment) }
    let level = (adornments.firstIndex(of: adornment) ?? 0) + 1
    assembler.addHeading(level: level, inline(Array(text.trimmed())))
  }

  private mutating func readItem(
    _ item: ReStructuredTextLine.Item, _ rest: inout ArraySlice<Line>, _ depth: Int
  ) throws(ReadFailure) {
    let first = rest[rest.startIndex].dropFirst(item.width)
    rest = rest.dropFirst()
    let more = takeIndented(&rest, width: min(item.width, 2))
    marker = Array(item.marker.utf8)
    listDepth += 1
    let indented = more.first.map { !$0.isBlank } == true
    try parse(indented ? [first] + more : ([first, []] + more), depth: depth + 1)
    listDepth -= 1
    marker = []
  }

  private mutating func readParagraph(_ rest: inout ArraySlice<Line>, _ depth: Int) throws(ReadFailure) {
    let first = rest[rest.startIndex]
    let next = rest.dropFirst().first
    // A line over an indented one is a term and its definition, or a field with a long value.
    if let next, next.first == 32, !next.isBlank {
      rest = rest.dropFirst()
      add(.paragraph, inline(Array(ReStructuredTextLine.withoutFieldMarks(first))))
      let definition = takeIndented(&rest, width: 1)
      try parse(definition, depth: depth + 1)
      return
    }
    let block = rest.prefix { !$0.isBlank && $0.first != 32 }
    rest = rest.dropFirst(block.count)
    var text = ArraySlice(block.map { ReStructuredTextLine.withoutFieldMarks($0) }).joinedLines
    let isLiteral = text.hasSuffix("::")
    if isLiteral {
      text.removeLast(text.count > 2 && text[text.count - 3] != 32 ? 1 : 2)
    }
    add(.paragraph, inline(text))
    guard isLiteral else { return }
    while rest.first?.isBlank == true { rest = rest.dropFirst() }
    if rest.first?.first == 32 {
      add(.code, takeIndented(&rest, width: 1).joinedLines)
    }
  }

  // MARK: explicit markup

  private mutating func readExplicit(_ rest: inout ArraySlice<Line>, _ depth: Int) throws(ReadFailure) {
    let first = rest[rest.startIndex].dropFirst(2).drop { $0 == 32 }
    rest = rest.dropFirst()
    let body = takeIndented(&rest, width: 1)
    if first.first == UInt8(ascii: "[") {
      // Footnotes and citations: their text is text.
      guard let close = first.firstIndex(of: UInt8(ascii: "]")) else { return }
      return try parse([first[(close + 1)...].drop { $0 == 32 }] + body, depth: depth + 1)
    }
    guard let directive = ReStructuredTextDirective(first, body) else { return }
    switch directive.role {
    case .dropped: return
    case .code: add(.code, directive.content.joinedLines)
    case .table(let rows, let headerRows):
      for line in TableText.lines(rows.map { $0.map { TableCell(text: inline($0)) } }, headerRows: headerRows)
      {
        add(.tableRow, line)
      }
    case .text:
      if !directive.argument.isBlank { add(.paragraph, inline(Array(directive.argument))) }
      try parse(directive.content, depth: depth + 1)
    }
  }

  private func takeTable(_ rest: inout ArraySlice<Line>) -> (cells: [[TableCell]], headerRows: Int?)? {
    guard let table = ReStructuredTextTable(rest) else { return nil }
    rest = rest.dropFirst(table.lineCount)
    let cells = table.rows.map { $0.map { TableCell(text: inline($0)) } }
    return (cells, table.headerRows)
  }
}

extension ArraySlice<ArraySlice<UInt8>> {
  var joinedLines: [UInt8] { Array(joined(separator: [10])) }
}

extension Array where Element == UInt8 {
  var isBlank: Bool { allSatisfy(\.isTextSpace) }
}
