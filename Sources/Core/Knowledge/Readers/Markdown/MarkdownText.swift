import Domain

/// Walks Markdown's nodes and adds what a reader sees, block by block.
struct MarkdownText {
  private(set) var assembler = TextAssembler()
  private(set) var links = LinkCollector()

  private let footnotes: Set<[UInt8]>
  private let deadline: Deadline
  /// For each open list the number of its next item; nil for bullets.
  private var lists: [Int?] = []
  /// "- " or "3. " until the item's first block has it.
  private var marker: [UInt8] = []
  private var quoteDepth = 0
  private var inlines: MarkdownInlines
  private var rows: [[TableCell]] = []
  /// HTML blocks that follow each other: a blank line ends one, but not the table in it.
  private var html: [UInt8] = []
  private var openHTMLTables = 0
  /// How many blocks behind unknown tags lie in each other here; each is parsed anew.
  private var unknownTagDepth = 0

  private static let maxUnknownTagDepth = 4

  /// - Parameter footnotes: labels whose references are no text.
  init(footnotes: Set<[UInt8]>, _ deadline: Deadline) {
    self.footnotes = footnotes
    self.deadline = deadline
    inlines = MarkdownInlines(footnotes: footnotes)
  }

  mutating func add(_ tree: MarkdownTree) throws(ReadFailure) {
    var count = 0
    try tree.forEach { node, isEnd throws(ReadFailure) in
      count &+= 1
      if count & 0x3FF == 0 { try deadline.check() }
      let kind = node.kind
      if try addHTML(node, kind) { return }
      if isEnd { end(kind) } else { try start(node, kind) }
    }
    try endHTML()
  }

  // MARK: blocks

  private mutating func start(_ node: MarkdownNode, _ kind: MarkdownNode.Kind) throws(ReadFailure) {
    switch kind {
    case .quote: quoteDepth += 1
    case .list(let isOrdered, let start): lists.append(isOrdered ? start : nil)
    case .item:
      guard let last = lists.indices.last else { return }
      marker = Array((lists[last].map { "\($0). " } ?? "- ").utf8)
      lists[last]? += 1
    case .paragraph, .heading, .cell: inlines = MarkdownInlines(footnotes: footnotes)
    case .table: rows = []
    case .row: rows.append([])
    case .code:
      marker = []
      var text = node.literal
      MarkdownSource.removeSeparators(&text)
      assembler.add(.code, text, keepsIndentation: true)
    case .text: inlines.add(node.literal)
    case .softBreak: inlines.endLine(isBreak: false)
    case .lineBreak: inlines.endLine(isBreak: true)
    case .inlineCode: inlines.addCode(node.literal)
    case .inlineHTML:
      let tag = node.literal
      try inlines.addHTML(tag, deadline)
      if tag.startsIgnoringCase("<a") { links.add(try HTMLText(tag, deadline)) }
    case .link:
      if inlines.startLink() { links.includesOthers = true } else { links.addLink(node.target) }
    case .html, .other: break
    }
  }

  private mutating func end(_ kind: MarkdownNode.Kind) {
    switch kind {
    case .quote: quoteDepth -= 1
    case .list: lists.removeLast()
    case .item: marker = []
    case .paragraph: for text in inlines.finish() { addParagraph(text) }
    case .heading(let level):
      marker = []
      let (line, id) = inlines.finishHeading()
      if let id { links.addAnchor(id) }
      assembler.addHeading(level: level, line)
    case .cell: rows[rows.count - 1].append(TableCell(text: Array(inlines.finish().joined(separator: [32]))))
    case .table:
      marker = []
      // What stands under a table without a blank line is its last row, even a directive.
      let shown = rows.filter { $0.contains { !$0.text.isEmpty } }
      for line in TableText.lines(shown, headerRows: 1) { assembler.add(.tableRow, line) }
    case .link: inlines.endLink()
    default: break
    }
  }

  private mutating func addParagraph(_ text: [UInt8]) {
    guard !marker.isEmpty else { return assembler.add(quoteDepth > 0 ? .quote : .paragraph, text) }
    // An item of nothing but a picture without words is no item.
    if !text.isBlank { assembler.add(.listItem, marker + text, indent: 2 * max(0, lists.count - 1)) }
    marker = []
  }

  // MARK: HTML blocks

  /// Whether a node belongs to the HTML before it or begins some; other nodes end it.
  private mutating func addHTML(_ node: MarkdownNode, _ kind: MarkdownNode.Kind) throws(ReadFailure) -> Bool {
    switch kind {
    case .html: break
    // Cells behind a blank line are indented by four spaces more often than code stands between rows.
    case .code where openHTMLTables > 0: break
    default:
      try endHTML()
      return false
    }
    let block = node.literal
    if html.isEmpty, HTMLText.beginsWithUnknownTag(block) {
      guard unknownTagDepth < Self.maxUnknownTagDepth else {
        addParagraph(block)
        return true
      }
      unknownTagDepth += 1
      try add(MarkdownTree([UInt8(ascii: "\\")] + block))
      unknownTagDepth -= 1
    } else {
      marker = []
      html += block
      openHTMLTables += block.count(ofTag: "<table") - block.count(ofTag: "</table")
    }
    return true
  }

  private mutating func endHTML() throws(ReadFailure) {
    guard !html.isEmpty else { return }
    MarkdownSource.removeSeparators(&html)
    let text = try HTMLText(html, deadline)
    for piece in text.pieces { assembler.add(piece) }
    links.add(text)
    html = []
    openHTMLTables = 0
  }
}

extension Array where Element == UInt8 {
  fileprivate func count(ofTag tag: StaticString) -> Int {
    var count = 0
    var from = 0
    while let at = firstIndex(ofByte: UInt8(ascii: "<"), from: from) {
      if self[at...].startsIgnoringCase(tag) { count += 1 }
      from = at + 1
    }
    return count
  }
}
