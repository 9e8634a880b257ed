import Domain
import SearchIndex
import TextAnalysis

/// Makes passages of several languages comparable for a model that reads them all.
///
/// To such a model a question is nearer to whatever is written in its own language than to an answer in another. How
/// near it is to a language as such, its cosine with the mean of that language's passages, is told apart, and what
/// others fall behind the nearest one is made up for in part (`tools/adr/0013`).
struct LanguageBalance: Sendable {
  /// Passages of one language.
  struct Part: Sendable {
    /// What the index marks them with.
    let label: String
    /// Mean of their vectors.
    let centre: [Float]
  }

  /// Share of the difference that is made up for: with all of it, passages in the question's own language lose.
  static let share = 0.7
  /// Languages told apart, the most used ones.
  static let maxLanguages = 8
  /// Passages of each that the mean is taken of.
  static let sample = 128

  let parts: [Part]

  /// - Parameter visible: passages that a viewer may see; of others nothing is read.
  /// - Returns: nil where there is nothing to balance.
  init?(of languages: [Language], in snapshot: SearchSnapshot, visible: LabelFilter) {
    parts = languages.prefix(Self.maxLanguages).compactMap { language in
      var filter = visible
      filter.all.append([IndexLabel.language + language.rawValue])
      return snapshot.centre(of: filter, sample: Self.sample)
        .map { Part(label: IndexLabel.language + language.rawValue, centre: $0) }
    }
    guard parts.count > 1 else { return nil }
  }

  /// What is added to the cosines of each language's passages.
  func lifts(for query: [Float]) -> [Double] {
    let nearness = parts.map { $0.centre.cosine(with: query) }
    let nearest = nearness.max() ?? 0
    return nearness.map { Self.share * (nearest - $0) }
  }
}

/// How many passages are written in a language.
struct LanguageCount: Sendable {
  let language: Language
  let passages: Int
}

extension SearchEngine {
  /// Of a knowledge base whose model reads every language; nil unless passages are in several.
  func balance(
    of kb: KnowledgeBaseID?, in snapshot: SearchSnapshot, visible: LabelFilter, languages: [Language]
  ) -> LanguageBalance? {
    guard languages.count > 1 else { return nil }
    if let kb, let known = balanceByGeneration.withLock({ $0[kb] }), known.generation == snapshot.generation,
      let balance = known.byFilter[visible]
    {
      return balance
    }
    let balance = LanguageBalance(of: languages, in: snapshot, visible: visible)
    guard let kb else { return balance }
    balanceByGeneration.withLock { known in
      if known[kb]?.generation != snapshot.generation || known[kb]?.byFilter.count ?? 0 >= Self.viewersKept {
        known[kb] = (snapshot.generation, [:])
      }
      known[kb]?.byFilter[visible] = .some(balance)
    }
    return balance
  }
}
