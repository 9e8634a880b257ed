import Domain
import SearchIndex
import TextAnalysis

extension SearchEngine {
  /// What a conversation named of a knowledge base's attributes; nothing without history.
  func boosts(
    of query: StandaloneQuery, kb: KnowledgeBaseID?, in snapshot: SearchSnapshot, visible: LabelFilter,
    languages: [Language]
  ) -> [ContextBoost] {
    guard query.context != nil else { return [] }
    let mentions = mentions(of: kb, in: snapshot, visible: visible, languages: languages)
    guard !mentions.values.isEmpty else { return [] }
    return ContextBoost.boosts(
      of: query.turns.map { analyzer.queryTerms(of: $0, languages: languages) }, by: mentions)
  }

  /// Kinds of viewers for whom what was found in a generation is kept.
  static let viewersKept = 16

  private func mentions(
    of kb: KnowledgeBaseID?, in snapshot: SearchSnapshot, visible: LabelFilter, languages: [Language]
  ) -> AttributeMentions {
    if let kb, let known = mentionsByGeneration.withLock({ $0[kb] }), known.generation == snapshot.generation,
      let mentions = known.byFilter[visible]
    {
      return mentions
    }
    let mentions = AttributeMentions(snapshot, visible: visible, analyzer: analyzer, languages: languages)
    guard let kb else { return mentions }
    mentionsByGeneration.withLock { known in
      if known[kb]?.generation != snapshot.generation || known[kb]?.byFilter.count ?? 0 >= Self.viewersKept {
        known[kb] = (snapshot.generation, [:])
      }
      known[kb]?.byFilter[visible] = mentions
    }
    return mentions
  }
}
