/// What paragraph styles mean: headings, titles, lists, tables of contents.
struct WordStyles {
  enum Meaning: Hashable {
    case plain, title, quote, code
    case heading(Int)
    /// Entries of a table of contents: no text of the document.
    case contents
  }

  private struct Style {
    var name = ""
    var parent: String?
    var outlineLevel: Int?
    var numbering: String?
    var level: Int?
  }
  private var styles: [String: Style] = [:]

  init(_ xml: [UInt8], _ deadline: Deadline) throws(ReadFailure) {
    let parser = MarkupParser(xml, .xml, deadline)
    var id: String?
    var style = Style()
    while let token = try parser.next() {
      switch token {
      case .start("style", let attributes):
        id = attributes["styleId"]
        style = Style()
      case .start(let name, let attributes) where id != nil:
        let value = attributes["val"]
        switch name {
        case "name": style.name = value?.lowercased() ?? ""
        case "basedOn": style.parent = value
        case "outlineLvl": style.outlineLevel = value.flatMap { Int($0) }
        case "numId": style.numbering = value
        case "ilvl": style.level = value.flatMap { Int($0) }
        default: break
        }
      case .end("style"):
        if let id { styles[id] = style }
        id = nil
      default: break
      }
    }
  }

  /// The style and its ancestors, nearest first; circles end.
  private func chain(_ id: String?) -> [Style] {
    var chain: [Style] = []
    var next = id
    while let id = next, chain.count < 20, let style = styles[id] {
      chain.append(style)
      next = style.parent
    }
    return chain
  }

  func meaning(of id: String?) -> Meaning {
    guard let id else { return .plain }
    let chain = chain(id)
    if chain.isEmpty { return Self.meaning(named: id.lowercased()) }
    for style in chain {
      let meaning = Self.meaning(named: style.name)
      if meaning != .plain { return meaning }
      if let level = style.outlineLevel, (0...8).contains(level) { return .heading(level + 1) }
    }
    return .plain
  }

  /// Built-in styles keep their English names in every language of Word.
  private static func meaning(named name: String) -> Meaning {
    if name == "title" { return .title }
    if name.hasPrefix("toc ") || name == "toc heading" || name.hasPrefix("table of figures") {
      return .contents
    }
    if name.hasPrefix("heading"), let level = Int(name.dropFirst(7).trimmingPrefix(" ").prefix(1)), level > 0
    {
      return .heading(level)
    }
    if name == "quote" || name == "intense quote" || name == "block text" { return .quote }
    if name == "source code" || name == "html preformatted" || name == "plain code" { return .code }
    return .plain
  }

  /// The list that a style itself belongs to.
  func numbering(of id: String?) -> (id: String, level: Int)? {
    let chain = chain(id)
    guard let numbering = chain.lazy.compactMap(\.numbering).first else { return nil }
    return (numbering, chain.lazy.compactMap(\.level).first ?? 0)
  }
}

/// Which lists are numbered.
struct WordNumbering {
  private var formats: [String: [Int: String]] = [:]
  private var abstracts: [String: String] = [:]

  init(_ xml: [UInt8], _ deadline: Deadline) throws(ReadFailure) {
    let parser = MarkupParser(xml, .xml, deadline)
    var abstract: String?
    var level = 0
    var number: String?
    while let token = try parser.next() {
      guard case .start(let name, let attributes) = token else { continue }
      switch name {
      case "abstractNum":
        abstract = attributes["abstractNumId"]
        number = nil
      case "lvl": level = attributes["ilvl"].flatMap { Int($0) } ?? 0
      case "numFmt":
        if let abstract, number == nil {
          formats[abstract, default: [:]][level] = attributes["val"]
        }
      case "num": number = attributes["numId"]
      case "abstractNumId":
        if let number { abstracts[number] = attributes["val"] }
      default: break
      }
    }
  }

  /// `bullet`, `decimal`, `none`, ...; bullet where nothing is said.
  func format(_ id: String, _ level: Int) -> String {
    abstracts[id].flatMap { formats[$0]?[level] } ?? "bullet"
  }
}
