/// Masks payment card numbers, and the security codes beside them, in whatever is about to be stored or sent on.
///
/// A card number here is 13 to 19 digits of any script, perhaps in groups, that begin as a network's numbers do, are as
/// long as its numbers are, and end in their check digit (ISO/IEC 7812-1). Its digits but the last four become `*`, each
/// as many as it has bytes, so that byte ranges of the text stay what they were. A code is masked whole, where a word
/// such as CVV announces it or an expiry date stands before it, within 80 bytes of a card. Takes linear time.
public enum CardMask {
  /// - Returns: the text itself where there is nothing to mask.
  public static func masked(_ text: String) -> String {
    // Most texts have too few digits in a row to go on with.
    guard text.utf8.count >= leastDigits, mayHoldCard(text) else { return text }
    var scanner = CardScanner(Array(text.utf8))
    return scanner.run() ? String(decoding: scanner.bytes, as: UTF8.self) : text
  }

  static let leastDigits = 13

  /// Whether as many digits as a card has follow each other with little between.
  private static func mayHoldCard(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var digits = 0
      var gap = 0
      for byte in bytes {
        // Any byte beyond ASCII may be part of a digit or of a separator.
        if (0x30...0x39).contains(byte) || byte >= 0x80 {
          digits += 1
          gap = 0
          if digits >= leastDigits { return true }
        } else if gap < 3, [0x20, 0x2d, 0x2e, 0x09, 0x5f].contains(byte) {
          gap += 1
        } else {
          digits = 0
          gap = 0
        }
      }
      return false
    }
  }
}

/// Goes once over the bytes of a text, masking in place.
struct CardScanner {
  private(set) var bytes: [UInt8]
  private var hasMasked = false
  /// Up to where codes were looked for.
  private var codesSoughtTo = 0

  private struct Digit {
    let value: Int
    let range: Range<Int>
  }

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// - Returns: whether anything was masked.
  mutating func run() -> Bool {
    var i = 0
    while i < bytes.count {
      guard let first = digit(at: i), !isDigit(before: i) else {
        i = next(after: i)
        continue
      }
      let groups = groups(from: i)
      let digits = groups.reduce(0) { $0 + $1.count }
      if i > 0, bytes[i - 1] == UInt8(ascii: "+"), digits <= Self.mostTelephoneDigits {
        i = groups.last?.last?.range.upperBound ?? first.range.upperBound
      } else if i > 0, isLetter(at: i - 1),
        (groups.first?.count ?? 0) < CardMask.leastDigits || stands([0x30, 0x78], at: i - 2)
      {
        // Of a name such as B4: not the beginning of a number in groups.
        i = groups.first?.last?.range.upperBound ?? first.range.upperBound
      } else if let card = card(in: groups) {
        for digit in card.dropLast(4) { mask(digit.range) }
        let end = card[card.count - 1].range.upperBound
        maskCodes(from: max(0, card[0].range.lowerBound - Self.reach), to: min(bytes.count, end + Self.reach))
        maskCodeAfterExpiry(from: end)
        i = end
      } else {
        // The number may begin with a later group.
        i = groups.first?.last?.range.upperBound ?? first.range.upperBound
      }
    }
    return hasMasked
  }

  private static let reach = 80
  /// E.164.
  private static let mostTelephoneDigits = 15

  // MARK: Numbers

  /// Groups of digits with up to three separators between, at most 19 digits after the first group.
  private func groups(from start: Int) -> [[Digit]] {
    var groups: [[Digit]] = []
    var (i, total) = (start, 0)
    while let first = digit(at: i) {
      var group = [first]
      i = first.range.upperBound
      while let more = digit(at: i) {
        // A run that is too long for a card is walked over, not kept.
        if group.count <= 19 { group.append(more) }
        i = more.range.upperBound
      }
      groups.append(group)
      total += group.count
      guard total <= 19 else { break }
      var separators = 0
      while separators < 3, let length = separator(at: i) {
        i += length
        separators += 1
      }
      if separators == 0 { break }
    }
    return groups
  }

  /// The longest stretch of whole groups that begins here and is a card's number.
  private func card(in groups: [[Digit]]) -> [Digit]? {
    var digits: [Digit] = []
    var found: [Digit]?
    for group in groups {
      digits += group
      guard digits.count <= 19 else { break }
      let end = digits[digits.count - 1].range.upperBound
      if CardNumber.isValid(digits.map(\.value)), !isLetter(at: end) { found = digits }
    }
    return found
  }

  // MARK: Codes

  private static let words = [
    "cvv", "cvc", "cvn", "csc", "cid", "security code", "card code", "prüfnummer", "prüfziffer",
    "sicherheitscode", "cryptogramme", "código de seguridad", "codigo de seguridad", "codice di sicurezza",
  ].map { Array($0.utf8) }

  /// Masks three or four digits that one of the words announces.
  private mutating func maskCodes(from start: Int, to end: Int) {
    // Where cards stand close together, what is between them is gone over once.
    var i = max(start, codesSoughtTo)
    codesSoughtTo = max(end, codesSoughtTo)
    while i < end {
      // All words begin with one of these.
      guard [0x63, 0x70, 0x73].contains(bytes[i] | 0x20), !continuesWord(before: i),
        let word = Self.words.first(where: { stands($0, at: i) })
      else {
        i += 1
        continue
      }
      i += word.count
      // "CVV2: 123", "CVC (123)", "security code is 123".
      if i < bytes.count, bytes[i] == 0x32 { i += 1 }
      let limit = min(bytes.count, i + 16)
      while i < limit, digit(at: i) == nil { i = next(after: i) }
      maskCode(at: i)
    }
  }

  /// "4111 ... 12/27 123": the code after the month and year.
  private mutating func maskCodeAfterExpiry(from end: Int) {
    var i = end
    let limit = min(bytes.count, end + 32)
    while i < limit {
      let month = number(at: i)
      if month.digits == 2, (1...12).contains(month.value), month.end < bytes.count, bytes[month.end] == 0x2f
      {
        let year = number(at: month.end + 1)
        guard year.digits == 2 || year.digits == 4 else { return }
        i = year.end
        let last = min(bytes.count, i + 4)
        while i < last, digit(at: i) == nil { i = next(after: i) }
        maskCode(at: i)
        return
      }
      i = month.digits > 0 ? month.end : next(after: i)
    }
  }

  private mutating func maskCode(at i: Int) {
    let code = number(at: i)
    if code.digits == 3 || code.digits == 4, !isLetter(at: code.end) { mask(i..<code.end) }
  }

  private func number(at start: Int) -> (value: Int, digits: Int, end: Int) {
    var (value, digits, i) = (0, 0, start)
    while let digit = digit(at: i) {
      if digits < 6 { value = value * 10 + digit.value }
      digits += 1
      i = digit.range.upperBound
    }
    return (value, digits, i)
  }

  // MARK: Bytes

  private mutating func mask(_ range: Range<Int>) {
    for place in range { bytes[place] = UInt8(ascii: "*") }
    hasMasked = true
  }

  /// A decimal digit: ASCII, full-width, Arabic, Persian or Devanagari.
  private func digit(at i: Int) -> Digit? {
    guard i < bytes.count else { return nil }
    let byte = bytes[i]
    if (0x30...0x39).contains(byte) { return Digit(value: Int(byte - 0x30), range: i..<i + 1) }
    guard byte >= 0x80, i + 1 < bytes.count else { return nil }
    let second = bytes[i + 1]
    switch byte {
    case 0xd9 where (0xa0...0xa9).contains(second): return Digit(value: Int(second - 0xa0), range: i..<i + 2)
    case 0xdb where (0xb0...0xb9).contains(second): return Digit(value: Int(second - 0xb0), range: i..<i + 2)
    case 0xef where second == 0xbc && i + 2 < bytes.count && (0x90...0x99).contains(bytes[i + 2]):
      return Digit(value: Int(bytes[i + 2] - 0x90), range: i..<i + 3)
    case 0xe0 where second == 0xa5 && i + 2 < bytes.count && (0xa6...0xaf).contains(bytes[i + 2]):
      return Digit(value: Int(bytes[i + 2] - 0xa6), range: i..<i + 3)
    default: return nil
    }
  }

  /// Bytes of a space, hyphen or full stop as numbers are grouped with; nil where there is none.
  private func separator(at i: Int) -> Int? {
    guard i < bytes.count else { return nil }
    switch bytes[i] {
    case 0x20, 0x2d, 0x2e, 0x09, 0x5f: return 1
    // The no-break space, the soft hyphen.
    case 0xc2 where i + 1 < bytes.count && [0xa0, 0xad].contains(bytes[i + 1]): return 2
    // Spaces and what has no width U+2000-200D, hyphens and dashes U+2010-2015, the narrow space U+202F.
    case 0xe2 where i + 2 < bytes.count && bytes[i + 1] == 0x80:
      return (0x80...0x8d).contains(bytes[i + 2]) || (0x90...0x95).contains(bytes[i + 2])
        || bytes[i + 2] == 0xaf
        ? 3 : nil
    // U+2060, U+FEFF.
    case 0xe2 where i + 2 < bytes.count && bytes[i + 1] == 0x81 && bytes[i + 2] == 0xa0: return 3
    case 0xef where i + 2 < bytes.count && bytes[i + 1] == 0xbb && bytes[i + 2] == 0xbf: return 3
    default: return nil
    }
  }

  private func next(after i: Int) -> Int {
    var i = i + 1
    while i < bytes.count, bytes[i] & 0xc0 == 0x80 { i += 1 }
    return i
  }

  private func isLetter(at i: Int) -> Bool {
    i < bytes.count && (65...90).contains(bytes[i] & ~0x20)
  }

  private func isDigit(before i: Int) -> Bool { i > 0 && (0x30...0x39).contains(bytes[i - 1]) }

  /// Whether an ASCII letter or digit stands right before: then this is part of another name or number.
  private func continuesWord(before i: Int) -> Bool {
    guard i > 0 else { return false }
    return isLetter(at: i - 1) || (0x30...0x39).contains(bytes[i - 1])
  }

  private func stands(_ word: [UInt8], at i: Int) -> Bool {
    guard i >= 0, i + word.count <= bytes.count else { return false }
    for (offset, byte) in word.enumerated() {
      let own = bytes[i + offset]
      guard own == byte || ((65...90).contains(own) && own | 0x20 == byte) else { return false }
    }
    return true
  }
}

/// Which numbers payment cards have.
enum CardNumber {
  /// - Parameter digits: their values.
  static func isValid(_ digits: [Int]) -> Bool {
    guard (CardMask.leastDigits...19).contains(digits.count) else { return false }
    let six = digits.prefix(6).reduce(0) { $0 * 10 + $1 }
    return networks.contains { $0.lengths.contains(digits.count) && $0.prefixes.contains(six) }
      && CheckDigit.isValid(digits)
  }

  private struct Network {
    /// Of the first six digits.
    let prefixes: ClosedRange<Int>
    let lengths: ClosedRange<Int>
  }

  private static let networks: [Network] = [
    Network(prefixes: 400_000...499_999, lengths: 13...19),  // Visa
    Network(prefixes: 510_000...559_999, lengths: 16...16),  // Mastercard
    Network(prefixes: 222_100...272_099, lengths: 16...16),
    Network(prefixes: 340_000...349_999, lengths: 15...15),  // American Express
    Network(prefixes: 370_000...379_999, lengths: 15...15),
    Network(prefixes: 300_000...305_999, lengths: 14...19),  // Diners Club
    Network(prefixes: 360_000...369_999, lengths: 14...19),
    Network(prefixes: 380_000...399_999, lengths: 16...19),
    Network(prefixes: 352_800...358_999, lengths: 16...19),  // JCB
    Network(prefixes: 601_100...601_199, lengths: 16...19),  // Discover
    Network(prefixes: 644_000...659_999, lengths: 16...19),
    Network(prefixes: 620_000...629_999, lengths: 16...19),  // UnionPay
    Network(prefixes: 810_000...829_999, lengths: 16...19),  // UnionPay, RuPay
    Network(prefixes: 500_000...509_999, lengths: 16...19),  // Maestro, Elo, Verve
    Network(prefixes: 560_000...589_999, lengths: 16...19),  // Maestro
    Network(prefixes: 630_000...639_999, lengths: 16...19),
    Network(prefixes: 660_000...699_999, lengths: 16...19),
    Network(prefixes: 600_000...609_999, lengths: 16...16),  // RuPay, Hipercard
    Network(prefixes: 220_000...220_499, lengths: 16...19),  // Mir
    Network(prefixes: 979_200...979_299, lengths: 16...16),  // Troy
  ]
}
