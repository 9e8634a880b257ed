/// Takes inline marks off reStructuredText: roles, references, emphasis, literals, substitutions.
struct ReStructuredTextInlines {
  private let source: [UInt8]
  private let substitutions: [[UInt8]: [UInt8]]
  private var output: [UInt8] = []
  private var position = 0
  /// Marks whose end was once sought in vain.
  private var unclosed: Set<String> = []

  static func plainText(_ source: [UInt8], _ substitutions: [[UInt8]: [UInt8]]) -> [UInt8] {
    guard source.contains(where: { "`*|\\_\n:".utf8.contains($0) }) else { return source }
    var parser = ReStructuredTextInlines(source: source, substitutions: substitutions)
    parser.parse()
    return parser.output
  }

  private init(source: [UInt8], substitutions: [[UInt8]: [UInt8]]) {
    self.source = source
    self.substitutions = substitutions
  }

  private mutating func parse() {
    while position < source.count {
      switch source[position] {
      case UInt8(ascii: "\\"):
        if position + 1 < source.count, !source[position + 1].isTextSpace {
          output.append(source[position + 1])
        }
        position += 2
      case UInt8(ascii: "`"): readBackticks()
      case UInt8(ascii: "*"): readEmphasis()
      case UInt8(ascii: "|"): readSubstitution()
      case UInt8(ascii: ":"): readRole()
      case UInt8(ascii: "["): readFootnote()
      case UInt8(ascii: "_"): readUnderscore()
      case 10:
        output.append(32)
        position += 1
        while position < source.count, source[position] == 32 { position += 1 }
      case let byte:
        output.append(byte)
        position += 1
      }
    }
  }

  private mutating func take(_ count: Int = 1) {
    output.append(contentsOf: source[position..<min(source.count, position + count)])
    position += count
  }

  private func byte(at index: Int) -> UInt8? {
    index >= 0 && index < source.count ? source[index] : nil
  }

  /// Start of the next `mark`, which must not follow a space.
  private mutating func find(_ mark: String, from: Int) -> Int? {
    guard !unclosed.contains(mark) else { return nil }
    let bytes = Array(mark.utf8)
    var index = from
    while index + bytes.count <= source.count {
      if source[index] == bytes[0], source[index...].starts(with: bytes), !source[index - 1].isTextSpace {
        return index
      }
      index += 1
    }
    unclosed.insert(mark)
    return nil
  }

  private mutating func readBackticks() {
    if source[position...].starts(withASCII: "``") {
      guard let end = find("``", from: position + 3) else { return take(2) }
      output.append(contentsOf: source[(position + 2)..<end])
      position = end + 2
      return
    }
    guard let next = byte(at: position + 1), !next.isTextSpace, let end = find("`", from: position + 2) else {
      return take()
    }
    output.append(contentsOf: Self.shownText(source[(position + 1)..<end]))
    position = end + 1
    while byte(at: position) == UInt8(ascii: "_") { position += 1 }
    // `text`:role:
    if byte(at: position) == UInt8(ascii: ":"), let end = roleEnd(position) { position = end }
  }

  /// Of `text <target>` the text; of `~package.name` its last part.
  private static func shownText(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    if text.last == UInt8(ascii: ">"), let open = text.lastIndex(of: UInt8(ascii: "<")) {
      let shown = text[..<open].trimmed()
      return shown.isEmpty ? text[(open + 1)...].dropLast() : shown
    }
    if text.first == UInt8(ascii: "~") {
      let path = text.dropFirst()
      return path.lastIndex(of: UInt8(ascii: ".")).map { path[($0 + 1)...] } ?? path
    }
    return text.first == UInt8(ascii: "!") ? text.dropFirst() : text
  }

  /// The index behind `:name:` that begins at `start`.
  private func roleEnd(_ start: Int) -> Int? {
    let name = source[(start + 1)...].prefix(60)
      .prefix { $0.isAlphanumeric || "-_+.:".utf8.contains($0) }
    guard let last = name.lastIndex(of: UInt8(ascii: ":")), last > start + 1 else { return nil }
    return last + 1
  }

  private mutating func readRole() {
    guard let end = roleEnd(position), byte(at: end) == UInt8(ascii: "`"),
      byte(at: position - 1).map({ !$0.isAlphanumeric }) ?? true
    else { return take() }
    position = end
    readBackticks()
  }

  private mutating func readEmphasis() {
    let mark = byte(at: position + 1) == UInt8(ascii: "*") ? "**" : "*"
    let length = mark.utf8.count
    guard let next = byte(at: position + length), !next.isTextSpace,
      byte(at: position - 1).map({ !$0.isAlphanumeric && $0 < 0x80 }) ?? true,
      let end = find(mark, from: position + length + 1)
    else { return take(length) }
    output.append(contentsOf: source[(position + length)..<end].map { $0 == 10 ? 32 : $0 })
    position = end + length
  }

  private mutating func readSubstitution() {
    let name = source[(position + 1)...].prefix(100).prefix { $0 != UInt8(ascii: "|") && $0 != 10 }
    guard !name.isEmpty, byte(at: name.endIndex) == UInt8(ascii: "|"), let text = substitutions[Array(name)]
    else {
      return take()
    }
    output.append(contentsOf: text)
    position = name.endIndex + 1
    while byte(at: position) == UInt8(ascii: "_") { position += 1 }
  }

  /// `[1]_` goes, `[Knuth84]_` stays without its mark.
  private mutating func readFootnote() {
    let label = source[(position + 1)...].prefix(40)
      .prefix { $0.isAlphanumeric || "#*-_.".utf8.contains($0) }
    guard !label.isEmpty, byte(at: label.endIndex) == UInt8(ascii: "]"),
      byte(at: label.endIndex + 1) == UInt8(ascii: "_")
    else { return take() }
    if label.contains(where: \.isLetter), label.first != UInt8(ascii: "#") {
      output.append(contentsOf: source[position...label.endIndex])
    } else if output.last == 32 {
      output.removeLast()
    }
    position = label.endIndex + 2
  }

  /// `name_` and `_`target`` lose the mark; `snake_case` keeps it.
  private mutating func readUnderscore() {
    let before = byte(at: position - 1)
    var end = position
    while byte(at: end) == UInt8(ascii: "_"), end - position < 2 { end += 1 }
    let after = byte(at: end)
    let followsWord = before.map { $0.isAlphanumeric || $0 >= 0x80 } ?? false
    // `__init__` is a name, not a reference.
    var word = position
    while word > max(0, position - 64), source[word - 1].isAlphanumeric || source[word - 1] == 95 {
      word -= 1
    }
    if followsWord, byte(at: word) == UInt8(ascii: "_") { return take(end - position) }
    let endsWord = after.map { !$0.isAlphanumeric && $0 < 0x80 && $0 != UInt8(ascii: "_") } ?? true
    if followsWord && endsWord {
      position = end
    } else if !followsWord, after == UInt8(ascii: "`"), end == position + 1 {
      position = end
    } else {
      take(end - position)
    }
  }
}
