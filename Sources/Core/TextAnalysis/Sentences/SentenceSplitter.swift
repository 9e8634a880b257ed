import Domain

/// Cuts a text into sentences.
///
/// A sentence ends at a full stop, exclamation or question mark that a blank follows and that is no
/// abbreviation's, number's or name's; at the full stops of Chinese, Japanese, Hindi and others; at a blank
/// line, a heading's end, and a line break before a list item. Thai, which has no full stop, is cut at spaces
/// once a piece is long enough.
public struct SentenceSplitter: Sendable {
  public init() {}

  /// Sentences without the white space around them, in order; together they hold every other character.
  ///
  /// - Parameter language: says whether "3." may be an ordinal, as in German; nil: it is not.
  public func sentences(in text: String, language: Language?) -> [ByteSpan] {
    var text = text
    return text.withUTF8 { bytes in
      var scanner = SentenceScanner(
        bytes: bytes,
        writesOrdinalsWithStop: Self.ordinalLanguages.contains(language)
      )
      scanner.run()
      return scanner.sentences
    }
  }

  private static let ordinalLanguages: Set<Language?> = Set(
    ["de", "da", "no", "fi", "pl", "cs", "sk", "hu", "hr", "sr", "et", "tr"].map(Language.init(rawValue:))
  )
}

private struct SentenceScanner {
  let bytes: UnsafeBufferPointer<UInt8>
  let writesOrdinalsWithStop: Bool
  var sentences: [ByteSpan] = []
  private var start = 0
  /// Where the line began that the scan is in.
  private var lineStart = 0

  /// Bytes after which a space ends a piece of Thai.
  private static let thaiPiece = 150

  init(bytes: UnsafeBufferPointer<UInt8>, writesOrdinalsWithStop: Bool) {
    self.bytes = bytes
    self.writesOrdinalsWithStop = writesOrdinalsWithStop
  }

  mutating func run() {
    var index = 0
    while index < bytes.count {
      let (scalar, next) = scalar(at: index)
      // A sentence begins at its first character: what looks back to it must not pass the blanks each time.
      if index == start, Self.isBlank(scalar) { start = next }
      switch scalar {
      case "\n", "\r", "\u{2028}", "\u{2029}", "\u{85}":
        let end = scalar == "\r" && next < bytes.count && bytes[next] == 0x0A ? next + 1 : next
        if scalar == "\u{2029}" || isHeading(lineStart) || beginsBlock(end) { close(index) }
        if start >= index { start = end }
        lineStart = end
        index = end
      case ".", "!", "?", "…":
        index = afterTerminators(index)
        if endsSentence(terminators: index) { close(index) }
      case "。", "！", "？", "｡", "।", "॥", "؟", "۔", "։", "።", "။", "។", "‼", "⁇", "⁈", "⁉":
        index = afterTerminators(index)
        close(index)
      case " " where isThaiBreak(index):
        close(index)
        index = next
      default:
        index = next
      }
    }
    close(bytes.count)
  }

  /// Ends the current sentence at `end`, if it has begun.
  private mutating func close(_ end: Int) {
    var last = end
    while last > start {
      let before = scalarStart(before: last)
      guard Self.isBlank(scalar(at: before).0) else { break }
      last = before
    }
    if start < last { sentences.append(ByteSpan(start: start, end: last)) }
    start = max(start, end)
  }

  // MARK: - Terminators

  /// Behind the marks that end a sentence and the quotes and brackets that close with them.
  private func afterTerminators(_ start: Int) -> Int {
    var index = start
    while index < bytes.count {
      let (scalar, next) = scalar(at: index)
      guard Self.terminators.contains(scalar) || Self.closers.contains(scalar) else { break }
      index = next
    }
    return index
  }

  private static let terminators: Set<Unicode.Scalar> = [
    ".", "!", "?", "…", "。", "！", "？", "｡", "।", "॥", "؟", "۔", "։", "።", "။", "។", "‼", "⁇", "⁈", "⁉",
  ]
  private static let closers: Set<Unicode.Scalar> = [
    "\"", "'", ")", "]", "}", "»", "”", "’", "*", "_", "`", "」", "』", "）", "】", "》", "〉",
  ]

  /// - Parameter end: behind the terminators and closers.
  private func endsSentence(terminators end: Int) -> Bool {
    guard end < bytes.count else { return true }
    guard Self.isBlank(scalar(at: end).0) else { return false }
    var following = end
    while following < bytes.count {
      let (scalar, next) = scalar(at: following)
      // The line break decides for itself whether it is a block's end; a sentence may end before any.
      guard Self.isBlank(scalar) else { break }
      following = next
    }
    guard following < bytes.count else { return true }
    let (next, behindNext) = scalar(at: following)
    if next.properties.isLowercase {
      // `iPhone` begins sentences.
      return behindNext < bytes.count && scalar(at: behindNext).0.properties.isUppercase
    }
    guard let word = wordBefore(end) else { return true }
    return !isAbbreviation(word, next: next)
  }

  private struct Word {
    let text: String
    let start: Int
  }

  /// The word that a single full stop ends; nil where the sentence ends otherwise.
  private func wordBefore(_ end: Int) -> Word? {
    let stop = end - 1
    guard stop >= start, bytes[stop] == UInt8(ascii: ".") else { return nil }
    guard stop > start, bytes[stop - 1] != UInt8(ascii: ".") else { return nil }
    var first = stop
    while first > start, stop - first < 24 {
      let byte = bytes[first - 1]
      guard byte > 0x20, !Self.wordEdges.contains(byte) else { break }
      first -= 1
    }
    while first < stop, bytes[first] & 0xC0 == 0x80 { first += 1 }
    return Word(text: String(decoding: bytes[first..<stop], as: UTF8.self).lowercased(), start: first)
  }

  private static let wordEdges = ByteSet("([{\"'`*/,;:<>|")

  private func isAbbreviation(_ word: Word, next: Unicode.Scalar) -> Bool {
    let text = word.text
    let nextIsDigit = next.properties.numericType == .decimal
    if text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      // "1. Open the file": the number belongs to the item. "am 3. Mai": an ordinal.
      return !text.isEmpty && (word.start == start || (writesOrdinalsWithStop && text.utf8.count <= 2))
    }
    if nextIsDigit, Abbreviations.beforeNumbers.contains(text) || Abbreviations.months.contains(text) {
      return true
    }
    if Abbreviations.trailing.contains(text) { return !next.properties.isUppercase }
    // An initial: "J. Smith".
    if text.unicodeScalars.count == 1, text.unicodeScalars.allSatisfy(\.properties.isAlphabetic), text != "i"
    {
      return true
    }
    return Abbreviations.leading.contains(text)
  }

  // MARK: - Lines

  /// True where a blank line, a list item, a heading, a quotation or a table row begins.
  private func beginsBlock(_ lineStart: Int) -> Bool {
    var index = lineStart
    while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
    guard index < bytes.count else { return true }
    let (first, next) = scalar(at: index)
    let isFollowedByBlank = next >= bytes.count || bytes[next] <= 0x20
    switch first {
    case "\n", "\r", "|", ">": return true
    case "-", "*", "+", "•", "‣", "◦", "–", "—", "·", "▪": return isFollowedByBlank
    case "#": return true
    default: break
    }
    // "12.", "3)", "b)"
    var end = index
    while end < bytes.count, end - index < 4, bytes[end] < 0x80, isDigit(bytes[end]) { end += 1 }
    if end == index, isFollowedByParenthesis(index) { end = index + 1 }
    guard end > index, end < bytes.count, bytes[end] == UInt8(ascii: ".") || bytes[end] == UInt8(ascii: ")")
    else {
      return false
    }
    return end + 1 >= bytes.count || bytes[end + 1] <= 0x20
  }

  private func isFollowedByParenthesis(_ index: Int) -> Bool {
    let isLetter = (0x41...0x5A).contains(bytes[index]) || (0x61...0x7A).contains(bytes[index])
    return isLetter && index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: ")")
  }

  private func isHeading(_ lineStart: Int) -> Bool {
    lineStart < bytes.count && bytes[lineStart] == UInt8(ascii: "#")
  }

  private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  private func isThaiBreak(_ space: Int) -> Bool {
    guard space - start >= Self.thaiPiece, space + 1 < bytes.count else { return false }
    let before = scalar(at: scalarStart(before: space)).0
    let after = scalar(at: space + 1).0
    return Script(before) == .thai && Script(after) == .thai
      || Script(before) == .lao && Script(after) == .lao
  }

  // MARK: - Characters

  private func scalar(at index: Int) -> (Unicode.Scalar, Int) {
    let lead = bytes[index]
    if lead < 0x80 { return (Unicode.Scalar(lead), index + 1) }
    let count = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
    guard index + count <= bytes.count else { return ("\u{FFFD}", bytes.count) }
    var value = UInt32(lead) & (0x7F >> UInt32(count))
    for offset in 1..<count { value = value << 6 | UInt32(bytes[index + offset] & 0x3F) }
    return (Unicode.Scalar(value) ?? "\u{FFFD}", index + count)
  }

  private func scalarStart(before index: Int) -> Int {
    var start = index - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return start
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value <= 0x20 || scalar == "\u{FEFF}" || scalar == "\u{200B}" || scalar.properties.isWhitespace
  }
}
