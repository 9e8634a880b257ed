import SearchIndex

/// A chunk that either half brought, with both halves' scores.
struct Candidate: Sendable {
  let key: UInt64
  let group: UInt64
  /// Ranks from 1 in each half's list.
  var lexicalRank: Int?
  var denseRank: Int?
  var lexical: Double?
  var dense: Double?
  /// Both halves' scores joined, where the cross-encoder's came on top.
  var fused: Double?
  /// What the cross-encoder said of it.
  var rerank: Double?
  var score: Double = 0

  /// Best first; equal scores by ascending chunk id, so that results repeat exactly.
  static func precedes(_ a: Candidate, _ b: Candidate) -> Bool {
    a.score != b.score ? a.score > b.score : a.key < b.key
  }
}

/// What a search asks of a snapshot, all text and models behind it.
struct CandidateQuery: Sendable {
  let mode: SearchMode
  let lexical: LexicalQuery
  /// Unit length; nil where the dense half is not asked or not available.
  var vector: [Float]?
  let filter: LabelFilter
  let fusion: ConvexFusion
}

/// Both halves' answers joined, best first.
struct CandidateSet: Sendable {
  let candidates: [Candidate]
  let lexicalCount: Int
  let denseCount: Int
  /// Neither half has more than it gave.
  let isExhausted: Bool
}

extension CandidateQuery {
  /// Takes `depth` chunks from each half and scores every one by both.
  func candidates(in snapshot: SearchSnapshot, lexicalHits: [Hit], denseHits: [Hit], depth: Int)
    -> CandidateSet
  {
    var all: [UInt64: Candidate] = [:]
    all.reserveCapacity(lexicalHits.count + denseHits.count)
    for (rank, hit) in lexicalHits.enumerated() {
      var candidate = Candidate(key: hit.key, group: hit.group)
      candidate.lexicalRank = rank + 1
      candidate.lexical = Double(hit.score)
      all[hit.key] = candidate
    }
    for (rank, hit) in denseHits.enumerated() {
      var candidate = all[hit.key] ?? Candidate(key: hit.key, group: hit.group)
      candidate.denseRank = rank + 1
      candidate.dense = Double(hit.score)
      all[hit.key] = candidate
    }
    if mode == .hybrid, let vector {
      let unscoredLexical = all.values.filter { $0.lexical == nil }.map(\.key)
      for (key, score) in snapshot.lexicalScores(of: unscoredLexical, lexical) where score > 0 {
        all[key]?.lexical = score
      }
      let unscoredDense = all.values.filter { $0.dense == nil }.map(\.key)
      for (key, score) in snapshot.denseScores(of: unscoredDense, vector) { all[key]?.dense = Double(score) }
    }
    var candidates = Array(all.values)
    for i in candidates.indices { candidates[i].score = score(of: candidates[i]) }
    candidates.sort(by: Candidate.precedes)
    return CandidateSet(
      candidates: candidates, lexicalCount: lexicalHits.count, denseCount: denseHits.count,
      isExhausted: lexicalHits.count < depth && denseHits.count < depth)
  }

  private func score(of candidate: Candidate) -> Double {
    switch mode {
    case .lexical: candidate.lexical ?? 0
    case .dense: candidate.dense ?? 0
    case .hybrid:
      vector == nil
        ? candidate.lexical ?? 0
        : fusion.score(lexical: candidate.lexical ?? 0, dense: candidate.dense ?? 0)
    }
  }

  func lexicalHits(in snapshot: SearchSnapshot, depth: Int) -> [Hit] {
    guard mode != .dense, !lexical.terms.isEmpty else { return [] }
    return snapshot.lexical(lexical, filter: filter, limit: depth)
  }

  func denseHits(in snapshot: SearchSnapshot, depth: Int) -> [Hit] {
    guard mode != .lexical, let vector else { return [] }
    return snapshot.dense(vector, filter: filter, limit: depth)
  }
}
