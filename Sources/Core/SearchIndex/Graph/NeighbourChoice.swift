import CKernels

/// Chooses neighbours of a row.
struct NeighbourChoice {
  /// What was chosen last.
  private(set) var chosen: [UInt32] = []
  private var candidates: [fd_scored_row] = []
  private var passedOver: [UInt32] = []
  private var vectors: [UInt32] = []
  private var scores: [Float] = []

  /// Chooses from what a search found.
  mutating func select(from search: GraphSearch, of layer: GraphLayer, _ codes: VectorCodes, limit: Int) {
    candidates.removeAll(keepingCapacity: true)
    for place in 0..<search.count {
      candidates.append(fd_scored_row(score: search.score(place), row: search.row(place)))
    }
    select(layer, codes, limit)
  }

  /// Chooses from some rows, in any order.
  mutating func choose(
    from rows: [UInt32], for row: UInt32, of layer: GraphLayer, _ codes: VectorCodes, limit: Int
  ) {
    vectors.removeAll(keepingCapacity: true)
    for row in rows { vectors.append(layer.vector(row)) }
    if scores.count < vectors.count { scores = [Float](repeating: 0, count: 2 * vectors.count) }
    codes.score(vectors, with: layer.vector(row), into: &scores)
    candidates.removeAll(keepingCapacity: true)
    for (index, row) in rows.enumerated() { candidates.append(fd_scored_row(score: scores[index], row: row)) }
    candidates.sort { $0.score != $1.score ? $0.score > $1.score : $0.row < $1.row }
    select(layer, codes, limit)
  }

  /// Chooses of the candidates, which are in descending order, those that are nearer to the row than to any
  /// chosen before, so that they lead into different directions; and the nearest of the others while not half
  /// of the places are taken.
  private mutating func select(_ layer: GraphLayer, _ codes: VectorCodes, _ limit: Int) {
    chosen.removeAll(keepingCapacity: true)
    vectors.removeAll(keepingCapacity: true)
    passedOver.removeAll(keepingCapacity: true)
    for candidate in candidates {
      guard chosen.count < limit else { return }
      let vector = layer.vector(candidate.row)
      if codes.isAny(of: vectors, nearerTo: vector, than: candidate.score) {
        passedOver.append(candidate.row)
      } else {
        chosen.append(candidate.row)
        vectors.append(vector)
      }
    }
    chosen.append(contentsOf: passedOver.prefix(max(0, limit / 2 - chosen.count)))
  }
}
