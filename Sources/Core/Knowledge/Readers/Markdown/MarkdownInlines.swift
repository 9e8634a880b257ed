/// Renders inline Markdown (CommonMark 0.31, section 6) as the plain text a reader sees.
///
/// Links and images keep their text, emphasis marks go, code stays as written. Text is collected in `output`;
/// marks that turn out to be marks are noted in `cuts` and taken out at the end, so that nothing is parsed
/// twice and time stays linear.
struct MarkdownInlines {
  private let source: [UInt8]
  private let references: Set<[UInt8]>
  private var position = 0
  private var output: [UInt8] = []
  private var cuts: [Range<Int>] = []
  private var brackets: [Bracket] = []
  private var emphasis = EmphasisStack()
  /// Last place of a backtick run of each length; built at the first backtick.
  private var lastBackticks: [Int: Int]?
  private var hasNoMoreComments = false

  private struct Bracket {
    let sourceIndex: Int
    let outputRange: Range<Int>
  }

  static func plainText(_ source: [UInt8], references: Set<[UInt8]>, _ deadline: Deadline)
    throws(ReadFailure) -> [UInt8]
  {
    let source = withoutImageDirectives(source)
    guard source.contains(where: isSpecial) else { return source }
    var parser = MarkdownInlines(source: source, references: references)
    return try parser.parse(deadline)
  }

  /// Takes docfx's `:::image ...:::` out of running text and leaves the picture's words.
  private static func withoutImageDirectives(_ source: [UInt8]) -> [UInt8] {
    guard var open = source.firstIndex(ofASCII: ":::image") else { return source }
    var result: [UInt8] = []
    var kept = 0
    while let close = source.firstIndex(ofASCII: ":::", from: open + 8) {
      result.append(contentsOf: source[kept..<open])
      result.append(contentsOf: MarkdownLine.directiveText(source[open..<close]) ?? [])
      kept = close + 3
      guard let next = source.firstIndex(ofASCII: ":::image", from: kept) else { break }
      open = next
    }
    return result + source[kept...]
  }

  private init(source: [UInt8], references: Set<[UInt8]>) {
    self.source = source
    self.references = references
  }

  private static func isSpecial(_ byte: UInt8) -> Bool {
    switch byte {
    case 10, 33, 38, 42, 60, 91, 92, 93, 95, 96, 126: true  // \n ! & * < [ \ ] _ ` ~
    default: false
    }
  }

  private mutating func parse(_ deadline: Deadline) throws(ReadFailure) -> [UInt8] {
    output.reserveCapacity(source.count)
    var steps = 0
    while position < source.count {
      steps &+= 1
      if steps & 0xFFF == 0 { try deadline.check() }
      let byte = source[position]
      guard Self.isSpecial(byte) else {
        let start = position
        while position < source.count, !Self.isSpecial(source[position]) { position += 1 }
        output.append(contentsOf: source[start..<position])
        continue
      }
      switch byte {
      case UInt8(ascii: "\\"): readEscape()
      case UInt8(ascii: "`"): readCode()
      case UInt8(ascii: "<"): readAngle()
      case UInt8(ascii: "&"): readReference()
      case UInt8(ascii: "["): readOpeningBracket()
      case UInt8(ascii: "]"): readClosingBracket()
      case UInt8(ascii: "!"): readExclamation()
      case 10: readLineEnd()
      default: readEmphasis(byte)
      }
    }
    emphasis.match(cuts: &cuts)
    return applyCuts()
  }

  private mutating func applyCuts() -> [UInt8] {
    guard !cuts.isEmpty else { return output }
    cuts.sort { $0.lowerBound < $1.lowerBound }
    var result: [UInt8] = []
    result.reserveCapacity(output.count)
    var kept = 0
    for cut in cuts {
      if cut.lowerBound > kept { result.append(contentsOf: output[kept..<cut.lowerBound]) }
      kept = max(kept, cut.upperBound)
    }
    result.append(contentsOf: output[kept...])
    return result
  }

  // MARK: single marks

  private func byte(at index: Int) -> UInt8? { index < source.count ? source[index] : nil }

  private mutating func readEscape() {
    guard let next = byte(at: position + 1) else { return take(1) }
    if next.isPunctuation {
      output.append(next)
      position += 2
    } else if next == 10 {
      output.append(10)
      position += 2
    } else {
      take(1)
    }
  }

  private mutating func take(_ count: Int) {
    output.append(contentsOf: source[position..<(position + count)])
    position += count
  }

  private mutating func readLineEnd() {
    var spaces = 0
    while output.last == 32 {
      output.removeLast()
      spaces += 1
    }
    output.append(spaces >= 2 ? 10 : 32)
    position += 1
    while let next = byte(at: position), next == 32 || next == 9 { position += 1 }
  }

  private mutating func readReference() {
    if let (scalars, end) = CharacterReference.parse(source[position...]),
      source[end - 1] == UInt8(ascii: ";")
    {
      for scalar in scalars { output.append(contentsOf: Array(String(scalar).utf8)) }
      position = end
    } else {
      take(1)
    }
  }

  private mutating func readCode() {
    let length = run(of: UInt8(ascii: "`"), from: position)
    if lastBackticks == nil { indexBackticks() }
    let start = position + length
    guard let last = lastBackticks?[length], last >= start else { return take(length) }
    var at = start
    while at < source.count {
      guard source[at] == UInt8(ascii: "`") else {
        at += 1
        continue
      }
      let closing = run(of: UInt8(ascii: "`"), from: at)
      if closing == length { break }
      at += closing
    }
    var code = source[start..<min(at, source.count)].map { $0 == 10 ? 32 : $0 }
    if code.count >= 2, code.first == 32, code.last == 32, code.contains(where: { $0 != 32 }) {
      code = Array(code.dropFirst().dropLast())
    }
    output.append(contentsOf: code)
    position = min(source.count, at + length)
  }

  private func run(of byte: UInt8, from: Int) -> Int {
    var end = from
    while end < source.count, source[end] == byte { end += 1 }
    return end - from
  }

  private mutating func indexBackticks() {
    var index: [Int: Int] = [:]
    var at = position
    while at < source.count {
      if source[at] == UInt8(ascii: "`") {
        let length = run(of: UInt8(ascii: "`"), from: at)
        index[length] = at
        at += length
      } else {
        at += 1
      }
    }
    lastBackticks = index
  }

  // MARK: angle brackets

  /// Autolinks keep their address; tags of HTML go; `<your-name>`, which is no tag, stays.
  private mutating func readAngle() {
    if source[position...].starts(withASCII: "<!--") {
      guard !hasNoMoreComments, let end = source.firstIndex(ofASCII: "-->", from: position + 2) else {
        hasNoMoreComments = true
        return take(1)
      }
      position = end + 3
      return
    }
    let window = source[position...].prefix(1_000)
    guard let close = window.firstIndex(of: UInt8(ascii: ">")) else { return take(1) }
    let inner = source[(position + 1)..<close]
    if Self.isAddress(inner) {
      output.append(contentsOf: inner)
      position = close + 1
      return
    }
    let isEnd = inner.first == UInt8(ascii: "/")
    let name = inner.dropFirst(isEnd ? 1 : 0).prefix(20).prefix {
      $0.isAlphanumeric || $0 == UInt8(ascii: "-")
    }
    let after = inner.dropFirst((isEnd ? 1 : 0) + name.count).first
    guard !name.isEmpty, after == nil || after == UInt8(ascii: "/") || after!.isTextSpace,
      HTMLElement.isKnown(name.map(\.lowercased).string)
    else { return take(1) }
    let tag = name.map(\.lowercased).string
    // A quoted value may hold `>`: the tokenizer knows the tag's true end.
    let hasQuotes = inner.contains { $0 == 34 || $0 == 39 }
    var tokenizer = MarkupTokenizer(Array(hasQuotes ? window : window[...close]), .html)
    guard let token = tokenizer.next(), tokenizer.position > 1 else { return take(1) }
    switch token {
    case .start(_, let attributes, _):
      if tag == "br" { output.append(10) }
      if tag == "img", let text = tokenizer.attribute("alt", in: attributes) {
        output.append(contentsOf: Array(text.utf8))
      }
      position += tokenizer.position
    case .end: position += tokenizer.position
    case .text, .verbatim: take(1)
    }
  }

  private static func isAddress(_ text: ArraySlice<UInt8>) -> Bool {
    guard !text.isEmpty, !text.contains(where: { $0 <= 32 || $0 == UInt8(ascii: "<") }) else { return false }
    let scheme = text.prefix(33).prefix { $0.isAlphanumeric || "+.-".utf8.contains($0) }
    if scheme.count >= 2, scheme.first!.isLetter, text.dropFirst(scheme.count).first == UInt8(ascii: ":") {
      return true
    }
    guard let at = text.firstIndex(of: UInt8(ascii: "@")) else { return false }
    return at > text.startIndex && text[(at + 1)...].contains(UInt8(ascii: "."))
  }

  // MARK: emphasis

  private mutating func readEmphasis(_ mark: UInt8) {
    let length = run(of: mark, from: position)
    let before = position > 0 && !endsWithSpace(position) ? source[position - 1] : 32
    let end = position + length
    let after = end < source.count && !source[end...].startsWithUnicodeSpace ? source[end] : 32
    let start = output.count
    take(length)
    guard mark != UInt8(ascii: "~") || length <= 2 else { return }
    emphasis.add(mark, start..<output.count, before: before, after: after)
  }

  /// Whether a no-break or other wide space stands before an index.
  private func endsWithSpace(_ index: Int) -> Bool {
    (index >= 2 && source[(index - 2)...].startsWithUnicodeSpace && source[index - 2] == 0xC2)
      || (index >= 3 && source[(index - 3)...].startsWithUnicodeSpace && source[index - 3] != 0xC2)
  }

  // MARK: links

  private mutating func readExclamation() {
    guard byte(at: position + 1) == UInt8(ascii: "[") else { return take(1) }
    let start = output.count
    brackets.append(Bracket(sourceIndex: position + 2, outputRange: start..<(start + 2)))
    take(2)
  }

  private mutating func readOpeningBracket() {
    if readSpecialBracket() { return }
    let start = output.count
    brackets.append(Bracket(sourceIndex: position + 1, outputRange: start..<(start + 1)))
    take(1)
  }

  /// `[!INCLUDE [x](y)]`, `[!NOTE]` at the start, `[^1]`, `[[Page|text]]`.
  private mutating func readSpecialBracket() -> Bool {
    let rest = source[position...].prefix(400)
    if rest.startsIgnoringCase("[!include") {
      guard let end = rest.firstIndex(of: UInt8(ascii: ")")), end + 1 < rest.endIndex,
        rest[end + 1] == UInt8(ascii: "]")
      else { return false }
      position = end + 2
      return true
    }
    if position == 0, rest.starts(withASCII: "[!"), rest.dropFirst(2).first?.isLetter == true {
      guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
      position = end + 1
      return true
    }
    if rest.starts(withASCII: "[^") {
      let label = rest.dropFirst(2).prefix { !$0.isTextSpace && $0 != UInt8(ascii: "]") }
      guard !label.isEmpty, label.endIndex < rest.endIndex, rest[label.endIndex] == UInt8(ascii: "]"),
        references.contains(MarkdownLine.normalised(rest[(position + 1)..<label.endIndex]))
      else { return false }
      position = label.endIndex + 1
      return true
    }
    if rest.starts(withASCII: "[[") {
      let inner = rest.dropFirst(2).prefix { $0 != UInt8(ascii: "]") && $0 != UInt8(ascii: "[") && $0 != 10 }
      let end = inner.endIndex
      guard !inner.isEmpty, end + 1 < rest.endIndex, rest[end] == UInt8(ascii: "]"),
        rest[end + 1] == UInt8(ascii: "]"), byte(at: end + 2) != UInt8(ascii: "("),
        inner.first?.isLetter == true
      else { return false }
      let shown = inner.lastIndex(of: UInt8(ascii: "|")).map { inner[($0 + 1)...] } ?? inner
      output.append(contentsOf: shown)
      position = end + 2
      return true
    }
    return false
  }

  private mutating func readClosingBracket() {
    guard let opener = brackets.popLast() else { return take(1) }
    let text = source[opener.sourceIndex..<position]
    if let end = linkEnd(after: position + 1, text: text) {
      cuts.append(opener.outputRange)
      position = end
    } else {
      take(1)
    }
  }

  /// Where a link whose text just closed ends; nil where it is none.
  private func linkEnd(after index: Int, text: ArraySlice<UInt8>) -> Int? {
    if byte(at: index) == UInt8(ascii: "("), let end = MarkdownLink.destinationEnd(source, index + 1) {
      return end
    }
    if byte(at: index) == UInt8(ascii: "[") {
      let label = source[index...].prefix(1_002)
      if let close = MarkdownLink.closingBracket(label) {
        let inner = source[(index + 1)..<close]
        if references.contains(MarkdownLine.normalised(inner.isEmpty ? text.prefix(1_000) : inner)) {
          return close + 1
        }
      }
    }
    guard !references.isEmpty, text.count <= 1_000, references.contains(MarkdownLine.normalised(text)) else {
      return nil
    }
    return index
  }
}
