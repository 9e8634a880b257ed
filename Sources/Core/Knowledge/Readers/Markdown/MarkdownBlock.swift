/// A leaf of a Markdown file's block structure, its inline marks still in it.
struct MarkdownBlock {
  enum Kind {
    case heading(Int)
    case paragraph
    case code
    case html
    /// Rows of cells; the first names the columns.
    case table([[[UInt8]]])
  }
  var kind: Kind
  var source: [UInt8] = []
  /// "- " or "3. " where it is the first of a list item, else empty.
  var marker: [UInt8] = []
  /// Depth of list items around it, from 0.
  var listDepth = 0
  var isQuoted = false
}

extension ArraySlice where Element == UInt8 {
  var leadingSpaces: Int { prefix { $0 == 32 }.count }
  func leadingSpaces(upTo limit: Int) -> Int { prefix(limit).prefix { $0 == 32 }.count }
  var isBlank: Bool { allSatisfy(\.isTextSpace) }
}
