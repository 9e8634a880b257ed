import CText

/// Stems folded words of one language and folds their accents.
struct Stemmer {
  /// As the C shim counts Snowball's algorithms; -1 folds accents only.
  private let number: Int32

  /// - Parameter language: nil, or one without a stemmer, folds accents only.
  init(_ language: Language?) {
    number = language.flatMap { Language.stemmers[$0] } ?? -1
  }

  /// - Parameter word: NFKC with case folded, at most `TextAnalyzer.longestTerm` bytes.
  func stem(_ word: UnsafeBufferPointer<UInt8>) -> String {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, word.count * Int(CTEXT_EXPANSION))) {
      output in
      guard let source = word.baseAddress, let target = output.baseAddress else { return "" }
      let count = ctext_stem(number, source, word.count, target)
      return String(decoding: UnsafeBufferPointer(start: target, count: count), as: UTF8.self)
    }
  }

  func stem(_ word: String) -> String {
    var word = word
    return word.withUTF8 { stem($0) }
  }
}

extension Language {
  /// Snowball's name for each language's algorithm (snowballstem.org).
  static let stemmerNames = [
    "ar": "arabic", "ca": "catalan", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi",
    "hu": "hungarian", "hy": "armenian", "id": "indonesian", "it": "italian", "lt": "lithuanian",
    "ne": "nepali", "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish", "yi": "yiddish",
  ]

  fileprivate static let stemmers: [Language: Int32] = Dictionary(
    uniqueKeysWithValues: stemmerNames.map { (Language(rawValue: $0.key), ctext_stemmer($0.value)) }
  )
}
