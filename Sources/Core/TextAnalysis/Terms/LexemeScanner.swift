import CText

/// Turns a window's words into lexemes: joins what belongs together, recognises identifiers, splits them.
///
/// Lexemes come by ascending start; a whole comes before its parts.
struct LexemeScanner {
  let window: FoldedWindow
  let bytes: UnsafeBufferPointer<UInt8>
  let emit: (Lexeme) -> Void

  static func scan(_ window: FoldedWindow, _ emit: (Lexeme) -> Void) {
    withoutActuallyEscaping(emit) { emit in
      let scanner = LexemeScanner(window: window, bytes: window.bytes, emit: emit)
      scanner.run()
    }
  }

  private func run() {
    let words = window.words
    var index = 0
    while index < words.count {
      let word = words[index]
      let range = Int(word.start)..<Int(word.end)
      index += 1
      if word.flags == UInt32(CTEXT_CJK) {
        emit(Lexeme(bytes: window.slice(range), range: range, kind: .word, form: .cjk))
        continue
      }
      let end = compoundEnd(range, &index)
      if end > range.upperBound {
        compound(range.lowerBound..<end)
      } else if word.flags == UInt32(CTEXT_LETTER) {
        if !decorated(range) { self.word(range, .word) }
      } else if word.flags & ~UInt32(CTEXT_LETTER | CTEXT_APOSTROPHE) == 0 {
        apostrophes(range, kind: .word)
      } else {
        compound(range)
      }
    }
  }

  /// How far the words from here on are joined by connectors; moves the index behind them.
  private func compoundEnd(_ first: Range<Int>, _ index: inout Int) -> Int {
    let words = window.words
    var end = first.upperBound
    while index < words.count {
      let next = words[index]
      let start = Int(next.start)
      guard start > end, start - end <= 3, next.flags != UInt32(CTEXT_CJK), isConnector(end..<start),
        isAlphabetic(endingAt: end), isAlphabetic(beginningAt: start)
      else { break }
      let isURL = start - end == 3
      end = Int(next.end)
      index += 1
      guard isURL else { continue }
      let limit = urlEnd(end)
      while index < words.count, Int(words[index].start) < limit {
        end = Int(words[index].end)
        index += 1
      }
    }
    return end
  }

  private func isConnector(_ gap: Range<Int>) -> Bool {
    let first = bytes[gap.lowerBound]
    switch gap.count {
    case 1: return LexemeScanner.connectors.contains(first)
    case 2:
      let second = bytes[gap.lowerBound + 1]
      return first == UInt8(ascii: ":") && (second == first || second == UInt8(ascii: "\\"))
    default:
      return first == UInt8(ascii: ":") && bytes[gap.lowerBound + 1] == UInt8(ascii: "/")
        && bytes[gap.lowerBound + 2] == UInt8(ascii: "/")
    }
  }

  private static let connectors = ByteSet("-/\\:@&+._~")

  /// Latin, Greek, Cyrillic, Armenian or a digit: scripts in which a connector joins.
  private func isAlphabetic(beginningAt index: Int) -> Bool {
    let byte = bytes[index]
    if byte < 0x80 { return byte.isLetterOrDigit }
    if byte == 0xE1, index + 1 < bytes.count { return (0xB8...0xBF).contains(bytes[index + 1]) }
    return (0xC3...0xD6).contains(byte)
  }

  private func isAlphabetic(endingAt end: Int) -> Bool {
    var index = end - 1
    while index > 0, bytes[index] & 0xC0 == 0x80 { index -= 1 }
    return isAlphabetic(beginningAt: index)
  }

  /// Where a URL ends that has reached this place: at a blank or a character that quotes or brackets it.
  private func urlEnd(_ start: Int) -> Int {
    var end = start
    while end < bytes.count, bytes[end] > 0x20, !LexemeScanner.urlTerminators.contains(bytes[end]) {
      end += 1
    }
    return end
  }

  private static let urlTerminators = ByteSet("<>\"'`{}|^()[]")

  /// `c++`, `c#`, `.net`: names that carry a mark on one side.
  private func decorated(_ range: Range<Int>) -> Bool {
    let end = range.upperBound
    var whole = range
    if end < bytes.count, bytes[end] == UInt8(ascii: "+") {
      guard end + 1 < bytes.count, bytes[end + 1] == UInt8(ascii: "+"), !isWordByte(end + 2) else {
        return false
      }
      whole = range.lowerBound..<end + 2
    } else if end < bytes.count, bytes[end] == UInt8(ascii: "#") {
      guard range.count <= 2, !isWordByte(end + 1) else { return false }
      whole = range.lowerBound..<end + 1
    } else if range.lowerBound > 0, bytes[range.lowerBound - 1] == UInt8(ascii: ".") {
      guard range.count <= 10 else { return false }
      let before = range.lowerBound - 2
      guard before < 0 || bytes[before] <= 0x20 || LexemeScanner.openers.contains(bytes[before]) else {
        return false
      }
      whole = range.lowerBound - 1..<end
    } else {
      return false
    }
    exact(whole, .identifier)
    word(range, .identifierPart)
    return true
  }

  private static let openers = ByteSet("([{\"'`*")

  private func isWordByte(_ index: Int) -> Bool {
    index < bytes.count && (bytes[index] >= 0x80 || bytes[index].isLetterOrDigit)
  }

  // MARK: - Emitting

  func word(_ range: Range<Int>, _ kind: Token.Kind) {
    emit(Lexeme(bytes: window.slice(range), range: range, kind: kind, form: .word))
  }

  func exact(_ range: Range<Int>, _ kind: Token.Kind) {
    emit(Lexeme(bytes: window.slice(range), range: range, kind: kind, form: .exact))
  }

  /// Emits a range without some of its bytes.
  func joined(_ range: Range<Int>, without removed: ByteSet, kind: Token.Kind, form: Lexeme.Form) {
    // A term is cut at `longestTerm`: no need to join more.
    let limit = 2 * TextAnalyzer.longestTerm
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: limit) { buffer in
      var count = 0
      for index in range where !removed.contains(bytes[index]) {
        if count == limit { break }
        buffer[count] = bytes[index]
        count += 1
      }
      emit(
        Lexeme(bytes: UnsafeBufferPointer(rebasing: buffer[..<count]), range: range, kind: kind, form: form)
      )
    }
  }

  /// A word with apostrophes inside: possessive and elision go, contractions stay, names are joined.
  func apostrophes(_ range: Range<Int>, kind: Token.Kind) {
    let apostrophe = UInt8(ascii: "'")
    var range = range
    let slice = bytes[range]
    if slice.count > 2, slice.last == UInt8(ascii: "s"), slice.dropLast().last == apostrophe {
      range = range.lowerBound..<range.upperBound - 2
    }
    if let first = bytes[range].firstIndex(of: apostrophe), first < range.upperBound - 1,
      LexemeScanner.elisions.contains(String(decoding: bytes[range.lowerBound..<first], as: UTF8.self))
    {
      range = first + 1..<range.upperBound
    }
    guard let last = bytes[range].lastIndex(of: apostrophe) else {
      word(range, kind)
      return
    }
    let ending = String(decoding: bytes[last + 1..<range.upperBound], as: UTF8.self)
    if LexemeScanner.contractions.contains(ending) {
      emit(Lexeme(bytes: window.slice(range), range: range, kind: kind, form: .contraction))
    } else {
      joined(range, without: ByteSet("'"), kind: kind, form: .word)
    }
  }

  /// Endings of English contractions.
  private static let contractions: Set<String> = ["t", "re", "ll", "ve", "d", "m"]

  /// Articles, pronouns and prepositions that French, Italian and Catalan elide.
  private static let elisions: Set<String> = [
    "l", "d", "j", "m", "t", "s", "c", "n", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "quelqu", "un",
    "all",
    "dall", "dell", "nell", "sull", "gl", "dagl", "degl", "negl", "sugl", "quest", "quell",
  ]
}
