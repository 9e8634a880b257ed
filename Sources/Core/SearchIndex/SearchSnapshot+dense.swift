extension SearchSnapshot {
  /// Candidates of the int8 scan that are compared exactly, for a limit.
  static func candidateCount(limit: Int) -> Int { max(4 * limit, 200) }

  /// Finds the chunks nearest to a vector, by cosine.
  ///
  /// An exact scan of int8 codes keeps candidates, which are scored again from binary16.
  ///
  /// - Parameter vector: of the index's dimension and model; any other finds nothing.
  /// - Returns: best first, ties by ascending key; a chunk of several vectors once, as its nearest.
  public func dense(_ vector: [Float], filter: LabelFilter = .none, limit: Int) -> [Hit] {
    guard limit > 0, let query = VectorQuery(vector, dimension: content.identity.dimension) else { return [] }
    let limit = min(limit, content.liveChunks)
    var candidates = TopHits(limit: Self.candidateCount(limit: limit))
    for (index, view) in content.views.enumerated() {
      guard let vectors = view.segment.vectors else { continue }
      VectorScan(file: vectors, keys: view.segment.lexical.keys, index: index)
        .run(query, view.allowed(filter), into: &candidates)
    }
    var hits = TopHits(limit: limit)
    for candidate in candidates.sorted() {
      guard let vectors = content.views[candidate.view].segment.vectors,
        let score = vectors.exactScore(query, chunk: candidate.ordinal)
      else { continue }
      hits.offer(
        .init(score: score, key: candidate.key, view: candidate.view, ordinal: candidate.ordinal))
    }
    return hits.sorted().map(content.hit)
  }

  /// Cosines of chunks that were found some other way, as `dense` gives them.
  ///
  /// - Returns: without chunks that are not live or have no vector.
  public func denseScores(of keys: [UInt64], _ vector: [Float]) -> [UInt64: Double] {
    guard let query = VectorQuery(vector, dimension: content.identity.dimension) else { return [:] }
    var scores: [UInt64: Double] = [:]
    for key in keys {
      guard let place = content.locate(key) else { continue }
      scores[key] = content.views[place.view].segment.vectors?.exactScore(query, chunk: place.ordinal)
    }
    return scores
  }
}
