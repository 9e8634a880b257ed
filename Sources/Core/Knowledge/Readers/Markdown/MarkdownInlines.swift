/// The text of one paragraph, heading or cell of Markdown, as a reader sees it.
///
/// Links and images leave their text. What sites add to Markdown goes: docfx directives and pictures
/// (`:::`), includes and kinds of notes (`[!NOTE]`), tags of Jekyll, Hugo and Kramdown, wiki links.
struct MarkdownInlines {
  private let footnotes: Set<[UInt8]>
  private var finished: [[UInt8]] = []
  private var text: [UInt8] = []
  private var lineStart = 0
  /// Whether the line, and the whole, begin with ordinary text; a mark in code is none.
  private var lineIsPlain: Bool?
  private var isPlain: Bool?
  /// Where `[!INCLUDE` stands whose link is open.
  private var includeStart: Int?
  private var endsInclude = false

  init(footnotes: Set<[UInt8]>) { self.footnotes = footnotes }

  // MARK: nodes

  mutating func add(_ literal: [UInt8]) {
    begin(isPlain: true)
    var rest = literal[...]
    if endsInclude, rest.first == UInt8(ascii: "]") { rest = rest.dropFirst() }
    endsInclude = false
    appendUnlinked(rest)
  }

  mutating func addCode(_ literal: [UInt8]) {
    begin(isPlain: false)
    text.append(contentsOf: literal)
  }

  /// Takes a tag or comment: line breaks and pictures leave something, and what is no tag of HTML stays.
  mutating func addHTML(_ literal: [UInt8], _ deadline: Deadline) throws(ReadFailure) {
    begin(isPlain: false)
    if HTMLText.beginsWithUnknownTag(literal) {
      text.append(contentsOf: literal)
    } else if literal.startsIgnoringCase("<br") {
      text.append(10)
    } else if literal.startsIgnoringCase("<img") {
      text.append(contentsOf: try HTMLText.plain(literal, deadline))
    }
  }

  /// - Returns: whether it is no link but includes a file.
  mutating func startLink() -> Bool {
    for mark in ["[!include ", "[!include"] as [StaticString] {
      let start = text.count - mark.utf8CodeUnitCount
      if start >= 0, text[start...].startsIgnoringCase(mark) {
        includeStart = start
        return true
      }
    }
    return false
  }

  mutating func endLink() {
    guard let start = includeStart else { return }
    text.removeSubrange(start...)
    lineStart = min(lineStart, start)
    includeStart = nil
    endsInclude = true
  }

  mutating func endLine(isBreak: Bool) {
    if !endDirective(), text.last != 10 { text.append(isBreak ? 10 : 32) }
    lineStart = text.count
    lineIsPlain = nil
  }

  // MARK: ends

  /// The paragraphs that directives leave: mostly one.
  mutating func finish() -> [[UInt8]] {
    _ = endDirective()
    endParagraph()
    return finished
  }

  /// Kramdown's `{#id}` at a heading's end is its anchor, and no text.
  mutating func finishHeading() -> (line: [UInt8], id: String?) {
    var line = Array(finish().joined(separator: [32]))
    if line.last == UInt8(ascii: "}"), let brace = line.lastIndex(of: UInt8(ascii: "{")),
      "#.:".utf8.contains(line[brace + 1])
    {
      let id = line[(brace + 1)...].dropLast().drop { "#.:".utf8.contains($0) }.prefix { !$0.isTextSpace }
      line.removeSubrange(brace...)
      return (line, id.string)
    }
    return (line, nil)
  }

  private mutating func begin(isPlain: Bool) {
    lineIsPlain = lineIsPlain ?? isPlain
    self.isPlain = self.isPlain ?? isPlain
  }

  private mutating func endParagraph() {
    MarkdownSource.removeSeparators(&text)
    if isPlain == true { dropKindOfNote() }
    replacePictures()
    if !text.isBlank { finished.append(text) }
    text = []
    isPlain = nil
    includeStart = nil
  }

  // MARK: what sites add

  /// Takes the current line off where it steers a site generator; the paragraph ends there.
  private mutating func endDirective() -> Bool {
    guard lineIsPlain == true, Self.isDirective(text[lineStart...]) else { return false }
    text.removeSubrange(lineStart...)
    endParagraph()
    return true
  }

  /// `:::`, `{% ... %}`, `{{< ... >}}`, `{: ...}`, `[TOC]`.
  private static func isDirective(_ line: ArraySlice<UInt8>) -> Bool {
    // Pictures stand in running text.
    if line.starts(withASCII: ":::") { return !line.starts(withASCII: ":::image") }
    let text = line.trimmed()
    if ["{%", "{{<", "{{%", "{:"].contains(where: { text.starts(withASCII: $0) }) {
      return text.last == UInt8(ascii: "}")
    }
    return text.count <= 9 && ["[toc]", "[[toc]]", "[[_toc_]]"].contains(text.map(\.lowercased).string)
  }

  /// `[!NOTE]` and the like at the head of a quote; `[!VIDEO address]` shows nothing.
  private mutating func dropKindOfNote() {
    guard text.starts(withASCII: "[!"), text.dropFirst(2).first?.isLetter == true,
      let end = text.prefix(400).firstIndex(of: UInt8(ascii: "]"))
    else { return }
    text.removeSubrange(...end)
  }

  /// `:::image ... alt-text="Words":::` leaves its words.
  private mutating func replacePictures() {
    guard var open = text.firstIndex(ofASCII: ":::image") else { return }
    var result: [UInt8] = []
    var kept = 0
    while let close = text.firstIndex(ofASCII: ":::", from: open + 8) {
      result.append(contentsOf: text[kept..<open])
      let picture = Array(text[open..<close])
      if let start = picture.firstIndex(ofASCII: "alt-text=\"") {
        result.append(contentsOf: picture[(start + 10)...].prefix { $0 != UInt8(ascii: "\"") })
      }
      kept = close + 3
      guard let next = text.firstIndex(ofASCII: ":::image", from: kept) else { break }
      open = next
    }
    text = result + text[kept...]
  }

  /// Appends text with `[[Page]]` and `[[Page|words]]` as a wiki shows them, without `[^1]`.
  private mutating func appendUnlinked(_ source: ArraySlice<UInt8>) {
    var rest = source
    while let open = rest.firstIndex(of: UInt8(ascii: "[")) {
      text.append(contentsOf: rest[..<open])
      rest = rest[open...]
      if !footnotes.isEmpty, let label = MarkdownSource.footnoteLabel(rest),
        footnotes.contains(label.map(\.lowercased))
      {
        rest = rest[(label.endIndex + 1)...]
        continue
      }
      let inner = rest.dropFirst(2).prefix(400)
        .prefix { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: "[") && $0 != 10 }
      let isLink = rest.dropFirst().first == UInt8(ascii: "[") && inner.first?.isLetter == true
      if isLink, rest[inner.endIndex...].starts(withASCII: "]]") {
        text.append(contentsOf: inner.lastIndex(of: UInt8(ascii: "|")).map { inner[($0 + 1)...] } ?? inner)
        rest = rest[(inner.endIndex + 2)...]
      } else {
        text.append(UInt8(ascii: "["))
        rest = rest.dropFirst()
      }
    }
    text.append(contentsOf: rest)
  }
}
