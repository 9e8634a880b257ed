import Domain

/// Walks the main part of a Word document (or its notes) and collects what a reader sees.
struct WordTextParser {
  private(set) var assembler = TextAssembler()
  /// Whether a paragraph is styled as the document's title.
  private(set) var hasTitle = false
  /// Whether some part breaks the rules of XML: what follows may be missing.
  private(set) var isDamaged = false

  private let styles: WordStyles
  private let numbering: WordNumbering
  private var counters: [String: [Int: Int]] = [:]

  private struct Paragraph {
    var text: [UInt8] = []
    var style: String?
    var numbering: String?
    var level: Int?
    var outlineLevel: Int?
  }
  private struct Piece {
    var kind: Block.Kind
    var text: [UInt8]
    var indent = 0
  }
  private struct Table {
    var rows: [[TableCell]] = []
    var row: [TableCell] = []
    var cell: TableCell?
    var cellPieces: [Piece] = []
    var flow: [Piece] = []
    var continuesAbove = false
    var isHeaderRow = false
  }

  /// Paragraphs nest where a text box stands in one.
  private var paragraphs: [Paragraph] = []
  private var tables: [Table] = []
  private var depth = 0
  private var skippedFrom: Int?
  private var contentControls: [Int] = []
  private var isInText = false
  private var isInRun = false
  private var isRunHidden = false
  private var propertiesFrom: Int?

  private static let maxNesting = 100

  init(styles: WordStyles, numbering: WordNumbering) {
    self.styles = styles
    self.numbering = numbering
  }

  mutating func parse(_ xml: [UInt8], _ deadline: Deadline) throws(ReadFailure) {
    let parser = MarkupParser(xml, .xml, deadline)
    while let token = try parser.next() {
      switch token {
      case .text(let text):
        if isInText, skippedFrom == nil, !isRunHidden, !paragraphs.isEmpty {
          paragraphs[paragraphs.count - 1].text.append(contentsOf: text)
        }
      case .start(let name, let attributes):
        depth += 1
        if skippedFrom == nil { start(name, attributes) }
      case .end(let name): end(name)
      }
    }
    isDamaged = isDamaged || !parser.isWellFormed
    while !paragraphs.isEmpty { endParagraph() }
    while !tables.isEmpty { endTable() }
    (depth, skippedFrom, propertiesFrom) = (0, nil, nil)
  }

  // MARK: elements

  private mutating func start(_ name: String, _ attributes: MarkupAttributes) {
    func value(_ attribute: String = "val") -> String? { attributes[attribute] }
    switch name {
    // Deleted and moved text, older formatting, and the copy of a drawing for older programs.
    case "del", "moveFrom", "pPrChange", "rPrChange", "tblPrChange", "trPrChange", "tcPrChange",
      "sectPrChange", "Fallback", "txbxContentFallback":
      skippedFrom = depth
    case "footnote", "endnote":
      // Separators are lines, not notes.
      if let type = value("type"), type != "normal" { skippedFrom = depth }
    case "p":
      if paragraphs.count < Self.maxNesting { paragraphs.append(Paragraph()) }
      isInText = false
    case "pPr": propertiesFrom = propertiesFrom ?? depth
    case "r":
      isInRun = true
      isRunHidden = false
    case "t": isInText = true
    case "vanish": isRunHidden = isInRun && !["0", "false", "off"].contains(value() ?? "1")
    case "tab" where isInRun && propertiesFrom == nil: append("\t")
    case "br", "cr": if isInRun { append("\n") }
    case "noBreakHyphen": append("-")
    case "sym":
      if let hex = value("char"), let code = UInt32(hex, radix: 16), !(0xE000...0xF8FF).contains(code),
        let scalar = Unicode.Scalar(code)
      {
        append(String(scalar))
      }
    case "pStyle": set { $0.style = value() }
    case "numId": set { $0.numbering = value() }
    case "ilvl": set { $0.level = value().flatMap { Int($0) } }
    case "outlineLvl": set { $0.outlineLevel = value().flatMap { Int($0) } }
    case "sdt": contentControls.append(depth)
    case "docPartGallery":
      if value()?.lowercased().contains("table of contents") == true { skippedFrom = contentControls.last }
    default: startTablePart(name, value)
    }
  }

  private mutating func startTablePart(_ name: String, _ value: (String) -> String?) {
    switch name {
    case "tbl": if tables.count < Self.maxNesting { tables.append(Table()) }
    case "tr" where !tables.isEmpty: tables[tables.count - 1].isHeaderRow = false
    case "tblHeader" where !tables.isEmpty: tables[tables.count - 1].isHeaderRow = true
    case "tc" where !tables.isEmpty:
      tables[tables.count - 1].cell = TableCell(text: [])
      tables[tables.count - 1].continuesAbove = false
    case "gridSpan" where !tables.isEmpty:
      tables[tables.count - 1].cell?.columns = max(1, min(value("val").flatMap { Int($0) } ?? 1, 100))
    case "vMerge" where !tables.isEmpty:
      tables[tables.count - 1].continuesAbove = value("val") != "restart"
    default: break
    }
  }

  private mutating func end(_ name: String) {
    defer { depth = max(0, depth - 1) }
    if let from = skippedFrom {
      if depth <= from {
        skippedFrom = nil
        if name == "sdt" { _ = contentControls.popLast() }
      }
      return
    }
    switch name {
    case "p": endParagraph()
    case "pPr": if propertiesFrom == depth { propertiesFrom = nil }
    case "r":
      isInRun = false
      isRunHidden = false
    case "t": isInText = false
    case "sdt": _ = contentControls.popLast()
    case "tc": endCell()
    case "tr": endRow()
    case "tbl": endTable()
    default: break
    }
  }

  private mutating func append(_ text: String) {
    guard !paragraphs.isEmpty, !isRunHidden else { return }
    paragraphs[paragraphs.count - 1].text.append(contentsOf: Array(text.utf8))
  }

  private mutating func set(_ change: (inout Paragraph) -> Void) {
    guard !paragraphs.isEmpty, propertiesFrom != nil else { return }
    change(&paragraphs[paragraphs.count - 1])
  }

  // MARK: paragraphs

  private mutating func endParagraph() {
    guard let paragraph = paragraphs.popLast() else { return }
    isInText = false
    propertiesFrom = nil
    let text = Array(paragraph.text.trimmed())
    guard !text.isEmpty else { return }
    var meaning = styles.meaning(of: paragraph.style)
    if let level = paragraph.outlineLevel {
      meaning = (0...8).contains(level) ? .heading(level + 1) : (level == 9 ? .plain : meaning)
    }
    switch meaning {
    case .contents: return
    case .title:
      // Only the first is the document's; it stands above every other heading.
      let isFirst = !hasTitle && tables.isEmpty
      hasTitle = hasTitle || isFirst
      emit(Piece(kind: isFirst ? .heading(level: 1, text: "") : .paragraph, text: text))
    case .heading(let level): emit(Piece(kind: .heading(level: level, text: ""), text: text))
    case .quote: emit(Piece(kind: .quote, text: text))
    case .code: emit(Piece(kind: .code, text: paragraph.text))
    case .plain:
      guard let (marker, level) = listMarker(paragraph) else {
        return emit(Piece(kind: .paragraph, text: text))
      }
      emit(Piece(kind: .listItem, text: Array(marker.utf8) + text, indent: 2 * level))
    }
  }

  private mutating func listMarker(_ paragraph: Paragraph) -> (marker: String, level: Int)? {
    let styled = styles.numbering(of: paragraph.style)
    guard let id = paragraph.numbering ?? styled?.id, id != "0" else { return nil }
    let level = max(0, min(paragraph.level ?? styled?.level ?? 0, 8))
    switch numbering.format(id, level) {
    case "none": return nil
    case "bullet": return ("- ", level)
    default:
      var counts = counters[id] ?? [:]
      counts[level, default: 0] += 1
      // A further item starts the lists inside it anew.
      for deeper in counts.keys where deeper > level { counts[deeper] = nil }
      counters[id] = counts
      return ("\(counts[level] ?? 1). ", level)
    }
  }

  private mutating func emit(_ piece: Piece) {
    if let last = tables.indices.last, tables[last].cell != nil {
      tables[last].cellPieces.append(piece)
      return
    }
    switch piece.kind {
    case .heading(let level, _): assembler.addHeading(level: level, piece.text)
    case .code: assembler.add(.code, piece.text, keepsIndentation: true)
    default: assembler.add(piece.kind, piece.text, indent: piece.indent)
    }
  }

  // MARK: tables

  private mutating func endCell() {
    guard let last = tables.indices.last, var cell = tables[last].cell else { return }
    cell.text = Array(tables[last].cellPieces.map(\.text).joined(separator: [32]))
    cell.isHeader = tables[last].isHeaderRow
    if tables[last].continuesAbove, cell.text.isEmpty {
      let column = tables[last].row.count
      if let above = tables[last].rows.last, column < above.count { cell.text = above[column].text }
    }
    tables[last].flow += tables[last].cellPieces
    tables[last].cellPieces = []
    tables[last].cell = nil
    tables[last].row.append(cell)
  }

  private mutating func endRow() {
    guard let last = tables.indices.last, !tables[last].row.isEmpty else { return }
    tables[last].rows.append(tables[last].row)
    tables[last].row = []
  }

  /// A table of one column, or with headings or pages of text in its cells, lays a page out.
  private mutating func endTable() {
    endCell()
    endRow()
    guard let table = tables.popLast() else { return }
    let isLayout =
      table.rows.allSatisfy { $0.count <= 1 } || table.rows.joined().contains { $0.text.count > 4_000 }
      || table.flow.contains {
        if case .heading = $0.kind { true } else { false }
      }
    if isLayout {
      for piece in table.flow { emit(piece) }
    } else {
      for line in TableText.lines(table.rows) { emit(Piece(kind: .tableRow, text: line)) }
    }
  }
}
