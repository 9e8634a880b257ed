import Domain

extension SearchEngine {
  /// Documents that are looked at for facets, at most.
  private static let facetDocuments = 1000

  /// Counts what the documents that were found have of some filter keys.
  ///
  /// - Parameter candidates: best first.
  func facets(
    _ keys: [String], of candidates: [Candidate], for viewer: Viewer, in plan: Plan
  ) async throws -> [String: [FacetCount]] {
    let documents = Self.choose(candidates, grouping: .document).prefix(Self.facetDocuments)
    let labels = try await hydrate(Array(documents), for: viewer, in: plan).map {
      IndexLabel.labels(of: $0.passage.document)
    }
    var facets: [String: [FacetCount]] = [:]
    for key in keys {
      let prefix = try IndexLabel.prefix(ofKey: key)
      var counts: [String: Int] = [:]
      for label in labels.joined() where label.hasPrefix(prefix) {
        counts[String(label.dropFirst(prefix.count)), default: 0] += 1
      }
      facets[key] = counts.map { FacetCount(value: $0.key, count: $0.value) }
        .sorted { ($1.count, $0.value) < ($0.count, $1.value) }
    }
    return facets
  }
}
