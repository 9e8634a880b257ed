import Domain
import TextAnalysis

/// A sentence as its words, with amounts, dates and negations taken out: those with the same frame speak of the
/// same thing, and may differ in what they say of it.
struct Statement {
  struct Quantity: Hashable {
    /// In the frame, where `#` stands for it.
    let position: Int
    /// Comparable: `1,000` and `1.000` are `1000`, `fourteen` is `14`, `5 July 2016` is `2016-07-05`.
    let value: String
  }
  let sentence: Substring
  private(set) var frame: [String] = []
  private(set) var quantities: [Quantity] = []
  private(set) var negations = 0
  /// Words of the frame that are names, or hold digits.
  private(set) var names: Set<String> = []

  static let mark = "#"

  /// The frame without what is counted or measured in: days are in every sentence about time.
  var subject: [String] {
    frame.indices.filter { $0 == 0 || frame[$0 - 1] != Self.mark }.map { frame[$0] }
  }

  /// Nil where a text is no full sentence of a sensible length.
  init?(_ sentence: Substring, words: [LintWord], language: Language?, statistics: WordStatistics) {
    guard (4...80).contains(words.count), Self.endsAsSentence(sentence) else { return nil }
    self.sentence = sentence
    let scan = QuantityScanner(words: words, language: language, statistics: statistics)
    let negation = NegationWords.of(language)
    var index = scan.first
    while index < words.count {
      if let (value, length) = scan.quantity(at: index) {
        quantities.append(Quantity(position: frame.count, value: value))
        frame.append(Self.mark)
        index += length
        continue
      }
      let word = words[index]
      index += 1
      let key = word.key.replacingApostrophes
      if negation.isSilent(key) { continue }
      if let rest = negation.rest(of: key) {
        negations += 1
        if let rest { frame.append(rest) }
        continue
      }
      // "does not open" is framed as "open".
      if negation.supports(key), index < words.count,
        negation.rest(of: words[index].key.replacingApostrophes) != nil
      {
        continue
      }
      if word.hasDigit || (index > 1 && statistics.isName(word)) { names.insert(key) }
      frame.append(key)
    }
    guard frame.count >= 4 else { return nil }
  }

  private static func endsAsSentence(_ sentence: Substring) -> Bool {
    let end = sentence.reversed().first { !closers.contains($0) }
    if sentence.utf8.count > 60, !sentence.contains("; "), end != ":" { return true }
    return end.map { terminators.contains($0) } ?? false
  }

  private static let terminators: Set<Character> = [".", "!", "。", "！", "।", "۔", "։"]
  private static let closers: Set<Character> = ["\"", "'", ")", "]", "»", "”", "’", "*", "_", "」", "）", " "]
}

extension String {
  fileprivate var replacingApostrophes: String {
    utf8.contains(0xE2) ? replacing("’", with: "'") : self
  }
}

/// The words by which a language says no. Languages without a list are not compared by it.
struct NegationWords {
  private let words: Set<String>
  /// Contractions, and what is left of them.
  private let contractions: [String: String]
  /// Auxiliaries that come with a negation only.
  private let auxiliaries: Set<String>
  /// Go with a negation, and say nothing by themselves.
  private let silent: Set<String>

  private init(
    _ words: Set<String>, contractions: [String: String] = [:], auxiliaries: Set<String> = [],
    silent: Set<String> = []
  ) {
    self.words = words
    self.contractions = contractions
    self.auxiliaries = auxiliaries
    self.silent = silent
  }

  /// - Returns: nil where the word is none; else what stays of it, if anything.
  func rest(of word: String) -> String?? {
    if words.contains(word) { return .some(nil) }
    if let rest = contractions[word] { return .some(rest.isEmpty ? nil : rest) }
    return nil
  }

  func supports(_ word: String) -> Bool { auxiliaries.contains(word) }
  func isSilent(_ word: String) -> Bool { silent.contains(word) }

  static func of(_ language: Language?) -> NegationWords {
    language.flatMap { byLanguage[$0] } ?? NegationWords([])
  }

  private static let byLanguage: [Language: NegationWords] = [
    .english: NegationWords(
      ["not", "never", "nothing", "nobody", "neither", "nor"],
      contractions: [
        "cannot": "can", "can't": "can", "couldn't": "could", "isn't": "is", "aren't": "are", "wasn't": "was",
        "weren't": "were", "won't": "will", "wouldn't": "would", "shouldn't": "should", "mustn't": "must",
        "hasn't": "has", "haven't": "have", "hadn't": "had", "don't": "", "doesn't": "", "didn't": "",
      ],
      auxiliaries: ["do", "does", "did"]),
    .german: NegationWords(
      ["nicht", "nie", "niemals", "nichts", "niemand", "weder"],
      contractions: [
        "kein": "ein", "keine": "eine", "keinen": "einen", "keinem": "einem", "keiner": "einer",
        "keines": "eines",
      ]),
    .french: NegationWords(["pas", "jamais", "rien", "aucun", "aucune"], silent: ["ne"]),
    .spanish: NegationWords(["no", "nunca", "jamás", "nada", "nadie"]),
    .italian: NegationWords(["non", "mai", "niente", "nessuno"]),
    .portuguese: NegationWords(["não", "nunca", "nada", "ninguém"]),
    .dutch: NegationWords(["niet", "nooit", "niets", "niemand"], contractions: ["geen": "een"]),
    .chinese: NegationWords(["不", "没", "無", "无"]),
  ]
}
