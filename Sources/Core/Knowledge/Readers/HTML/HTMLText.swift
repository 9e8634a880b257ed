import Domain
import Foundation

/// The text of an HTML page or fragment, as pieces in reading order.
///
/// A single pass over the parser's events with a bounded stack: nesting of any depth costs nothing and crashes
/// nothing. Scripts, styles, navigation and templates are left out.
struct HTMLText {
  struct Piece {
    var kind: Block.Kind
    var text: [UInt8]
    var indent = 0
    var isInMain = false
    var isInArticle = false
  }

  private(set) var pieces: [Piece] = []
  private(set) var title: String?
  private(set) var language: String?
  private(set) var canonicalURL: String?
  private(set) var anchors: [String] = []
  private(set) var foundLinks: [FoundLink] = []

  struct FoundLink {
    let target: String
    let isInMain: Bool
    let isInArticle: Bool
  }

  /// Targets of all links, those in navigation left out.
  var links: [String] { foundLinks.map(\.target) }

  private var open: [OpenElement] = []
  private var skippingFrom: Int?
  /// The text of the title, while it is open.
  private var openTitle: [UInt8]?
  private var lists: [ListState] = []
  private var tables: [TableState] = []
  private var quoteDepth = 0
  private var mainDepth = 0
  private var articleDepth = 0
  private var preformattedDepth = 0
  private var heading = 0
  private var marker: [UInt8] = []
  private var line: [UInt8] = []
  private var pendingSpace = false

  /// Elements nested deeper are read as if their tags were not there.
  private static let maxDepth = 512

  private struct OpenElement {
    let name: String
    let element: HTMLElement
    var marksMain = false
  }
  private struct ListState {
    let isOrdered: Bool
    var number: Int
  }
  private struct TableState {
    var rows: [[TableCell]] = []
    var row: [TableCell] = []
    var cell: TableCell?
    var cellPieces: [Piece] = []
    /// What the cells hold as running text, for when the table turns out to be page layout.
    var flow: [Piece] = []
    var isLayout = false
    var bytes = 0
  }

  init(_ html: [UInt8], _ deadline: Deadline) throws(ReadFailure) {
    let parser = MarkupParser(try HTMLSource.prepared(html, deadline), .html, deadline)
    while let token = try parser.next() {
      switch token {
      case .text(let text): addText(text)
      case .start(let name, let attributes): start(name, attributes)
      case .end(let name): end(name)
      }
    }
    close(downTo: 0)
    flush()
  }

  // MARK: text

  private mutating func addText(_ text: [UInt8]) {
    guard skippingFrom == nil else { return }
    if openTitle != nil {
      openTitle?.append(contentsOf: text)
    } else if preformattedDepth > 0 {
      line.append(contentsOf: text)
    } else {
      addCollapsed(text)
    }
  }

  private mutating func addCollapsed(_ text: [UInt8]) {
    var index = 0
    while index < text.count {
      let byte = text[index]
      if byte.isTextSpace {
        pendingSpace = true
      } else if byte >= 0xC2, byte <= 0xE3, text[index...].startsWithUnicodeSpace {
        pendingSpace = true
        index += byte == 0xC2 ? 1 : 2
      } else {
        if pendingSpace, let last = line.last, last != 10 { line.append(32) }
        pendingSpace = false
        line.append(byte)
      }
      index += 1
    }
  }

  /// Ends the current block.
  private mutating func flush() {
    pendingSpace = false
    let text = preformattedDepth > 0 ? line : Array(line.trimmed())
    line.removeAll(keepingCapacity: true)
    guard text.contains(where: { !$0.isTextSpace }) else { return }
    var piece = Piece(kind: .paragraph, text: text, isInMain: mainDepth > 0, isInArticle: articleDepth > 0)
    if preformattedDepth > 0 {
      piece.kind = .code
    } else if heading > 0 {
      piece.kind = .heading(level: heading, text: "")
      heading = 0
    } else if !marker.isEmpty {
      piece.kind = .listItem
      piece.text = marker + text
      piece.indent = 2 * max(0, lists.count - 1)
      marker = []
    } else if quoteDepth > 0 {
      piece.kind = .quote
    }
    add(piece)
  }

  private mutating func add(_ piece: Piece) {
    guard let last = tables.indices.last, !tables[last].isLayout, tables[last].cell != nil else {
      pieces.append(piece)
      return
    }
    tables[last].cellPieces.append(piece)
    tables[last].bytes += piece.text.count
    if case .heading = piece.kind { turnIntoLayout(last) }
    if case .code = piece.kind, piece.text.contains(10) { turnIntoLayout(last) }
  }

  // MARK: tags

  private mutating func start(_ name: String, _ attributes: MarkupAttributes) {
    if let id = attributes["id"] { addAnchor(id) }
    guard let element = HTMLElement.named(name) else {
      readMetadata(name, attributes)
      return
    }
    guard skippingFrom == nil else {
      if !HTMLElement.void.contains(name) { push(OpenElement(name: name, element: element)) }
      return
    }
    guard openTitle == nil else { return }
    var opened = OpenElement(name: name, element: element)
    switch element {
    case .lineBreak:
      pendingSpace = false
      if !line.isEmpty { line.append(10) }
      return
    case .rule: return flush()
    case .image:
      if let alternative = attributes["alt"] {
        pendingSpace = true
        addCollapsed(Array(alternative.utf8))
        pendingSpace = true
      }
      return
    case .skipped:
      push(opened)
      if open.last?.name == name { skippingFrom = open.count - 1 }
      return
    case .block, .main, .article:
      flush()
      if name == HTMLSource.root { language = attributes["lang"] }
      let role = name == "p" ? nil : attributes["role"]
      if role == "navigation" {
        push(opened)
        if open.count <= Self.maxDepth { skippingFrom = open.count - 1 }
        return
      }
      if name == "main" || role == "main" {
        opened.marksMain = true
        mainDepth += 1
      }
      if case .article = element { articleDepth += 1 }
      // Paragraphs end by themselves; nothing is nested in them.
      if name == "p" { return }
    case .heading(let level):
      flush()
      heading = level
    case .list(let isOrdered):
      flush()
      let first = attributes["start"].flatMap { Int($0) } ?? 1
      lists.append(ListState(isOrdered: isOrdered, number: max(-1_000_000, min(first, 1_000_000))))
    case .item:
      flush()
      closeNearest("li", within: ["ul", "ol", "menu", "dir"])
      startItem()
    case .quote:
      flush()
      quoteDepth += 1
    case .preformatted:
      flush()
      preformattedDepth += 1
    case .table:
      flush()
      if let last = tables.indices.last, tables[last].cell != nil { turnIntoLayout(last) }
      var table = TableState()
      table.isLayout = attributes["role"] == "presentation"
      tables.append(table)
    case .row:
      flush()
      closeNearest("td", within: ["table"])
      closeNearest("th", within: ["table"])
      endRow()
      return
    case .cell(let isHeader):
      flush()
      closeNearest("td", within: ["table"])
      closeNearest("th", within: ["table"])
      startCell(isHeader, attributes)
    case .caption: flush()
    case .title:
      if title == nil { openTitle = [] }
      return
    }
    push(opened)
  }

  private mutating func readMetadata(_ name: String, _ attributes: MarkupAttributes) {
    if name == "link", canonicalURL == nil, attributes["rel"]?.lowercased() == "canonical" {
      canonicalURL = attributes["href"]
    }
    guard name == "a" else { return }
    if let anchor = attributes["name"] { addAnchor(anchor) }
    if let target = attributes["href"], skippingFrom == nil, foundLinks.count < DocumentLinks.maxLinks {
      foundLinks.append(
        FoundLink(target: target, isInMain: mainDepth > 0, isInArticle: articleDepth > 0))
    }
  }

  private mutating func addAnchor(_ name: String) {
    if anchors.count < DocumentLinks.maxAnchors { anchors.append(name) }
  }

  private mutating func startItem() {
    guard let last = lists.indices.last else {
      marker = Array("- ".utf8)
      return
    }
    marker = Array((lists[last].isOrdered ? "\(lists[last].number). " : "- ").utf8)
    lists[last].number += 1
  }

  private mutating func push(_ element: OpenElement) {
    // Beyond the bound the element still had its effect; undo what only its end would undo.
    guard open.count < Self.maxDepth else { return undo(element) }
    open.append(element)
  }

  private mutating func end(_ name: String) {
    guard let element = HTMLElement.named(name), !HTMLElement.void.contains(name) else { return }
    if case .title = element {
      if let text = openTitle { title = text.collapsingSpace().string }
      openTitle = nil
      return
    }
    if skippingFrom == nil {
      if case .skipped = element {} else { flush() }
    }
    if case .heading = element { heading = 0 }
    let isTablePart = ["table", "td", "th", "tr", "caption"].contains(name)
    // Nothing inside a cell may end what is open around its table.
    closeNearest(name, within: isTablePart ? ["table"] : ["td", "th", "table"])
    if name == "tr" {
      closeNearest("td", within: ["table"])
      closeNearest("th", within: ["table"])
      endRow()
    }
  }

  /// Closes the innermost open element of that name, with all inside it, unless a boundary lies between.
  private mutating func closeNearest(_ name: String, within boundaries: Set<String>) {
    var index = open.count - 1
    while index >= 0 {
      if open[index].name == name { return close(downTo: index) }
      if boundaries.contains(open[index].name) { return }
      index -= 1
    }
  }

  private mutating func close(downTo index: Int) {
    while open.count > index {
      let element = open.removeLast()
      if skippingFrom == open.count {
        skippingFrom = nil
      } else if skippingFrom == nil {
        undo(element)
      }
    }
  }

  /// What the end of an element does.
  private mutating func undo(_ opened: OpenElement) {
    switch opened.element {
    case .lineBreak, .rule, .image, .title, .skipped, .row: return
    default: flush()
    }
    if opened.marksMain { mainDepth -= 1 }
    switch opened.element {
    case .article: articleDepth -= 1
    case .list: if !lists.isEmpty { lists.removeLast() }
    case .item: marker = []
    case .quote: quoteDepth -= 1
    case .preformatted: preformattedDepth -= 1
    case .cell: endCell()
    case .table: endTable()
    default: break
    }
  }

  // MARK: tables

  private mutating func startCell(_ isHeader: Bool, _ attributes: MarkupAttributes) {
    guard let last = tables.indices.last, !tables[last].isLayout else { return }
    func span(_ name: String) -> Int {
      max(1, min(attributes[name].flatMap { Int($0) } ?? 1, 1_000))
    }
    tables[last].cell = TableCell(
      text: [], isHeader: isHeader, columns: span("colspan"), rows: span("rowspan"))
  }

  private mutating func endCell() {
    guard let last = tables.indices.last, var cell = tables[last].cell else { return }
    for (index, piece) in tables[last].cellPieces.enumerated() {
      if index > 0 { cell.text.append(32) }
      cell.text.append(contentsOf: piece.text)
    }
    tables[last].flow.append(contentsOf: tables[last].cellPieces)
    tables[last].cellPieces = []
    tables[last].cell = nil
    tables[last].row.append(cell)
    // Cells with pages of text are layout, not data.
    if cell.text.count > 4_000 { turnIntoLayout(last) }
  }

  private mutating func endRow() {
    guard let last = tables.indices.last, !tables[last].row.isEmpty else { return }
    tables[last].rows.append(tables[last].row)
    tables[last].row = []
  }

  private mutating func turnIntoLayout(_ index: Int) {
    guard !tables[index].isLayout else { return }
    pieces.append(contentsOf: tables[index].flow + tables[index].cellPieces)
    tables[index] = TableState(isLayout: true)
  }

  private mutating func endTable() {
    guard !tables.isEmpty else { return }
    endRow()
    let table = tables.removeLast()
    guard !table.isLayout else { return }
    if table.rows.allSatisfy({ $0.count <= 1 }) {
      for piece in table.flow { add(piece) }
      return
    }
    for line in TableText.lines(table.rows) {
      add(Piece(kind: .tableRow, text: line, isInMain: mainDepth > 0, isInArticle: articleDepth > 0))
    }
  }
}
