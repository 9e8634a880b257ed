import CText

/// Makes texts comparable.
public enum TextNormalizer {
  /// Folds compatibility forms, case and accents, as terms are folded: `ﬁancÉe` gives `fiancee`.
  ///
  /// NFKC case folding (Unicode chapter 3.13); then Latin and Greek accents, Arabic and Hebrew vowel points go;
  /// curly apostrophes and hyphens become ASCII and decimal digits 0-9. White space stays as it is.
  public static func folded(_ text: String) -> String {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    FoldedWindow.forEach(of: text, words: false) { window in
      let bytes = window.bytes
      guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
      let capacity = bytes.count * Int(CTEXT_EXPANSION)
      let folded = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
        count = buffer.baseAddress.map { ctext_stem(-1, base, bytes.count, $0) } ?? 0
      }
      result.append(contentsOf: folded)
    }
    return String(decoding: result, as: UTF8.self)
  }
}
