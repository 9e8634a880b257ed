/// Markdown as sites write it, put in such a way that CommonMark reads what their generators would.
struct MarkdownSource {
  private(set) var bytes: [UInt8]
  /// The labels of footnotes that the text defines, in lower case.
  private(set) var footnotes: Set<[UInt8]> = []

  /// A character of private use, put between a mark of emphasis and East Asian punctuation.
  ///
  /// `**「重要」**です` is no emphasis by CommonMark's rules, which count on spaces between words. Whoever
  /// takes text out of the tree takes this out of it (`removeSeparators`).
  private static let separator: StaticString = "\u{10FFFD}"

  init(_ source: ArraySlice<UInt8>) {
    bytes = Array(source)
    openContainers()
    separateEmphasis()
  }

  static func removeSeparators(_ text: inout [UInt8]) {
    guard var at = text.firstIndex(ofASCII: separator) else { return }
    var result: [UInt8] = []
    var kept = 0
    while true {
      result.append(contentsOf: text[kept..<at])
      kept = at + separator.utf8CodeUnitCount
      guard let next = text.firstIndex(ofASCII: separator, from: kept) else { break }
      at = next
    }
    text = result + text[kept...]
  }

  private mutating func separateEmphasis() {
    let source = bytes
    var result: [UInt8] = []
    var kept = 0
    var from = 0
    while let start = source.firstIndex(ofByte: UInt8(ascii: "*"), from: from) {
      var end = start + 1
      while end < source.count, source[end] == UInt8(ascii: "*") { end += 1 }
      from = end
      let isBehind = Self.isPunctuation(source[..<start].suffix(3))
      let isBefore = Self.isPunctuation(source[end...].prefix(3))
      guard isBehind || isBefore else { continue }
      result.append(contentsOf: source[kept..<start])
      if isBehind { result.append(Self.separator) }
      result.append(contentsOf: source[start..<end])
      if isBefore { result.append(Self.separator) }
      kept = end
    }
    if kept > 0 { bytes = result + source[kept...] }
  }

  /// U+2018-201F (quotation marks), U+3001-303F, or U+FF01-FF65 but letters and digits.
  private static func isPunctuation(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard bytes.count == 3, let scalar = bytes.string.unicodeScalars.first, scalar.value > 0x2000 else {
      return false
    }
    switch scalar.value {
    case 0x2018...0x201F, 0x3001...0x303F: return true
    case 0xFF01...0xFF65: return !scalar.properties.isAlphabetic && scalar.properties.numericType == nil
    default: return false
    }
  }

  // MARK: admonitions and footnotes

  /// Writes MkDocs' `!!! note "Title"` (and `???`, `===`) as its title, a footnote `[^1]: Text` as its text, and
  /// what is indented under either without the indentation.
  ///
  /// cmark's own footnotes would move to the end, under the last heading, and go where nothing refers to them.
  /// A line of one `|`, which would end a table there but is meant as an empty row, goes.
  private mutating func openContainers() {
    let marks = ["!!! ", "??? ", "???+", "=== \"", "[^", "\n|\n"] as [StaticString]
    guard marks.contains(where: { bytes.firstIndex(ofASCII: $0) != nil }) else { return }
    let source = bytes
    bytes.removeAll(keepingCapacity: true)
    /// How far the content of each open one is indented, outermost first.
    var open: [Int] = []
    var fence: UInt8?
    var isAfterBlank = true
    source.forEachLine { range in
      let line = source[range]
      let indent = line.leadingSpaces
      let body = line.dropFirst(indent)
      // A paragraph may go on without its indentation.
      if !body.isEmpty, isAfterBlank || marks.contains(where: { body.starts(withASCII: $0) }) {
        while let last = open.last, indent < last { open.removeLast() }
      }
      isAfterBlank = body.isEmpty
      if let mark = body.first, body.starts(withASCII: "```") || body.starts(withASCII: "~~~"),
        fence == nil || fence == mark
      {
        fence = fence == nil ? mark : nil
      }
      let kept = max(0, indent - 4 * open.count)
      if fence == nil, body.elementsEqual("|".utf8) { return }
      if fence == nil, let head = Self.admonitionTitle(body) ?? (kept < 4 ? footnote(body) : nil) {
        bytes.append(10)
        bytes.append(contentsOf: repeatElement(32, count: kept))
        bytes.append(contentsOf: head)
        open.append(indent + 4)
        // A title stands by itself; a footnote's text may go on.
        if body.first != UInt8(ascii: "[") { bytes.append(10) }
      } else {
        bytes.append(contentsOf: line.dropFirst(indent - kept))
      }
      bytes.append(10)
    }
  }

  /// The text behind `[^label]:`; nil where the line defines none.
  private mutating func footnote(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let label = Self.footnoteLabel(line), line[label.endIndex...].starts(withASCII: "]:") else {
      return nil
    }
    footnotes.insert(label.map(\.lowercased))
    return line[(label.endIndex + 2)...].drop(while: \.isTextSpace)
  }

  /// The label of `[^label]` at the start of a text.
  static func footnoteLabel(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard text.starts(withASCII: "[^") else { return nil }
    let label = text.dropFirst(2).prefix(200).prefix { !$0.isTextSpace && $0 != UInt8(ascii: "]") }
    return !label.isEmpty && text[label.endIndex...].first == UInt8(ascii: "]") ? label : nil
  }

  /// The quoted title, or empty; nil where the line opens nothing.
  private static func admonitionTitle(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let isTab = line.starts(withASCII: "=== \"")
    guard isTab || line.starts(withASCII: "!!! ") || line.starts(withASCII: "???"),
      line.dropFirst(3).contains(where: \.isLetter)
    else { return nil }
    guard let open = line.firstIndex(of: UInt8(ascii: "\"")),
      let close = line.lastIndex(of: UInt8(ascii: "\"")),
      open < close
    else { return isTab ? nil : [] }
    return line[(open + 1)..<close]
  }
}

extension Array where Element == UInt8 {
  fileprivate mutating func append(_ text: StaticString) { text.withUTF8Buffer { append(contentsOf: $0) } }
}

extension ArraySlice where Element == UInt8 {
  var leadingSpaces: Int { prefix { $0 == 32 }.count }
  var isBlank: Bool { allSatisfy(\.isTextSpace) }
}
