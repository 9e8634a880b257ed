/// Words that a query can do without.
enum StopWords {
  /// With accents folded, so that they are known however they are typed.
  ///
  /// - Returns: nothing for a language without a list.
  static func of(_ language: Language) -> Set<String> { byLanguage[language] ?? [] }

  /// Bytes; a longer word need not be looked up.
  static let longest = byLanguage.values.lazy.joined().map(\.utf8.count).max() ?? 0

  private static let byLanguage: [Language: Set<String>] = {
    let accents = Stemmer(nil)
    return FunctionWords.byLanguage.mapValues { words in Set(words.map { accents.stem(String($0)) }) }
  }()

  /// Stop words that are content words of another language: "war" (German "was"), "die", "pour" (French "for").
  static let contentElsewhere: Set<String> = [
    "bin", "car", "come", "con", "dan", "den", "die", "door", "due", "era", "fin", "hat", "les", "man", "men",
    "mine", "mit", "net", "plus", "pot", "pour", "sans", "sin", "son", "sur", "tan", "ten", "ton", "tot",
    "van",
    "war",
  ]
}

extension Language {
  /// Whether a word says little by itself: an article, a pronoun, a preposition, an auxiliary. Case and accents do
  /// not count; false for a language without a list.
  public func isFunctionWord(_ word: String) -> Bool {
    StopWords.of(self).contains(TextNormalizer.folded(word))
  }
}
