import Domain
import SearchIndex
import TextAnalysis

extension SearchEngine {
  /// What a conversation named of a knowledge base's attributes; nothing without history.
  func boosts(
    of query: StandaloneQuery, kb: KnowledgeBaseID, in snapshot: SearchSnapshot, languages: [Language]
  ) -> [ContextBoost] {
    guard query.context != nil else { return [] }
    let mentions = mentions(of: kb, in: snapshot, languages: languages)
    guard !mentions.values.isEmpty else { return [] }
    return ContextBoost.boosts(
      of: query.turns.map { analyzer.queryTerms(of: $0, languages: languages) }, by: mentions)
  }

  private func mentions(
    of kb: KnowledgeBaseID, in snapshot: SearchSnapshot, languages: [Language]
  ) -> AttributeMentions {
    if let known = mentionsByGeneration.withLock({ $0[kb] }), known.generation == snapshot.generation {
      return known.mentions
    }
    let mentions = AttributeMentions(snapshot, analyzer: analyzer, languages: languages)
    mentionsByGeneration.withLock { $0[kb] = (snapshot.generation, mentions) }
    return mentions
  }
}
