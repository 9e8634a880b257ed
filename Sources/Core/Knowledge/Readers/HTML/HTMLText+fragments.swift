extension HTMLText {
  /// The page's own text: its `main`, else its articles, where they hold a substantial part of it.
  var mainPieces: [Piece] { part.map { pieces.filter($0.isPieceIn) } ?? pieces }

  /// Targets of the links in that text.
  var mainLinks: [String] { (part.map { foundLinks.filter($0.isLinkIn) } ?? foundLinks).map(\.target) }

  private enum Part {
    case main, articles
    func isPieceIn(_ piece: Piece) -> Bool { self == .main ? piece.isInMain : piece.isInArticle }
    func isLinkIn(_ link: FoundLink) -> Bool { self == .main ? link.isInMain : link.isInArticle }
  }

  /// Nil for the whole page.
  private var part: Part? {
    func bytes(_ pieces: [Piece]) -> Int { pieces.reduce(0) { $0 + $1.text.count } }
    let all = bytes(pieces)
    if bytes(pieces.filter(\.isInMain)) >= max(200, all / 5) { return .main }
    if bytes(pieces.filter(\.isInArticle)) >= max(200, all / 2) { return .articles }
    return nil
  }

  /// Fragments (a cell, a block within Markdown) become plain text this way.
  static func plain(_ html: [UInt8], _ deadline: Deadline) throws(ReadFailure) -> [UInt8] {
    try HTMLText(html, deadline).plain
  }

  var plain: [UInt8] {
    var assembler = TextAssembler()
    for piece in pieces { assembler.add(piece) }
    return assembler.bytes
  }

  /// Whether a text begins with a tag such as `<your-name>`, which HTML does not have.
  static func beginsWithUnknownTag(_ text: [UInt8]) -> Bool {
    let body = text.dropFirst(text.starts(withASCII: "</") ? 2 : 1)
    let name = body.prefix(40).prefix { $0.isAlphanumeric || "-_:.".utf8.contains($0) }
    return text.first == UInt8(ascii: "<") && name.first?.isLetter == true
      && !HTMLElement.isKnown(name.map(\.lowercased).string)
  }

  /// Whether a text, such as a cell, is meant as HTML: it holds a tag that HTML has, or a reference.
  static func isLikely(_ text: some Collection<UInt8>) -> Bool {
    guard text.contains(where: { $0 == UInt8(ascii: "<") || $0 == UInt8(ascii: "&") }) else { return false }
    let bytes = Array(text)
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "<"), index + 1 < bytes.count {
        let nameStart = bytes[index + 1] == UInt8(ascii: "/") ? index + 2 : index + 1
        let name = bytes[nameStart...].prefix(12).prefix { $0.isAlphanumeric }
        let after = name.endIndex < bytes.count ? bytes[name.endIndex] : 0
        if !name.isEmpty, after == 62 || after == 47 || after.isTextSpace,
          HTMLElement.isKnown(name.map(\.lowercased).string)
        {
          return true
        }
      } else if bytes[index] == UInt8(ascii: "&"), let reference = HTMLReference(bytes[index...]),
        bytes[reference.end - 1] == UInt8(ascii: ";")
      {
        return true
      }
      index += 1
    }
    return false
  }
}

extension TextAssembler {
  mutating func add(_ piece: HTMLText.Piece, indent: Int = 0) {
    switch piece.kind {
    case .heading(let level, _): addHeading(level: level, piece.text)
    case .code: add(.code, piece.text, indent: 0, keepsIndentation: true)
    default: add(piece.kind, piece.text, indent: piece.indent + indent)
    }
  }
}
