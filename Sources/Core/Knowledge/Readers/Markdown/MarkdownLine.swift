/// What a single line of Markdown can be, containers already taken off.
enum MarkdownLine {
  struct ListMarker {
    /// `-`, `+`, `*`, `.` or `)`: another one begins another list.
    let mark: UInt8
    let number: Int
    /// Columns from the line's start to the item's text.
    let width: Int
    let isEmpty: Bool
    var isOrdered: Bool { mark == UInt8(ascii: ".") || mark == UInt8(ascii: ")") }

    init?(_ line: ArraySlice<UInt8>) {
      let indent = line.leadingSpaces(upTo: 4)
      guard indent <= 3 else { return nil }
      let body = line.dropFirst(indent)
      guard let first = body.first else { return nil }
      var length = 1
      if first.isDigit {
        let digits = body.prefix(10).prefix(while: \.isDigit)
        guard digits.count <= 9, let value = Int(digits.string) else { return nil }
        guard let after = body.dropFirst(digits.count).first,
          after == UInt8(ascii: ".") || after == UInt8(ascii: ")")
        else { return nil }
        number = value
        mark = after
        length = digits.count + 1
      } else {
        guard first == UInt8(ascii: "-") || first == UInt8(ascii: "+") || first == UInt8(ascii: "*") else {
          return nil
        }
        number = 0
        mark = first
      }
      let rest = body.dropFirst(length)
      let spaces = rest.leadingSpaces(upTo: 5)
      guard rest.isEmpty || spaces >= 1 else { return nil }
      isEmpty = rest.isBlank
      width = indent + length + (isEmpty || spaces > 4 ? 1 : spaces)
    }
  }

  /// `## Text ##`, with Kramdown's `{#id}` taken off.
  static func heading(_ line: ArraySlice<UInt8>) -> (level: Int, text: ArraySlice<UInt8>)? {
    let level = line.prefix(7).prefix { $0 == UInt8(ascii: "#") }.count
    guard (1...6).contains(level) else { return nil }
    let rest = line.dropFirst(level)
    guard rest.isEmpty || rest.first == 32 || rest.first == 9 else { return nil }
    var text = rest.trimmed()
    let closing = text.reversed().prefix { $0 == UInt8(ascii: "#") }.count
    let before = text.dropLast(closing)
    if closing > 0, before.isEmpty || before.last == 32 { text = before.trimmed() }
    if text.last == UInt8(ascii: "}"), let brace = text.lastIndex(of: UInt8(ascii: "{")),
      let next = text[(brace + 1)...].first,
      next == UInt8(ascii: "#") || next == UInt8(ascii: ".")
        || next == UInt8(ascii: ":")
    {
      text = text[..<brace].trimmed()
    }
    return (level, text)
  }

  /// The level that a line of `=` or `-` gives to the paragraph above it.
  static func underline(_ line: ArraySlice<UInt8>) -> Int? {
    let text = line.trimmed()
    guard let first = text.first, first == UInt8(ascii: "=") || first == UInt8(ascii: "-"),
      text.allSatisfy({ $0 == first })
    else { return nil }
    return first == UInt8(ascii: "=") ? 1 : 2
  }

  static func isThematicBreak(_ line: ArraySlice<UInt8>) -> Bool {
    guard let mark = line.first, "*-_".utf8.contains(mark) else { return false }
    var count = 0
    for byte in line {
      if byte == mark { count += 1 } else if !byte.isTextSpace { return false }
    }
    return count >= 3
  }

  static func fence(_ line: ArraySlice<UInt8>) -> (mark: UInt8, length: Int)? {
    guard let mark = line.first, mark == UInt8(ascii: "`") || mark == UInt8(ascii: "~") else { return nil }
    let length = line.prefix { $0 == mark }.count
    guard length >= 3 else { return nil }
    if mark == UInt8(ascii: "`"), line.dropFirst(length).contains(mark) { return nil }
    return (mark, length)
  }

  // MARK: what support sites add

  /// A line that steers a site generator: `:::`, `{% ... %}`, `{{< ... >}}`, `{: ...}`, `[TOC]`.
  static func isDirective(_ line: ArraySlice<UInt8>) -> Bool {
    // Pictures stand in running text; what follows one on its line is text.
    if line.starts(withASCII: ":::") { return !line.starts(withASCII: ":::image") }
    let text = line.trimmed()
    if text.starts(withASCII: "{%") || text.starts(withASCII: "{{<") || text.starts(withASCII: "{{%") {
      return text.last == UInt8(ascii: "}") && !text.contains(10)
    }
    if text.starts(withASCII: "{:") { return text.last == UInt8(ascii: "}") }
    return text.count <= 9
      && ["[toc]", "[[toc]]", "[[_toc_]]"].contains(text.map(\.lowercased).string)
  }

  /// What a directive shows: the alternative text of docfx's images.
  static func directiveText(_ line: ArraySlice<UInt8>) -> [UInt8]? {
    guard let at = Array(line).firstIndex(ofASCII: "alt-text=\"") else { return nil }
    let value = line.dropFirst(at + 10)
    guard let end = value.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    return Array(value[..<end])
  }

  /// MkDocs' `!!! note "Title"`, `??? tip`, `=== "Tab"`: the title, or empty.
  static func admonition(_ line: ArraySlice<UInt8>) -> [UInt8]? {
    guard line.starts(withASCII: "!!! ") || line.starts(withASCII: "???") || line.starts(withASCII: "=== \"")
    else { return nil }
    guard line.dropFirst(3).contains(where: \.isLetter) else { return nil }
    guard let open = line.firstIndex(of: UInt8(ascii: "\"")),
      let close = line.lastIndex(of: UInt8(ascii: "\"")),
      open < close
    else { return line.starts(withASCII: "===") ? nil : [] }
    return Array(line[(open + 1)..<close])
  }

  // MARK: definitions

  /// `[label]: destination "title"` at the head of a paragraph.
  static func definition(_ text: ArraySlice<UInt8>) -> (label: [UInt8], rest: ArraySlice<UInt8>)? {
    guard text.first == UInt8(ascii: "[") else { return nil }
    let head = text.prefix(1_002)
    guard let close = MarkdownLink.closingBracket(head), close + 1 < text.endIndex,
      text[close + 1] == UInt8(ascii: ":")
    else { return nil }
    let label = text[(text.startIndex + 1)..<close]
    guard !label.isBlank else { return nil }
    if label.first == UInt8(ascii: "^") {
      // A footnote's text is text.
      return (normalised(label), text[(close + 2)...].drop { $0.isTextSpace })
    }
    var rest = text[(close + 2)...].drop { $0 == 32 || $0 == 9 }
    if rest.first == 10 { rest = rest.dropFirst().drop { $0 == 32 || $0 == 9 } }
    let destination: ArraySlice<UInt8>
    if rest.first == UInt8(ascii: "<") {
      destination = rest.prefix(4_096).prefix { $0 != UInt8(ascii: ">") && $0 != 10 }
      guard rest.dropFirst(destination.count).first == UInt8(ascii: ">") else { return nil }
      rest = rest.dropFirst(destination.count + 1)
    } else {
      destination = rest.prefix { !$0.isTextSpace }
      rest = rest.dropFirst(destination.count)
    }
    guard !destination.isEmpty else { return nil }
    let line = rest.prefix { $0 != 10 }
    let next = rest.dropFirst(line.count).dropFirst()
    let title = line.trimmed()
    if title.isEmpty {
      // The title may stand on the next line.
      let following = next.prefix { $0 != 10 }
      if isTitle(following.trimmed()) {
        return (normalised(label), next.dropFirst(following.count).dropFirst())
      }
      return (normalised(label), next)
    }
    return isTitle(title) ? (normalised(label), next) : nil
  }

  private static func isTitle(_ text: ArraySlice<UInt8>) -> Bool {
    guard text.count >= 2, let first = text.first, let last = text.last else { return false }
    return (first == 34 && last == 34) || (first == 39 && last == 39)
      || (first == UInt8(ascii: "(") && last == UInt8(ascii: ")"))
  }

  /// Labels match without case and with spaces collapsed.
  static func normalised(_ label: ArraySlice<UInt8>) -> [UInt8] {
    let collapsed = label.collapsingSpace()
    return collapsed.contains { $0 >= 0x80 }
      ? Array(collapsed.string.lowercased().utf8) : collapsed.map(\.lowercased)
  }
}

/// When an HTML block ends (CommonMark 0.31, section 4.6).
enum MarkdownHTMLBlock {
  enum End: Equatable {
    /// The end is a line that holds this, in any case.
    case tag(String)
    case blankLine

    init?(opening line: ArraySlice<UInt8>, interruptsParagraph: Bool) {
      guard line.first == UInt8(ascii: "<"), line.count >= 2 else { return nil }
      if line.starts(withASCII: "<!--") {
        self = .tag("-->")
      } else if line.starts(withASCII: "<?") {
        self = .tag("?>")
      } else if line.starts(withASCII: "<![CDATA[") {
        self = .tag("]]>")
      } else if line.starts(withASCII: "<!"), line.dropFirst(2).first?.isLetter == true {
        self = .tag(">")
      } else {
        let isEnd = line.dropFirst().first == UInt8(ascii: "/")
        let body = line.dropFirst(isEnd ? 2 : 1)
        let name = body.prefix(20).prefix { $0.isAlphanumeric }.map(\.lowercased).string
        let after = body.dropFirst(name.utf8.count).first
        let isBounded = after == nil || after == 62 || after == 47 || after!.isTextSpace
        guard !name.isEmpty, isBounded else { return nil }
        if !isEnd, ["script", "pre", "style", "textarea"].contains(name) {
          self = .tag("</\(name)")
        } else if Self.blockNames.contains(name) {
          self = .blankLine
        } else if !interruptsParagraph, HTMLElement.isKnown(name), Self.isWholeLine(line) {
          self = .blankLine
        } else {
          return nil
        }
      }
    }

    func isReached(in line: ArraySlice<UInt8>) -> Bool {
      guard case .tag(let text) = self else { return false }
      guard let first = text.utf8.first else { return true }
      var index = line.startIndex
      while let at = line[index...].firstIndex(of: first) {
        if line[at...].starts(with: text.utf8, by: { $0.lowercased == $1 }) { return true }
        index = at + 1
      }
      return false
    }

    /// One tag and nothing else.
    private static func isWholeLine(_ line: ArraySlice<UInt8>) -> Bool {
      let text = line.trimmed()
      return text.last == UInt8(ascii: ">") && text.dropFirst().count { $0 == UInt8(ascii: "<") } == 0
        && text.count { $0 == UInt8(ascii: ">") } == 1
    }

    private static let blockNames: Set<String> = [
      "address", "article", "aside", "base", "basefont", "blockquote", "body", "caption", "center", "col",
      "colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure",
      "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr",
      "html",
      "iframe", "legend", "li", "link", "main", "menu", "menuitem", "nav", "noframes", "ol", "optgroup",
      "option", "p", "param", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead",
      "title", "tr", "track", "ul",
    ]
  }
}

/// GitHub's pipe tables.
enum MarkdownTable {
  /// How many columns a delimiter row (`| --- | :-: |`) names; nil where it is none.
  static func delimiterColumns(_ line: ArraySlice<UInt8>) -> Int? {
    guard line.contains(UInt8(ascii: "-")),
      line.contains(UInt8(ascii: "|")) || line.contains(UInt8(ascii: ":"))
    else { return nil }
    guard line.allSatisfy({ "|:- \t".utf8.contains($0) }) else { return nil }
    let cells = cells(line)
    let isValid = cells.allSatisfy { cell in
      var body = cell[...]
      if body.first == UInt8(ascii: ":") { body = body.dropFirst() }
      if body.last == UInt8(ascii: ":") { body = body.dropLast() }
      return !body.isEmpty && body.allSatisfy { $0 == UInt8(ascii: "-") }
    }
    return isValid ? cells.count : nil
  }

  /// Cells between pipes; `\|` is a pipe in a cell.
  static func cells(_ line: ArraySlice<UInt8>) -> [[UInt8]] {
    var text = line.trimmed()
    if text.first == UInt8(ascii: "|") { text = text.dropFirst() }
    var cells: [[UInt8]] = []
    var cell: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "\\"), index + 1 < text.endIndex, text[index + 1] == UInt8(ascii: "|") {
        cell.append(UInt8(ascii: "|"))
        index += 1
      } else if byte == UInt8(ascii: "|") {
        cells.append(Array(cell.trimmed()))
        cell = []
      } else {
        cell.append(byte)
      }
      index += 1
    }
    let last = Array(cell.trimmed())
    if !last.isEmpty || text.last != UInt8(ascii: "|") { cells.append(last) }
    return cells
  }
}
