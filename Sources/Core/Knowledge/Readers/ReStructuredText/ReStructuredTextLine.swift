/// What a single line of reStructuredText can be.
enum ReStructuredTextLine {
  typealias Line = ArraySlice<UInt8>

  struct Item {
    let marker: String
    /// Bytes from the line's start to the item's text.
    let width: Int
  }

  /// A line of one repeated punctuation character.
  static func isAdornment(_ line: Line, atLeast length: Int) -> Bool {
    guard let first = line.first, first.isPunctuation, line.count >= length else { return false }
    return line.allSatisfy { $0 == first }
  }

  /// - Parameter next: an enumerator counts only where the next line can belong to its list, so that
  ///   "A. Smith wrote" is no item.
  static func listItem(_ line: Line, next: Line?) -> Item? {
    guard let first = line.first else { return nil }
    if "-*+".utf8.contains(first), line.count == 1 || line.dropFirst().first == 32 {
      return Item(marker: "- ", width: line.count == 1 ? 1 : 1 + line.dropFirst().leadingSpaces)
    }
    guard let (number, width) = enumerator(line) else { return nil }
    if let next, !next.isBlank, next.first != 32, enumerator(next) == nil { return nil }
    return Item(marker: number, width: width)
  }

  private static func enumerator(_ line: Line) -> (marker: String, width: Int)? {
    var body = line
    let isParenthesised = body.first == UInt8(ascii: "(")
    if isParenthesised { body = body.dropFirst() }
    let label = body.prefix(6).prefix { $0.isAlphanumeric || $0 == UInt8(ascii: "#") }
    let isNumber = label.allSatisfy(\.isDigit)
    guard !label.isEmpty, isNumber || label.count == 1 else { return nil }
    let end = body.dropFirst(label.count)
    guard let mark = end.first, mark == UInt8(ascii: ")") || (mark == UInt8(ascii: ".") && !isParenthesised),
      end.dropFirst().first == 32
    else { return nil }
    let spaces = end.dropFirst().leadingSpaces
    let text = label.first == UInt8(ascii: "#") ? "- " : label.string + ". "
    return (text, (isParenthesised ? 1 : 0) + label.count + 1 + spaces)
  }

  /// `:name: value`.
  static func field(_ line: Line) -> (name: Line, value: Line)? {
    guard line.first == UInt8(ascii: ":"), line.count >= 3 else { return nil }
    let rest = line.dropFirst()
    guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), colon > rest.startIndex,
      colon - rest.startIndex < 60,
      !rest[..<colon].contains(UInt8(ascii: "`")), colon + 1 == line.endIndex || line[colon + 1] == 32
    else { return nil }
    return (rest[..<colon], rest[(colon + 1)...].trimmed())
  }

  /// `:name: value` as `name: value`.
  static func withoutFieldMarks(_ line: Line) -> Line {
    field(line) == nil ? line : line.dropFirst()
  }
}

/// `.. name:: argument` with the indented lines below it.
struct ReStructuredTextDirective {
  typealias Line = ArraySlice<UInt8>

  enum Role {
    case dropped, code, text
    case table([[[UInt8]]], headerRows: Int)
  }

  let role: Role
  let argument: Line
  let content: ArraySlice<Line>

  /// Nil for a comment, a target or a substitution.
  init?(_ first: Line, _ body: ArraySlice<Line>) {
    let name = first.prefix { $0.isAlphanumeric || "-_+:.".utf8.contains($0) }
    guard name.count > 2, name.suffix(2).isASCII("::"), first.first != UInt8(ascii: "_") else { return nil }
    let kind = name.dropLast(2).map(\.lowercased).string
    var argument = first[name.endIndex...].trimmed()
    // Options come first; arguments may go on before them.
    var content = body
    var options: [String: Line] = [:]
    while let line = content.first, let (name, value) = ReStructuredTextLine.field(line) {
      options[name.string] = value
      content = content.dropFirst()
      while let more = content.first, more.first == 32, !more.isBlank { content = content.dropFirst() }
    }
    content = content.drop { $0.isBlank }
    switch kind {
    case _ where Self.dropped.contains(kind): role = .dropped
    case "code", "code-block", "sourcecode", "parsed-literal", "prompt", "math", "highlight":
      if kind == "math" { content = [argument] + content }
      role = .code
    case "list-table":
      let headerRows = options["header-rows"].flatMap { Int($0.string) } ?? 0
      role = .table(Self.listTable(content), headerRows: max(0, headerRows))
    case "csv-table":
      var rows = CSVParser.rows(Array(content.joinedLines), delimiter: UInt8(ascii: ","))
      var headerRows = options["header-rows"].flatMap { Int($0.string) } ?? 0
      if let header = options["header"] {
        rows = CSVParser.rows(Array(header), delimiter: UInt8(ascii: ",")) + rows
        headerRows = 1
      }
      role = .table(rows, headerRows: max(0, headerRows))
    default:
      role = .text
      // A path names a file, not something to read.
      if argument.contains(UInt8(ascii: "/")), !argument.contains(32) { argument = [] }
    }
    self.argument = argument
    self.content = content
  }

  private static let dropped: Set<String> = [
    "toctree", "image", "include", "raw", "index", "contents", "meta", "currentmodule", "module",
    "default-role", "default-domain", "sectnum", "section-numbering", "tabularcolumns", "role",
    "target-notes", "header", "footer", "autosummary", "automodule", "autoclass", "autofunction",
    "graphviz", "plantuml", "mermaid", "digraph", "graph", "uml", "youtube", "video", "bibliography",
    "literalinclude", "title", "restructuredtext-test-directive", "rst-class", "class", "highlightlang",
  ]

  /// `* - cell` items, two levels deep, as rows.
  private static func listTable(_ lines: ArraySlice<Line>) -> [[[UInt8]]] {
    var rows: [[[UInt8]]] = []
    for line in lines {
      let indent = line.leadingSpaces
      var text = line.dropFirst(indent)
      if indent == 0, text.first.map({ "*-+".utf8.contains($0) }) == true {
        rows.append([])
        text = text.dropFirst().drop { $0 == 32 }
      }
      guard !rows.isEmpty else { continue }
      if text.first.map({ "*-+".utf8.contains($0) }) == true, text.count == 1 || text.dropFirst().first == 32
      {
        rows[rows.count - 1].append(Array(text.dropFirst().trimmed()))
      } else if let cell = rows[rows.count - 1].indices.last, !text.isBlank {
        rows[rows.count - 1][cell].append(32)
        rows[rows.count - 1][cell].append(contentsOf: text)
      }
    }
    return rows
  }
}

extension ArraySlice where Element == UInt8 {
  func isASCII(_ text: StaticString) -> Bool { text.withUTF8Buffer { elementsEqual($0) } }
}
