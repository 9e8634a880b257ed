/// Splits Markdown into blocks as CommonMark 0.31 and GitHub's tables do, one line at a time.
///
/// Linear in the input: containers nest at most `maxDepth` deep, deeper marks are text. Beside the standard
/// it knows what support sites add: docfx directives (`:::`), includes, Jekyll tags, MkDocs admonitions.
struct MarkdownBlockParser {
  private(set) var blocks: [MarkdownBlock] = []
  /// Labels that link references may use, normalised.
  private(set) var references: Set<[UInt8]> = []

  private static let maxDepth = 64

  private enum Container {
    case quote
    /// Lines indented by `width` belong to it.
    case item(width: Int, isOrdered: Bool)
    case admonition

    var isItem: Bool { if case .item = self { true } else { false } }
  }
  private enum Leaf {
    case none
    case paragraph([UInt8])
    case fence(mark: UInt8, length: Int, indent: Int, [UInt8])
    case indentedCode([UInt8])
    case html(MarkdownHTMLBlock.End, [UInt8])
    case table(columns: Int, [[[UInt8]]])
  }
  private struct Sibling {
    let mark: UInt8
    let number: Int
  }

  private var containers: [Container] = []
  private var leaf = Leaf.none
  private var marker: [UInt8] = []
  /// The last item of the list at each container depth, for numbering.
  private var siblings: [Int: Sibling] = [:]
  private let lastTableEnd: Int
  private var lineStart = 0

  init(_ source: ArraySlice<UInt8>, _ deadline: Deadline) throws(ReadFailure) {
    lastTableEnd = Self.lastTableEnd(source)
    var start = source.startIndex
    var count = 0
    while start < source.endIndex {
      count &+= 1
      if count & 0xFF == 0 { try deadline.check() }
      let end = source[start...].firstLineFeed ?? source.endIndex
      lineStart = start
      read(Self.expandingLeadingTabs(source[start..<end]))
      start = end + 1
    }
    flush()
  }

  private static func lastTableEnd(_ source: ArraySlice<UInt8>) -> Int {
    let bytes = Array(source)
    var last = -1
    var from = 0
    while let at = bytes.firstIndex(ofASCII: "</table", from: from) {
      last = source.startIndex + at
      from = at + 1
    }
    return last
  }

  // MARK: one line

  private mutating func read(_ line: ArraySlice<UInt8>) {
    var rest = line
    let matched = matchContainers(&rest)
    let allMatched = matched == containers.count
    if allMatched, continueLeaf(rest) { return }
    let opened = openContainers(&rest, matched)
    if !opened, !allMatched {
      if case .paragraph = leaf, !rest.isBlank, !startsLeaf(rest, interruptsParagraph: true) {
        extendParagraph(rest.trimmed())
        return
      }
      close(downTo: matched)
    }
    readLeaf(rest)
  }

  private func matchContainers(_ rest: inout ArraySlice<UInt8>) -> Int {
    var matched = 0
    for container in containers {
      // Only as many spaces are looked at as matter: lines may be indented by thousands.
      switch container {
      case .quote:
        let indent = rest.leadingSpaces(upTo: 4)
        guard indent <= 3, rest.dropFirst(indent).first == UInt8(ascii: ">") else { return matched }
        rest = rest.dropFirst(indent + 1)
        if rest.first == 32 { rest = rest.dropFirst() }
      case .item(let width, _):
        let indent = rest.leadingSpaces(upTo: width)
        guard indent >= width || rest.isBlank else { return matched }
        rest = rest.dropFirst(indent)
      case .admonition:
        let indent = rest.leadingSpaces(upTo: 4)
        guard indent >= 4 || rest.isBlank else { return matched }
        rest = rest.dropFirst(indent)
      }
      matched += 1
    }
    return matched
  }

  /// Gives the line to an open block that takes any line; false where it must be looked at.
  private mutating func continueLeaf(_ rest: ArraySlice<UInt8>) -> Bool {
    switch leaf {
    case .none, .paragraph: return false
    case .fence(let mark, let length, let indent, var text):
      let body = rest.dropFirst(rest.leadingSpaces)
      let run = body.prefix { $0 == mark }.count
      leaf = .none
      if rest.leadingSpaces <= 3, run >= length, body.dropFirst(run).isBlank {
        emit(MarkdownBlock(kind: .code, source: text))
      } else {
        text.append(contentsOf: rest.dropFirst(min(indent, rest.leadingSpaces)))
        text.append(10)
        leaf = .fence(mark: mark, length: length, indent: indent, text)
      }
      return true
    case .indentedCode(var text):
      guard rest.isBlank || rest.leadingSpaces >= 4 else {
        flush()
        return false
      }
      leaf = .none
      text.append(contentsOf: rest.dropFirst(min(4, rest.leadingSpaces)))
      text.append(10)
      leaf = .indentedCode(text)
      return true
    case .html(let end, var text):
      if end == .blankLine, rest.isBlank {
        flush()
        return true
      }
      leaf = .none
      text.append(contentsOf: rest)
      text.append(10)
      leaf = .html(end, text)
      if end.isReached(in: rest) { flush() }
      return true
    case .table(let columns, var rows):
      guard !rest.isBlank, !startsLeaf(rest, interruptsParagraph: true), listMarker(rest) == nil,
        rest.dropFirst(rest.leadingSpaces).first != UInt8(ascii: ">")
      else {
        flush()
        return false
      }
      leaf = .none
      rows.append(MarkdownTable.cells(rest))
      leaf = .table(columns: columns, rows)
      return true
    }
  }

  /// Opens quotes, list items and admonitions at the line's start.
  private mutating func openContainers(_ rest: inout ArraySlice<UInt8>, _ matched: Int) -> Bool {
    var opened = false
    while containers.count < Self.maxDepth || !opened && matched < Self.maxDepth {
      let indent = rest.leadingSpaces(upTo: 4)
      guard indent <= 3 else { break }
      let body = rest.dropFirst(indent)
      if body.first == UInt8(ascii: ">") {
        if !opened { close(downTo: matched) }
        containers.append(.quote)
        rest = body.dropFirst()
        if rest.first == 32 { rest = rest.dropFirst() }
      } else if !MarkdownLine.isThematicBreak(body), let item = listMarker(rest) {
        if case .paragraph = leaf, !opened, matched == containers.count,
          item.isEmpty || (item.isOrdered && item.number != 1)
        {
          break
        }
        if !opened { close(downTo: matched) }
        startItem(item)
        rest = rest.dropFirst(item.width)
      } else if let title = MarkdownLine.admonition(body) {
        if !opened { close(downTo: matched) }
        if !title.isEmpty { emit(MarkdownBlock(kind: .paragraph, source: title)) }
        containers.append(.admonition)
        rest = []
      } else {
        break
      }
      opened = true
    }
    return opened
  }

  private mutating func startItem(_ item: MarkdownLine.ListMarker) {
    let depth = containers.count
    var number = item.number
    if let before = siblings[depth], before.mark == item.mark { number = before.number + 1 }
    siblings = siblings.filter { $0.key < depth }
    siblings[depth] = Sibling(mark: item.mark, number: number)
    containers.append(.item(width: item.width, isOrdered: item.isOrdered))
    marker = Array((item.isOrdered ? "\(number). " : "- ").utf8)
  }

  private func listMarker(_ rest: ArraySlice<UInt8>) -> MarkdownLine.ListMarker? {
    MarkdownLine.ListMarker(rest)
  }

  /// Whether the line begins a block that is no paragraph.
  private func startsLeaf(_ rest: ArraySlice<UInt8>, interruptsParagraph: Bool) -> Bool {
    let indent = rest.leadingSpaces(upTo: 4)
    guard indent <= 3 else { return false }
    let body = rest.dropFirst(indent)
    return MarkdownLine.heading(body) != nil || MarkdownLine.fence(body) != nil
      || MarkdownLine.isThematicBreak(body) || MarkdownLine.isDirective(body)
      || MarkdownHTMLBlock.End(opening: body, interruptsParagraph: interruptsParagraph) != nil
  }

  private mutating func readLeaf(_ rest: ArraySlice<UInt8>) {
    guard !rest.isBlank else { return flush() }
    let indent = rest.leadingSpaces
    if indent >= 4 {
      if case .paragraph = leaf {
        extendParagraph(rest.dropFirst(indent))
      } else {
        flush()
        leaf = .indentedCode(rest.dropFirst(4) + [10])
      }
      return
    }
    let body = rest.dropFirst(indent)
    var isInParagraph = false
    if case .paragraph(let text) = leaf {
      isInParagraph = true
      if let level = MarkdownLine.underline(body) {
        leaf = .none
        emit(MarkdownBlock(kind: .heading(level), source: takeDefinitions(text)))
        return
      }
      if startTable(text, body) { return }
    }
    if let (level, text) = MarkdownLine.heading(body) {
      flush()
      emit(MarkdownBlock(kind: .heading(level), source: Array(text)))
    } else if MarkdownLine.isThematicBreak(body) {
      flush()
    } else if let (mark, length) = MarkdownLine.fence(body) {
      flush()
      leaf = .fence(mark: mark, length: length, indent: indent, [])
    } else if MarkdownLine.isDirective(body) {
      flush()
      if let text = MarkdownLine.directiveText(body) { emit(MarkdownBlock(kind: .paragraph, source: text)) }
    } else if var end = MarkdownHTMLBlock.End(opening: body, interruptsParagraph: isInParagraph) {
      flush()
      // Blank lines inside a table do not end it, as long as its end tag follows.
      if end == .blankLine, body.startsIgnoringCase("<table"), lineStart < lastTableEnd {
        end = .tag("</table")
      }
      leaf = .html(end, body + [10])
      if end.isReached(in: body) { flush() }
    } else if isInParagraph {
      extendParagraph(body)
    } else {
      leaf = .paragraph(Array(body))
    }
  }

  private mutating func extendParagraph(_ line: ArraySlice<UInt8>) {
    guard case .paragraph(var text) = leaf else { return }
    // The text has one owner while it grows, or every line would copy it.
    leaf = .none
    text.append(10)
    text.append(contentsOf: line)
    leaf = .paragraph(text)
  }

  /// Turns the paragraph's last line and a delimiter row into a table's head.
  private mutating func startTable(_ text: [UInt8], _ delimiter: ArraySlice<UInt8>) -> Bool {
    guard let columns = MarkdownTable.delimiterColumns(delimiter) else { return false }
    let headerStart = text.lastIndex(of: 10).map { $0 + 1 } ?? 0
    let header = MarkdownTable.cells(text[headerStart...])
    guard header.count == columns else { return false }
    leaf = headerStart > 0 ? .paragraph(Array(text[..<(headerStart - 1)])) : .none
    flush()
    leaf = .table(columns: columns, [header])
    return true
  }

  // MARK: ends

  private mutating func close(downTo depth: Int) {
    flush()
    while containers.count > depth {
      containers.removeLast()
      marker = []
    }
  }

  private mutating func flush() {
    let ending = leaf
    leaf = .none
    switch ending {
    case .none: break
    case .paragraph(let text): emit(MarkdownBlock(kind: .paragraph, source: takeDefinitions(text)))
    case .fence(_, _, _, let text), .indentedCode(let text): emit(MarkdownBlock(kind: .code, source: text))
    case .html(_, let text): emit(MarkdownBlock(kind: .html, source: text))
    case .table(_, let rows): emit(MarkdownBlock(kind: .table(rows)))
    }
  }

  private mutating func emit(_ block: MarkdownBlock) {
    if case .paragraph = block.kind, block.source.isEmpty { return }
    var block = block
    block.marker = marker
    marker = []
    block.listDepth = containers.count { $0.isItem }
    block.isQuoted = containers.contains { if case .quote = $0 { true } else { false } }
    blocks.append(block)
    // A block beside a list ends its numbering.
    if siblings.keys.contains(where: { $0 >= containers.count }) {
      siblings = siblings.filter { $0.key < containers.count }
    }
  }

  /// Takes link reference definitions off a paragraph's head.
  private mutating func takeDefinitions(_ text: [UInt8]) -> [UInt8] {
    var rest = text[...]
    while let definition = MarkdownLine.definition(rest) {
      references.insert(definition.label)
      rest = definition.rest
    }
    return Array(rest)
  }

  /// Tabs before a line's text count as up to four spaces, to columns that are multiples of four.
  private static func expandingLeadingTabs(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let head = line.prefix { $0 == 32 || $0 == 9 || "->+*.)0123456789".utf8.contains($0) }
    guard head.contains(9) else { return line }
    var result: [UInt8] = []
    for byte in head {
      if byte == 9 {
        repeat { result.append(32) } while !result.count.isMultiple(of: 4)
      } else {
        result.append(byte)
      }
    }
    result.append(contentsOf: line[head.endIndex...])
    return result[...]
  }
}
