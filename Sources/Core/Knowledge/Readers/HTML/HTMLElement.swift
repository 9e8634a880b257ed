/// What an element means for reading text.
enum HTMLElement {
  case block, heading(Int), list(ordered: Bool), item, quote, preformatted
  case table, row, cell(header: Bool), caption
  case lineBreak, rule, image
  /// Its content is no text of the page.
  case skipped
  /// The page's title, in its head.
  case title
  /// Where a page's own text stands.
  case main, article

  static func named(_ name: String) -> HTMLElement? { byName[name] }

  static let void: Set<String> = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
  ]

  /// Elements of HTML that run inside a line: known, but nothing happens.
  static let inline: Set<String> = [
    "a", "abbr", "acronym", "area", "b", "base", "bdi", "bdo", "big", "cite", "code", "col", "colgroup",
    "data", "del", "dfn", "em", "embed", "font", "i", "input", "ins", "kbd", "label", "link", "mark", "meta",
    "meter", "nobr", "output", "param", "picture", "progress", "q", "rp", "rt", "ruby", "s", "samp", "slot",
    "small", "source", "span", "strike", "strong", "sub", "sup", "time", "track", "tt", "u", "var", "wbr",
    "thead", "tbody", "tfoot", "button", "math",
  ]

  static func isKnown(_ name: String) -> Bool { byName[name] != nil || inline.contains(name) }

  private static let byName: [String: HTMLElement] = {
    var table: [String: HTMLElement] = [
      "li": .item, "title": .title, "blockquote": .quote, "pre": .preformatted, "listing": .preformatted,
      "xmp": .preformatted, "table": .table,
      "tr": .row, "td": .cell(header: false), "th": .cell(header: true), "caption": .caption,
      "br": .lineBreak, "hr": .rule, "img": .image, "main": .main, "article": .article,
      "ol": .list(ordered: true), "ul": .list(ordered: false), "menu": .list(ordered: false),
      "dir": .list(ordered: false),
    ]
    for level in 1...6 { table["h\(level)"] = .heading(level) }
    for name in [
      "address", "aside", "body", "center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset",
      "figcaption", "figure", "footer", "form", "header", "hgroup", "html", "legend", "p", "search",
      "section",
      "summary", "head", HTMLSource.root, "frameset", "optgroup", "option",
    ] { table[name] = .block }
    for name in [
      "nav", "noscript", "template", "svg", "canvas", "audio", "video", "object", "applet", "select",
      "datalist", "map", "annotation", "annotation-xml", "script", "style", "textarea", "iframe", "noembed",
      "noframes",
    ] { table[name] = .skipped }
    return table
  }()
}
