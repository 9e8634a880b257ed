extension SearchSnapshot {
  /// Candidates of the int8 scan that are compared exactly, for a limit.
  static func candidateCount(limit: Int) -> Int { max(4 * limit, 200) }

  /// Finds the chunks nearest to a vector, by cosine.
  ///
  /// Small segments, and what a filter leaves few of, are compared with the query one by one: nothing is
  /// missed. Others are searched through their graph, which finds nearly all. Either way what is found is
  /// scored again from binary16.
  ///
  /// - Parameters:
  ///   - vector: of the index's dimension and model; any other finds nothing.
  ///   - breadth: vectors that the search of a graph keeps: more finds more and takes longer. Nil for a
  ///     number that suits the limit.
  /// - Returns: best first, ties by ascending key; a chunk of several vectors once, as its nearest.
  public func dense(
    _ vector: [Float], filter: LabelFilter = .none, limit: Int, breadth: Int? = nil
  ) -> [Hit] {
    guard limit > 0, let query = VectorQuery(vector, dimension: content.identity.dimension) else { return [] }
    let limit = min(limit, content.liveChunks)
    var candidates = TopHits(limit: Self.candidateCount(limit: limit))
    var hits = TopHits(limit: limit)
    for (index, view) in content.views.enumerated() {
      guard let vectors = view.segment.vectors else { continue }
      let allowed = view.allowed(filter)
      if let walk = GraphWalk(view, allowed, at: index, above: content.scannedVectors),
        walk.run(query, limit, breadth, into: &hits)
      {
        continue
      }
      VectorScan(file: vectors, keys: view.segment.lexical.keys, index: index)
        .run(query, allowed, into: &candidates)
    }
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

  /// The mean of the vectors of chunks that a filter lets through.
  ///
  /// - Parameter sample: most chunks that are read, spread evenly over them.
  /// - Returns: nil where none of those has a vector.
  public func centre(of filter: LabelFilter, sample: Int) -> [Float]? {
    let dimension = content.identity.dimension
    let allowed = content.views.map { $0.allowed(filter) }
    let counts = zip(content.views, allowed).map { $1.count(of: $0.segment.chunks) }
    let total = counts.reduce(0, +)
    guard total > 0, sample > 0 else { return nil }
    let step = (total + sample - 1) / sample
    var sum = [Float](repeating: 0, count: dimension)
    var row = sum
    var (next, found) = (0, 0)
    for ((view, allowed), count) in zip(zip(content.views, allowed), counts) {
      if let file = view.segment.vectors {
        for ordinal in allowed.ordinals(from: next, every: step, of: view.segment.chunks) {
          guard let vector = file.vectors(of: ordinal..<ordinal + 1).first else { continue }
          row.withUnsafeMutableBufferPointer { buffer in
            if let start = buffer.baseAddress { file.values(of: vector, into: start) }
          }
          for place in sum.indices { sum[place] += row[place] }
          found += 1
        }
      }
      // The step goes on over the next segment.
      next = next < count ? (step - (count - next) % step) % step : next - count
    }
    return found > 0 ? sum.map { $0 / Float(found) } : nil
  }

  /// A chunk's vector, from binary16: of several the nearest to a query.
  ///
  /// - Returns: nil for a chunk that is not live or has no vector, and for a query of another dimension.
  public func vector(of key: UInt64, nearest query: [Float]) -> [Float]? {
    guard let query = VectorQuery(query, dimension: content.identity.dimension),
      let place = content.locate(key)
    else { return nil }
    return content.views[place.view].segment.vectors?.nearest(query, chunk: place.ordinal)
  }
}
