extension UInt8 {
  /// Space, tab, line feed, form feed, carriage return.
  var isTextSpace: Bool { self == 32 || (self >= 9 && self <= 13) }
  var isDigit: Bool { self >= 48 && self <= 57 }
  var isLetter: Bool { (self | 32) >= 97 && (self | 32) <= 122 }
  var isAlphanumeric: Bool { isDigit || isLetter }
  /// ASCII punctuation, as Markdown and reStructuredText mean it.
  var isPunctuation: Bool {
    (self >= 33 && self <= 47) || (self >= 58 && self <= 64) || (self >= 91 && self <= 96)
      || (self >= 123 && self <= 126)
  }
  var lowercased: UInt8 { self >= 65 && self <= 90 ? self | 32 : self }
}

extension Collection<UInt8> {
  /// One space for each run of whitespace (no-break and other wide spaces too), none at the ends.
  func collapsingSpace() -> [UInt8] {
    let source = Array(self)
    var result: [UInt8] = []
    result.reserveCapacity(source.count)
    var pending = false
    var index = 0
    while index < source.count {
      let byte = source[index]
      if byte.isTextSpace {
        pending = true
      } else if byte >= 0xC2, byte <= 0xE3, source[index...].startsWithUnicodeSpace {
        pending = true
        index += byte == 0xC2 ? 1 : 2
      } else {
        if pending, !result.isEmpty { result.append(32) }
        pending = false
        result.append(byte)
      }
      index += 1
    }
    return result
  }

  func starts(withASCII text: StaticString) -> Bool {
    text.withUTF8Buffer { self.starts(with: $0) }
  }

  /// ASCII letters compare without case; `text` is lowercase.
  func startsIgnoringCase(_ text: StaticString) -> Bool {
    text.withUTF8Buffer { self.starts(with: $0) { $0.lowercased == $1 } }
  }

  var string: String { String(decoding: self, as: UTF8.self) }
}

extension ArraySlice where Element == UInt8 {
  /// U+00A0, U+2000-U+200A, U+202F or U+3000.
  var startsWithUnicodeSpace: Bool {
    guard count >= 2 else { return false }
    let first = self[startIndex]
    let second = self[startIndex + 1]
    if first == 0xC2 { return second == 0xA0 }
    guard count >= 3, second == 0x80 else { return false }
    let third = self[startIndex + 2]
    return (first == 0xE2 && ((0x80...0x8A).contains(third) || third == 0xAF))
      || (first == 0xE3 && third == 0x80)
  }
}

extension BidirectionalCollection<UInt8> {
  /// Where the last line begins.
  var lastLineStart: Index? {
    guard !isEmpty else { return nil }
    guard let lineFeed = lastIndex(of: 10) else { return startIndex }
    return index(after: lineFeed)
  }

  func trimmed() -> SubSequence {
    var rest = self[...]
    while let first = rest.first, first.isTextSpace { rest = rest.dropFirst() }
    while let last = rest.last, last.isTextSpace { rest = rest.dropLast() }
    return rest
  }
}

extension String {
  /// At most so many bytes, cut between characters and marked with an ellipsis.
  func cut(toBytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    var end = utf8.index(startIndex, offsetBy: max(0, limit - 3))
    while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return self[..<end] + "…"
  }
}

extension Array where Element == UInt8 {
  /// Calls `body` with each line's range, without its line feed; a last line without one counts.
  func forEachLine<E: Error>(_ body: (Range<Int>) throws(E) -> Void) throws(E) {
    var start = 0
    while start < count {
      var end = start
      while end < count, self[end] != 10 { end += 1 }
      try body(start..<end)
      start = end + 1
    }
  }
}
