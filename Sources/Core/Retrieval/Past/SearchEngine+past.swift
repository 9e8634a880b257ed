import Domain
import SearchIndex

extension SearchEngine {
  /// What a search reads: the newest state, or one of the past.
  struct ReadState: Sendable {
    let snapshot: SearchSnapshot
    let generation: Generation
    let passages: any PassageSource
    /// Under what findings about the snapshot are remembered; nil where they are not.
    let cache: KnowledgeBaseID?
    var degraded: [String] = []
  }

  /// - Throws: `forbidden`, `as_of_unavailable`, `as_of_too_large`.
  func read(
    _ current: PublishedIndex.State, of id: KnowledgeBaseID, for request: SearchRequest
  ) async throws -> ReadState {
    guard let asOf = request.asOf else {
      return ReadState(
        snapshot: current.snapshot, generation: Generation(rawValue: current.snapshot.generation),
        passages: LivePassages(store: store, knowledgeBase: id), cache: id)
    }
    // Texts that were replaced or taken back are for those who may read old versions.
    guard request.viewer == .all else {
      throw RetrievalError(.forbidden, "as_of shows old versions: it needs a key that sees every document.")
    }
    let (index, generation) = try await pastIndexes.index(asOf, of: id, model: current.model)
    var read = ReadState(
      snapshot: index.snapshot, generation: generation, passages: index, cache: nil)
    if index.unembedded > 0 {
      read.degraded.append(
        "dense_unavailable: \(index.unembedded) passages of that time have no vector, as the model is missing"
      )
    }
    return read
  }
}
