/// Splits text into words of normalised UTF-8, each with a mark for the space before it.
///
/// Reads the text once, from front to back; memory does not grow with the length of a word.
struct UnigramWordScanner {
  /// A longer word is cut, and goes on without a mark: far more than a model reads, and bounded.
  static let maxWordCharacters = 16_384
  /// U+2581, which stands for a space.
  static let mark = Array("\u{2581}".utf8)

  private(set) var word: [UInt8] = []

  private let normaliser: UnigramNormaliser
  private var text: String.UnicodeScalarView.Iterator
  /// What is left of the scalars that stand for the last one read.
  private var pending: ArraySlice<UInt32> = []
  private var characterCount = 0
  private var wasCut = false
  private var last: UInt32 = 0

  init(_ text: String, _ normaliser: UnigramNormaliser) {
    self.text = text.unicodeScalars.makeIterator()
    self.normaliser = normaliser
  }

  /// Goes on to the next word.
  ///
  /// - Returns: false at the end of the text.
  mutating func advance() -> Bool {
    word.removeAll(keepingCapacity: true)
    characterCount = 0
    while let scalar = next() {
      if scalar == 0x20 {
        wasCut = false
        if characterCount > 0 { return true }
        continue
      }
      append(scalar)
      if characterCount == Self.maxWordCharacters {
        wasCut = true
        return true
      }
    }
    return characterCount > 0
  }

  private mutating func next() -> UInt32? {
    while true {
      if let scalar = pending.popFirst() { return scalar }
      guard let scalar = text.next()?.value else { return nil }
      // The model's file is silent about NUL.
      if scalar == 0 { continue }
      guard let replacement = normaliser.replacement(of: scalar) else { return scalar }
      pending = replacement
    }
  }

  private mutating func append(_ scalar: UInt32) {
    if characterCount == 0, !wasCut { word += Self.mark }
    if characterCount > 0, let composed = CanonicalComposition.composed(last, scalar) {
      var start = word.count - 1
      while word[start] & 0xC0 == 0x80 { start -= 1 }
      word.removeSubrange(start...)
      write(composed)
    } else {
      characterCount += 1
      write(scalar)
    }
  }

  private mutating func write(_ scalar: UInt32) {
    last = scalar
    if scalar < 0x80 {
      word.append(UInt8(scalar))
    } else if let scalar = Unicode.Scalar(scalar) {
      word.append(contentsOf: UTF8.encode(scalar)!)
    }
  }
}
