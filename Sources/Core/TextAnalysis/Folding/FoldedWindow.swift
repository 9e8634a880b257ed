import CText
import Domain

/// A piece of a text, folded (NFKC, case folded, accents kept) and mapped back to the original bytes.
///
/// Valid inside the call that hands it out, on that thread only.
struct FoldedWindow {
  private let raw: ctext_window
  private let source: UnsafePointer<UInt8>
  /// Where the window begins in the original text.
  let offset: Int

  var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: raw.folded, count: raw.folded_length)
  }
  var words: UnsafeBufferPointer<ctext_word> {
    UnsafeBufferPointer(start: raw.words, count: raw.word_count)
  }

  func slice(_ range: Range<Int>) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: bytes[range])
  }

  /// The original bytes behind a range of folded bytes, not empty.
  func span(_ range: Range<Int>) -> ByteSpan {
    ByteSpan(
      start: offset + Int(raw.source_start[range.lowerBound]),
      end: offset + Int(raw.source_end[range.upperBound - 1])
    )
  }

  /// The original of a folded byte where both are one ASCII character; 0 elsewhere.
  func original(_ index: Int) -> UInt8 {
    let start = Int(raw.source_start[index])
    guard Int(raw.source_end[index]) == start + 1 else { return 0 }
    return source[start]
  }

  /// Visits the windows of a text in order.
  ///
  /// - Parameter words: false leaves `words` empty and saves the time.
  static func forEach(of text: String, words: Bool, _ body: (FoldedWindow) -> Void) {
    var text = text
    text.withUTF8 { bytes in
      guard let base = bytes.baseAddress else { return }
      var offset = 0
      while offset < bytes.count {
        var raw = ctext_window()
        let done =
          words
          ? ctext_segment(base, bytes.count, offset, &raw) : ctext_normalize(base, bytes.count, offset, &raw)
        // No input leads here: ICU's data files are missing, or memory has run out.
        precondition(done, "ICU cannot be used: are its data files installed?")
        body(FoldedWindow(raw: raw, source: base + offset, offset: offset))
        offset += raw.source_length
      }
    }
  }
}
