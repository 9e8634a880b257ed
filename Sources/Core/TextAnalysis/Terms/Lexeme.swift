/// Something indexable in a window, before any language is applied: documents and queries share it, so that
/// they agree.
struct Lexeme {
  enum Form {
    /// Letters, to be stemmed.
    case word
    /// Taken as it is.
    case exact
    /// A contraction such as `don't`: as it is, and always a stop word.
    case contraction
    /// A run of Han, kana or Hangul.
    case cjk
    /// `sign-in`: a word without its hyphens; `range` still holds them.
    case hyphenated(isName: Bool)
  }
  /// Folded bytes: those of `range`, or the same without separators.
  let bytes: UnsafeBufferPointer<UInt8>
  /// In the window's folded bytes.
  let range: Range<Int>
  let kind: Token.Kind
  let form: Form
}
