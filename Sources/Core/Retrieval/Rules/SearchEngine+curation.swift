import Domain
import SearchIndex

/// What curations put first and take out, as documents of the store.
struct CuratedResults: Sendable {
  /// In the order in which they are shown.
  var pinned: [DocumentRecord] = []
  var hidden: Set<UInt64> = []

  /// - Returns: a passage of each pinned document, its best where one was found, and the candidates without them and
  ///   without what is hidden.
  func applied(
    to candidates: [Candidate], by engine: SearchEngine, for request: SearchRequest,
    in plan: SearchEngine.Plan
  ) async throws -> (pinned: [SearchEngine.Found], rest: [Candidate]) {
    guard !pinned.isEmpty || !hidden.isEmpty else { return ([], candidates) }
    var rest = candidates.filter { !hidden.contains($0.group) }
    var found: [SearchEngine.Found] = []
    for document in pinned {
      let group = UInt64(document.id.rawValue)
      let best = try await engine.hydrate(
        rest.filter { $0.group == group }.prefix(1).map { $0 }, for: request.viewer, in: plan)
      var beginning: SearchEngine.Found?
      if best.isEmpty { beginning = try await engine.beginning(of: document, in: plan) }
      guard var hit = best.first ?? beginning else { continue }
      hit.isPinned = true
      found.append(hit)
      rest.removeAll {
        request.grouping == .document ? $0.group == group : $0.key == hit.candidate.key
      }
    }
    return (found, rest)
  }
}

extension SearchEngine {
  /// The documents that an editor pinned or hid for a question, or the request leaves out; of pinned ones those that the caller may see and the
  /// filter admits.
  func curated(by plan: Plan, for request: SearchRequest) async throws -> CuratedResults {
    var results = CuratedResults()
    for id in plan.curations.flatMap(\.hidden) + request.without {
      if let document = try await plan.passages.document(id) {
        results.hidden.insert(UInt64(document.id.rawValue))
      }
    }
    for id in plan.curations.flatMap(\.pinned) {
      guard let document = try await plan.passages.document(id), request.viewer.maySee(document.visibility),
        try request.filter.admits(Set(IndexLabel.labels(of: document))),
        !results.hidden.contains(UInt64(document.id.rawValue)),
        !results.pinned.contains(where: { $0.id == document.id })
      else { continue }
      results.pinned.append(document)
    }
    return results
  }

  /// The first passage of a document, for one that the search did not find.
  func beginning(of document: DocumentRecord, in plan: Plan) async throws -> Found? {
    let passages = try await plan.passages.passages(of: document.id, ordinals: 0...0)
    return passages.first.map { passage in
      Found(
        candidate: Candidate(key: passage.chunk.rawValue, group: UInt64(document.id.rawValue)),
        passage: passage)
    }
  }
}
