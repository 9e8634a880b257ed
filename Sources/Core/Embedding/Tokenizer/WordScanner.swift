/// Splits text into BERT's words: runs of normalised letters, and single punctuation marks.
///
/// Reads the text once, from front to back; memory does not grow with the length of a word.
struct WordScanner {
  /// Words with more characters are unknown, and their characters are not kept.
  static let maxWordCharacters = 100

  /// The current word, normalised, as UTF-8; incomplete where it is too long.
  private(set) var word: [UInt8] = []
  /// Characters (scalars) of the current word.
  private(set) var characterCount = 0
  /// Bytes of the text that the word was made from.
  private(set) var start = 0
  private(set) var end = 0
  /// Where in the text each character of the word came from, if asked for.
  private(set) var origins: [Int] = []

  private let text: UnsafeBufferPointer<UInt8>
  private let keepsOrigins: Bool
  private var position = 0
  private let ascii = ScalarPage.containing(0)
  private var page = ScalarPage.containing(0)
  /// What is left of the last scalar that stood for several things, in the page's expansions, and the bytes
  /// that the scalar takes up.
  private var pending = 0..<0
  private var pendingBytes = 0..<0

  /// - Parameter text: valid UTF-8 that outlives the scanner.
  init(_ text: UnsafeBufferPointer<UInt8>, keepsOrigins: Bool = false) {
    self.text = text
    self.keepsOrigins = keepsOrigins
    word.reserveCapacity(4 * WordScanner.maxWordCharacters)
  }

  /// Goes on to the next word.
  ///
  /// - Returns: false at the end of the text.
  mutating func advance() -> Bool {
    word.removeAll(keepingCapacity: true)
    origins.removeAll(keepingCapacity: true)
    characterCount = 0
    while let (action, bytes) = peek() {
      switch action {
      case .letter(let scalar):
        append(scalar, bytes)
        consume(bytes)
      case .drop:
        if characterCount > 0 { end = bytes.upperBound }
        consume(bytes)
      case .space:
        consume(bytes)
        if characterCount > 0 { return true }
      case .punctuation(let scalar):
        if characterCount > 0 { return true }
        append(scalar, bytes)
        consume(bytes)
        return true
      case .several(let start, let end):
        pending = Int(start)..<Int(end)
        pendingBytes = bytes
      }
    }
    return characterCount > 0
  }

  private mutating func append(_ scalar: UInt32, _ bytes: Range<Int>) {
    if characterCount == 0 { start = bytes.lowerBound }
    end = bytes.upperBound
    characterCount += 1
    guard characterCount <= WordScanner.maxWordCharacters else { return }
    if keepsOrigins { origins.append(bytes.lowerBound) }
    if scalar < 0x80 {
      word.append(UInt8(scalar))
    } else if let scalar = Unicode.Scalar(scalar) {
      word.append(contentsOf: UTF8.encode(scalar)!)
    }
  }

  /// The next thing in the text and the bytes it comes from.
  private mutating func peek() -> (ScalarAction, Range<Int>)? {
    if !pending.isEmpty { return (page.expansions[pending.lowerBound], pendingBytes) }
    guard position < text.count else { return nil }
    if text[position] < 0x80 { return (ascii.actions[Int(text[position])], position..<(position + 1)) }
    let (scalar, length) = decode()
    if page.number != scalar >> 8 { page = .containing(scalar) }
    return (page.actions[Int(scalar & 0xFF)], position..<(position + length))
  }

  private mutating func consume(_ bytes: Range<Int>) {
    if !pending.isEmpty {
      pending = (pending.lowerBound + 1)..<pending.upperBound
      if !pending.isEmpty { return }
    }
    position = bytes.upperBound
  }

  /// A scalar of two bytes or more.
  private func decode() -> (scalar: UInt32, length: Int) {
    let first = UInt32(text[position])
    func next(_ offset: Int) -> UInt32 {
      position + offset < text.count ? UInt32(text[position + offset]) & 0x3F : 0
    }
    let (scalar, length): (UInt32, Int) =
      if first < 0xE0 {
        ((first & 0x1F) << 6 | next(1), 2)
      } else if first < 0xF0 {
        ((first & 0x0F) << 12 | next(1) << 6 | next(2), 3)
      } else {
        ((first & 0x07) << 18 | next(1) << 12 | next(2) << 6 | next(3), 4)
      }
    return (scalar, min(length, text.count - position))
  }
}
