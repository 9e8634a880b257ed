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
  /// Added to its cosine because the query is in another language.
  var lift = 0.0
  /// Cosine with the query as feedback moved it.
  var feedback: Double?
  /// Added because the conversation named what its document is about.
  var boost = 0.0
  /// Added for how new its document is and how much weight it has; see `DocumentPriors`.
  var prior = 0.0
  /// Both halves' scores joined, where the cross-encoder's came on top.
  var fused: Double?
  /// What the cross-encoder said of it.
  var rerank: Double?
  /// Its share in the score.
  var rerankWeight = 0.0
  var score: Double = 0

  /// The cosine that counts; nil for a chunk without a vector.
  var liftedCosine: Double? { (feedback ?? dense).map { $0 + lift } }

  /// Raw numbers, as a response has them.
  ///
  /// - Parameter isFused: whether the search joined both halves.
  func scores(isFused: Bool) -> HitScores {
    let isScored = lexical != nil || dense != nil
    return HitScores(
      lexical: lexical, dense: dense, fused: isFused && isScored ? fused ?? score : nil, rerank: rerank)
  }

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
  var filter: LabelFilter
  let weights: HalfWeights
  /// What the conversation named, the strongest first.
  let boosts: [ContextBoost]
  /// Of the languages of what is searched, where there is anything to balance.
  var balance: LanguageBalance?
  var fusion: ConvexFusion { weights.fusion }
  var isFused: Bool { mode == .hybrid && vector != nil }
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
    let named = namedHits(in: snapshot)
    for hit in named.lexical where all[hit.key]?.lexical == nil {
      all[hit.key, default: Candidate(key: hit.key, group: hit.group)].lexical = Double(hit.score)
    }
    for hit in named.dense where all[hit.key]?.dense == nil {
      all[hit.key, default: Candidate(key: hit.key, group: hit.group)].dense = Double(hit.score)
    }
    if mode == .hybrid, let vector {
      let unscoredLexical = all.values.filter { $0.lexical == nil }.map(\.key)
      for (key, score) in snapshot.lexicalScores(of: unscoredLexical, lexical) where score > 0 {
        all[key]?.lexical = score
      }
      let unscoredDense = all.values.filter { $0.dense == nil }.map(\.key)
      for (key, score) in snapshot.denseScores(of: unscoredDense, vector) { all[key]?.dense = Double(score) }
    }
    boost(&all, in: snapshot)
    if mode == .hybrid, let vector {
      for (key, lift) in lifts(of: Array(all.keys), towards: vector, in: snapshot) { all[key]?.lift = lift }
    }
    var candidates = Array(all.values)
    for i in candidates.indices { candidates[i].score = score(of: candidates[i]) }
    candidates.sort(by: Candidate.precedes)
    if mode == .hybrid { follow(&candidates, in: snapshot) }
    return CandidateSet(
      candidates: candidates, lexicalCount: lexicalHits.count, denseCount: denseHits.count,
      isExhausted: lexicalHits.count < depth && denseHits.count < depth)
  }

  /// Of each attribute, what was named last counts.
  private func boost(_ candidates: inout [UInt64: Candidate], in snapshot: SearchSnapshot) {
    guard mode == .hybrid else { return }
    var boosted: [String: Set<UInt64>] = [:]
    for boost in boosts {
      let keys = snapshot.chunks(among: candidates.keys, with: boost.label)
      for key in keys.subtracting(boosted[boost.key] ?? []) { candidates[key]?.boost += boost.amount }
      boosted[boost.key, default: []].formUnion(keys)
    }
  }

  /// What is added to the cosines of chunks because the query is in another language; nothing where all are in one.
  private func lifts(
    of keys: [UInt64], towards vector: [Float], in snapshot: SearchSnapshot
  ) -> [UInt64: Double] {
    guard let balance else { return [:] }
    var lifts: [UInt64: Double] = [:]
    for (part, lift) in zip(balance.parts, balance.lifts(for: vector)) {
      for key in snapshot.chunks(among: keys, with: part.label) { lifts[key] = lift }
    }
    return lifts
  }

  /// Scores candidates again by the query as the best of them move it.
  private func follow(_ candidates: inout [Candidate], in snapshot: SearchSnapshot) {
    guard let vector, let moved = weights.feedback.moved(vector, towards: candidates, in: snapshot) else {
      return
    }
    let keys = candidates.map(\.key)
    let cosines = snapshot.denseScores(of: keys, moved)
    let lifts = lifts(of: keys, towards: moved, in: snapshot)
    for place in candidates.indices {
      candidates[place].feedback = cosines[candidates[place].key]
      candidates[place].lift = lifts[candidates[place].key] ?? 0
      candidates[place].score = score(of: candidates[place])
    }
    candidates.sort(by: Candidate.precedes)
  }

  private func score(of candidate: Candidate) -> Double {
    switch mode {
    case .lexical, .suggest: candidate.lexical ?? 0
    case .dense: candidate.dense ?? 0
    case .hybrid:
      vector == nil
        ? (candidate.lexical ?? 0) + fusion.lexicalScale * candidate.boost
        : candidate.boost
          + fusion.score(lexical: candidate.lexical ?? 0, dense: candidate.liftedCosine)
    }
  }

  /// What both halves find among the documents of what was named: in a large knowledge base they would not come
  /// to the first by themselves.
  func namedHits(in snapshot: SearchSnapshot) -> (lexical: [Hit], dense: [Hit]) {
    guard mode == .hybrid else { return ([], []) }
    var found: (lexical: [Hit], dense: [Hit]) = ([], [])
    for boost in boosts.prefix(Self.namedLimit) {
      var query = self
      query.filter.all.append([boost.label])
      found.lexical += query.lexicalHits(in: snapshot, depth: Self.namedDepth)
      found.dense += query.denseHits(in: snapshot, depth: Self.namedDepth)
    }
    return found
  }

  /// Named things whose documents are searched for by themselves, and how many chunks of each.
  private static let namedLimit = 3
  private static let namedDepth = 30

  func lexicalHits(in snapshot: SearchSnapshot, depth: Int) -> [Hit] {
    guard mode != .dense, !lexical.terms.isEmpty else { return [] }
    return snapshot.lexical(lexical, filter: filter, limit: depth)
  }

  func denseHits(in snapshot: SearchSnapshot, depth: Int) -> [Hit] {
    guard mode.asksModel, let vector else { return [] }
    let nearest = snapshot.dense(vector, filter: filter, limit: depth)
    guard let balance else { return nearest }
    // The nearest may all be in one language, so that each is asked for by itself.
    var (all, lifts) = (nearest, [UInt64: Double]())
    var seen = Set(nearest.map(\.key))
    for (part, lift) in zip(balance.parts, balance.lifts(for: vector)) {
      var query = filter
      query.all.append([part.label])
      for hit in snapshot.dense(vector, filter: query, limit: depth) {
        lifts[hit.key] = lift
        if seen.insert(hit.key).inserted { all.append(hit) }
      }
    }
    func score(_ hit: Hit) -> Double { Double(hit.score) + lifts[hit.key, default: 0] }
    return all.sorted { score($0) != score($1) ? score($0) > score($1) : $0.key < $1.key }
  }
}
