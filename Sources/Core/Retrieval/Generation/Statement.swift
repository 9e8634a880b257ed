import Domain
import Foundation
import TextAnalysis

/// A sentence as it is compared: its words in order, and what must be exact.
struct Statement: Sendable {
  struct Word: Sendable {
    /// As indexed; a numeral as its digits.
    let term: String
    /// Whether it says something by itself.
    let isContent: Bool
    let isNumber: Bool
    let isNegation: Bool
    /// A capital that no beginning of a sentence asks for.
    let isName: Bool
  }

  let words: [Word]
  let literals: Set<String>
  /// Of the words that qualify a statement, those that stand here.
  let qualifiers: Set<String>

  init(_ text: String, language: Language?, analyzer: TextAnalyzer) {
    let negations = StatementWords.negations(language)
    var text = text
    text.makeContiguousUTF8()
    var words: [Word] = []
    var qualifiers: Set<String> = []
    for token in Self.places(analyzer.tokens(of: text, language: language)) {
      let written = text.slice(token.span).map(String.init) ?? ""
      let form = written.lowercased().replacing("\u{2019}", with: "'")
      let numeral = StatementWords.numerals[form]
      let isNegation = negations.contains(form) || form.hasSuffix("n't") || form.hasPrefix("kein")
      if let qualifier = StatementWords.qualifiers[form] { qualifiers.insert(qualifier) }
      let capitals = written.unicodeScalars.dropFirst().contains(where: \.properties.isUppercase)
      let isCapital = written.unicodeScalars.first?.properties.isUppercase ?? false
      words.append(
        Word(
          term: numeral ?? token.term,
          isContent: !token.isStopWord && !isNegation && !StatementWords.fillers.contains(form),
          isNumber: numeral != nil || token.kind == .number, isNegation: isNegation,
          isName: !token.isStopWord && (capitals || (isCapital && !words.isEmpty))))
    }
    self.words = words
    self.qualifiers = qualifiers
    literals = Literals.of(text)
  }

  var content: [String] { words.filter(\.isContent).map(\.term) }
  var negations: Int { words.count(where: \.isNegation) }
  var names: Set<String> { Set(words.filter(\.isName).map(\.term)) }

  /// One token for each place: the longest of those that begin there, and none inside another.
  private static func places(_ tokens: [Token]) -> [Token] {
    var kept: [Token] = []
    for token in tokens {
      if let last = kept.last {
        if token.span.start == last.span.start, token.span.end > last.span.end {
          kept[kept.count - 1] = token
          continue
        }
        if token.span.end <= last.span.end { continue }
      }
      kept.append(token)
    }
    return kept
  }

  /// Words as far from a word, on either side, as given.
  func terms(around index: Int, before: Int, after: Int) -> [Word] {
    Array(words[max(0, index - before)..<index])
      + Array(words[min(words.count, index + 1)..<min(words.count, index + 1 + after)])
  }
}

/// Words that turn, bound or count what a sentence says, in the languages of most help centres.
enum StatementWords {
  static func negations(_ language: Language?) -> Set<String> {
    negationsByLanguage[language ?? .english] ?? negationsByLanguage[.english]!
  }

  private static let negationsByLanguage: [Language: Set<String>] = [
    .english: words(
      "not no never none neither nor nothing nobody nowhere without cannot hardly refuses unable"),
    .german: words("nicht nie niemals nichts niemand ohne weder kein keine keiner keinen keinem keines"),
    .french: words("ne n pas jamais sans aucun aucune rien personne ni"),
    .spanish: words("no nunca jamás sin ningún ninguno ninguna nada nadie tampoco ni"),
    .italian: words("non no mai senza nessun nessuno nessuna niente nulla né"),
    .dutch: words("niet geen nooit niets niemand zonder noch"),
    .portuguese: words("não nunca jamais sem nenhum nenhuma nada ninguém nem"),
  ]

  /// By form, one word for those that say the same.
  static let qualifiers: [String: String] = {
    let groups = [
      "only nur seulement solo solamente soltanto alleen apenas somente just merely exclusively",
      "except außer ausgenommen sauf excepto salvo tranne behalve exceto excluding",
      "unless", "if falls wenn sofern si se als provided", "until till bis jusqu'à hasta fino tot até",
      "before vor bevor avant antes prima voor", "after nach nachdem après después dopo na após depois",
      "least mindestens minstens wenigstens minimum", "most höchstens maximal maximum",
      "more mehr plus más più meer mais over",
      "less weniger moins menos meno minder fewer under",
      "must muss müssen doit debe deve moet required",
      "always immer toujours siempre sempre altijd",
      "all every each alle jeder jede jedes tous chaque todos todas cada tutti ogni elke",
      "both beide", "half", "double doppelt twice", "once", "first erste premier primero primo eerste",
      "last letzte dernier último", "or oder ou o of",
      "off aus", "up", "down", "above", "below", "inside", "outside", "out", "in", "on",
      "with mit avec con met com",
      "same", "other", "own",
      "free kostenlos gratuit gratis",
    ]
    var byForm: [String: String] = [:]
    for group in groups {
      let forms = group.split(separator: " ").map(String.init)
      for form in forms { byForm[form] = forms[0] }
    }
    return byForm
  }()

  /// Words that say nothing more where they are added.
  static let fillers: Set<String> = words(
    "also however therefore thus so then please here according simply able let lets like yes additionally "
      + "furthermore note too well get got")

  /// Without which a sentence promises more than its evidence.
  static let conditions: Set<String> = ["only", "except", "unless", "if", "until"]

  /// "One" is an article or a pronoun too often.
  static let numerals: [String: String] = {
    let values = ["2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "14", "20", "30"]
    let lists = [
      "two three four five six seven eight nine ten eleven twelve fourteen twenty thirty",
      "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf vierzehn zwanzig dreißig",
      "deux trois quatre cinq six sept huit neuf dix onze douze quatorze vingt trente",
      "dos tres cuatro cinco seis siete ocho nueve diez once doce catorce veinte treinta",
      "due tre quattro cinque sei sette otto nove dieci undici dodici quattordici venti trenta",
      "twee drie vier vijf zes zeven acht negen tien elf twaalf veertien twintig dertig",
      "dois três quatro cinco seis sete oito nove dez onze doze catorze vinte trinta",
    ]
    var numerals: [String: String] = [:]
    for list in lists {
      for (word, value) in zip(list.split(separator: " "), values) where numerals[String(word)] == nil {
        numerals[String(word)] = value
      }
    }
    return numerals
  }()

  private static func words(_ text: String) -> Set<String> {
    Set(text.split(separator: " ").map(String.init))
  }
}
