import Domain
import Synchronization
import TextAnalysis

/// A knowledge base's rules, with what they are in the analyser's terms; made when first asked for.
final class RuleBook: Sendable {
  static let empty = RuleBook(.none)

  let rules: SearchRules
  private let compiled = Mutex<(languages: [Language], rules: CompiledRules)?>(nil)

  init(_ rules: SearchRules) { self.rules = rules }

  /// - Parameter languages: those of the knowledge base.
  func compiled(by analyzer: TextAnalyzer, for languages: [Language]) -> CompiledRules {
    guard !rules.isEmpty else { return .none }
    return compiled.withLock { known in
      if let known, known.languages == languages { return known.rules }
      let made = CompiledRules(rules, analyzer: analyzer, languages: languages)
      known = (languages, made)
      return made
    }
  }
}

/// Synonyms and curations that can be looked up by the terms of a query.
struct CompiledRules: Sendable {
  static let none = CompiledRules()

  let synonyms: SynonymMap
  private let curations: PhraseTable<SearchRules.Curation>

  private init() {
    synonyms = SynonymMap()
    curations = PhraseTable()
  }

  init(_ rules: SearchRules, analyzer: TextAnalyzer, languages: [Language]) {
    synonyms = SynonymMap(
      rules.synonyms.compactMap { try? SynonymRule(parsing: $0) }, analyzer: analyzer, languages: languages)
    var curations = PhraseTable<SearchRules.Curation>()
    for curation in rules.curations {
      for query in curation.queries {
        curations.add(curation, for: analyzer.queryTerms(of: query, languages: languages))
      }
    }
    self.curations = curations
  }

  /// What an editor decided for a search of these words.
  func curations(for terms: [QueryTerm]) -> [SearchRules.Curation] {
    curations.matches(in: terms, at: 0).filter { $0.length == terms.count }.map(\.value)
  }
}

/// Values by sequences of terms; two terms are the same where they share a form.
struct PhraseTable<Value: Sendable>: Sendable {
  private var entries: [(terms: [Set<String>], value: Value)] = []
  private var entriesByFirst: [String: [Int]] = [:]
  private var forms: Set<String> = []

  var isEmpty: Bool { entries.isEmpty }

  /// A phrase without terms is left out.
  mutating func add(_ value: Value, for terms: [QueryTerm]) {
    guard let first = terms.first else { return }
    for form in first.alternatives { entriesByFirst[form, default: []].append(entries.count) }
    entries.append((terms.map { Set($0.alternatives) }, value))
    for term in terms { forms.formUnion(term.alternatives) }
  }

  /// Whether a phrase has the term.
  func knows(_ term: QueryTerm) -> Bool { term.alternatives.contains(where: forms.contains) }

  /// The phrases that stand at a place, in the order in which they were added.
  func matches(in terms: [QueryTerm], at place: Int) -> [(length: Int, value: Value)] {
    guard place < terms.count else { return [] }
    let candidates = Set(terms[place].alternatives.flatMap { entriesByFirst[$0] ?? [] })
    return candidates.sorted().compactMap { index in
      let phrase = entries[index].terms
      guard place + phrase.count <= terms.count,
        zip(phrase, terms[place...]).allSatisfy({ !$0.isDisjoint(with: $1.alternatives) })
      else { return nil }
      return (phrase.count, entries[index].value)
    }
  }
}
