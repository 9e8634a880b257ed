/// A piece of HTML or XML source. Ranges are offsets into the tokenizer's bytes.
enum MarkupToken {
  /// Character references are still in it.
  case text(Range<Int>)
  /// CDATA: taken as it stands.
  case verbatim(Range<Int>)
  case start(name: String, attributes: Range<Int>, isSelfClosing: Bool)
  case end(name: String)
}

/// Cuts HTML or XML into tags and text, forgiving everything, in time linear in the input.
///
/// There is no tree and no recursion: depth costs nothing. Comments, processing instructions and document
/// types (with whatever entities they define) are passed over. What cannot be a tag is text.
struct MarkupTokenizer {
  enum Dialect { case html, xml }

  let bytes: [UInt8]
  private let dialect: Dialect
  private(set) var position = 0
  /// Searches that once failed fail for every later position: remembered, so that a file of openings
  /// without ends does not cost the square of its size.
  private var exhausted: Set<String> = []

  init(_ bytes: [UInt8], _ dialect: Dialect) {
    self.bytes = bytes
    self.dialect = dialect
  }

  /// - Returns: nil at the end.
  mutating func next() -> MarkupToken? {
    while position < bytes.count {
      if bytes[position] == UInt8(ascii: "<") {
        let start = position
        switch readTag() {
        case .token(let token): return token
        case .passedOver: continue
        case .notATag:
          position = find(UInt8(ascii: "<"), from: start + 1) ?? bytes.count
          return .text(start..<position)
        }
      }
      let start = position
      position = find(UInt8(ascii: "<"), from: start) ?? bytes.count
      return .text(start..<position)
    }
    return nil
  }

  /// What stands before the end tag of a raw-text element (script, title) whose start was just returned.
  ///
  /// - Returns: nil where the end tag is missing: then the element is taken as empty.
  mutating func rawText(of name: String) -> Range<Int>? {
    guard !exhausted.contains(name) else { return nil }
    let start = position
    var at = start
    while let open = find(UInt8(ascii: "<"), from: at) {
      let nameStart = open + 2
      if nameStart + name.utf8.count <= bytes.count, bytes[open + 1] == UInt8(ascii: "/"),
        bytes[nameStart..<(nameStart + name.utf8.count)].elementsEqual(name.utf8, by: { $0.lowercased == $1 })
      {
        position = find(UInt8(ascii: ">"), from: nameStart).map { $0 + 1 } ?? bytes.count
        return start..<open
      }
      at = open + 1
    }
    exhausted.insert(name)
    return nil
  }

  // MARK: tags

  private enum Outcome {
    case token(MarkupToken)
    case passedOver
    case notATag
  }

  private mutating func readTag() -> Outcome {
    let start = position
    guard start + 1 < bytes.count else { return .notATag }
    switch bytes[start + 1] {
    case UInt8(ascii: "!"): return readDeclaration()
    case UInt8(ascii: "?"):
      guard let end = find("?>", "?>", from: start) ?? find(">", ">", from: start) else { return .notATag }
      position = bytes[end] == UInt8(ascii: "?") ? end + 2 : end + 1
      return .passedOver
    case UInt8(ascii: "/"):
      guard let end = find(">", ">", from: start) else {
        // Cells are often cut off inside their last tag.
        position = find(UInt8(ascii: "<"), from: start + 1) ?? bytes.count
        return .passedOver
      }
      guard bytes[start + 2].isLetter else {
        position = end + 1
        return .passedOver
      }
      let name = readName(from: start + 2, to: end)
      position = end + 1
      return .token(.end(name: name.text))
    case let byte where byte.isLetter || (dialect == .xml && byte == UInt8(ascii: "_")):
      return readStartTag()
    default: return .notATag
    }
  }

  private mutating func readDeclaration() -> Outcome {
    let start = position
    let rest = bytes[start...].prefix(9)
    if rest.starts(withASCII: "<!--") {
      let end = find("-->", "-->", from: start + 2) ?? find(">", ">", from: start)
      position = end.map { bytes[$0] == UInt8(ascii: "-") ? $0 + 3 : $0 + 1 } ?? bytes.count
      return .passedOver
    }
    if rest.starts(withASCII: "<![CDATA["), let end = find("]]>", "]]>", from: start) {
      position = end + 3
      return .token(.verbatim((start + 9)..<end))
    }
    guard var end = find(">", ">", from: start) else { return .notATag }
    // An internal subset may define entities; none is ever expanded.
    if let bracket = bytes[start..<end].firstIndex(of: UInt8(ascii: "[")),
      rest.startsIgnoringCase("<!doctype"),
      let close = find("]>", "]>", from: bracket)
    {
      end = close + 1
    }
    position = end + 1
    return .passedOver
  }

  private mutating func readStartTag() -> Outcome {
    let start = position
    guard let firstEnd = find(">", ">", from: start) else { return .notATag }
    let name = readName(from: start + 1, to: firstEnd)
    guard let end = tagEnd(from: name.end, atLeast: firstEnd) else { return .notATag }
    position = end + 1
    let isSelfClosing = end > name.end && bytes[end - 1] == UInt8(ascii: "/")
    return .token(
      .start(
        name: name.text, attributes: name.end..<(isSelfClosing ? end - 1 : end), isSelfClosing: isSelfClosing)
    )
  }

  /// The `>` that ends a tag, past those inside quoted values.
  private mutating func tagEnd(from: Int, atLeast firstEnd: Int) -> Int? {
    var at = from
    var end = firstEnd
    while true {
      guard let quote = bytes[at..<end].firstIndex(where: { $0 == 34 || $0 == 39 }) else { return end }
      let mark = bytes[quote]
      // A quote that opens no value (no `=` before it) is an ordinary character.
      guard quote > from, opensValue(quote, from) else {
        at = quote + 1
        continue
      }
      let closing = mark == 34 ? find("\"", "\"", from: quote + 1) : find("'", "'", from: quote + 1)
      guard let closing else { return end }
      at = closing + 1
      if closing > end {
        guard let later = find(">", ">", from: at) else { return end }
        end = later
      }
    }
  }

  private func opensValue(_ quote: Int, _ from: Int) -> Bool {
    var before = quote - 1
    while before > from, bytes[before].isTextSpace { before -= 1 }
    return bytes[before] == UInt8(ascii: "=")
  }

  /// Tag names are ASCII in practice; HTML's are folded to lower case, XML's lose their prefix.
  private func readName(from: Int, to: Int) -> (text: String, end: Int) {
    var end = from
    let limit = min(to, from + 64)
    while end < limit, !bytes[end].isTextSpace, bytes[end] != UInt8(ascii: "/") { end += 1 }
    switch dialect {
    case .html: return (bytes[from..<end].map(\.lowercased).string, end)
    case .xml:
      let colon = bytes[from..<end].firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? from
      return (bytes[colon..<end].string, end)
    }
  }

  // MARK: attributes

  /// The value of an attribute, references decoded; for XML the name counts without its prefix.
  func attribute(_ wanted: String, in range: Range<Int>) -> String? {
    var at = range.lowerBound
    let end = range.upperBound
    while at < end {
      while at < end, bytes[at].isTextSpace || bytes[at] == UInt8(ascii: "/") { at += 1 }
      let nameStart = at
      while at < end, !bytes[at].isTextSpace, bytes[at] != UInt8(ascii: "=") { at += 1 }
      var name = bytes[nameStart..<at]
      if dialect == .xml, let colon = name.firstIndex(of: UInt8(ascii: ":")) { name = name[(colon + 1)...] }
      while at < end, bytes[at].isTextSpace { at += 1 }
      var value = at..<at
      if at < end, bytes[at] == UInt8(ascii: "=") {
        at += 1
        while at < end, bytes[at].isTextSpace { at += 1 }
        if at < end, bytes[at] == 34 || bytes[at] == 39 {
          let close = bytes[(at + 1)..<end].firstIndex(of: bytes[at]) ?? end
          value = (at + 1)..<close
          at = min(end, close + 1)
        } else {
          let valueStart = at
          while at < end, !bytes[at].isTextSpace { at += 1 }
          value = valueStart..<at
        }
      } else if at == nameStart {
        at += 1
      }
      let matches =
        dialect == .html
        ? name.elementsEqual(wanted.utf8, by: { $0.lowercased == $1 }) : name.elementsEqual(wanted.utf8)
      if matches {
        var decoded: [UInt8] = []
        CharacterReference.decode(bytes[value], into: &decoded)
        return decoded.string
      }
    }
    return nil
  }

  // MARK: searching

  private func find(_ byte: UInt8, from: Int) -> Int? { bytes.firstIndex(ofByte: byte, from: from) }

  private mutating func find(_ needle: StaticString, _ key: String, from: Int) -> Int? {
    guard !exhausted.contains(key) else { return nil }
    let found = bytes.firstIndex(ofASCII: needle, from: from)
    if found == nil { exhausted.insert(key) }
    return found
  }
}
