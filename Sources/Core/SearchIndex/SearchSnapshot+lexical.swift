extension SearchSnapshot {
  /// Finds chunks by BM25F: those that have a term of the query.
  ///
  /// - Returns: best first, ties by ascending key.
  public func lexical(_ query: LexicalQuery, filter: LabelFilter = .none, limit: Int) -> [Hit] {
    guard limit > 0 else { return [] }
    let prepared = PreparedQuery(query, content)
    guard !prepared.terms.isEmpty else { return [] }
    var hits = TopHits(limit: limit)
    let space = ScanSpace()
    for (index, view) in content.views.enumerated() {
      let allowed = view.allowed(filter)
      if case .nothing = allowed { continue }
      var scan = LexicalScan(prepared, view, at: index, in: space)
      scan.run(allowed, into: &hits)
    }
    return hits.sorted().map(content.hit)
  }

  /// BM25F scores of chunks that were found some other way, bit for bit as `lexical` gives them.
  ///
  /// - Returns: 0 for a chunk that no term matches; nothing for one that is not live.
  public func lexicalScores(of keys: [UInt64], _ query: LexicalQuery) -> [UInt64: Double] {
    var ordinals: [Int: [(ordinal: Int, key: UInt64)]] = [:]
    var scores: [UInt64: Double] = [:]
    for key in keys where scores[key] == nil {
      guard let place = content.locate(key) else { continue }
      ordinals[place.view, default: []].append((place.ordinal, key))
      scores[key] = 0
    }
    guard !ordinals.isEmpty else { return scores }
    let prepared = PreparedQuery(query, content)
    for (index, wanted) in ordinals {
      let probe = TermProbe(prepared, content.views[index], at: index)
      for (ordinal, key) in wanted.sorted(by: { $0.ordinal < $1.ordinal }) {
        for term in prepared.terms.indices {
          scores[key, default: 0] += probe.score(term, ordinal)
        }
      }
    }
    return scores
  }

  /// What each matching term adds to a chunk's score, in the query's order.
  ///
  /// - Returns: nil where the chunk is not live.
  public func explain(key: UInt64, _ query: LexicalQuery) -> [TermContribution]? {
    guard let place = content.locate(key) else { return nil }
    let prepared = PreparedQuery(query, content)
    let lexical = content.views[place.view].segment.lexical
    let probe = TermProbe(prepared, content.views[place.view], at: place.view)
    let lengths = (0..<lexical.fields).map { Int(lexical.lengths[place.ordinal, $0]) }
    return prepared.terms.indices.compactMap { index in
      guard let match = probe.best(index, place.ordinal) else { return nil }
      let alternative = prepared.terms[index].alternatives[match.alternative]
      return TermContribution(
        queryTerm: prepared.terms[index].queryTerm, term: alternative.term,
        docFreq: alternative.documentFrequency, idf: alternative.idf, frequencies: match.frequencies,
        lengths: lengths, averageLengths: prepared.scorer.averageLengths, score: match.score)
    }
  }

  /// Live chunks that have a term, whatever a filter would hide.
  public func documentFrequency(of term: String) -> Int {
    content.views.reduce(0) { sum, view in
      sum + (view.segment.lexical.terms.find(term).map(view.documentFrequency) ?? 0)
    }
  }
}

/// Scores single chunks of one segment; ordinals must come in ascending order.
private struct TermProbe {
  struct Match {
    let alternative: Int
    let score: Double
    let frequencies: [Int]
  }

  /// By term of the query, then by alternative.
  private let cursors: [[ScoredCursor?]]

  init(_ query: PreparedQuery, _ view: SegmentView, at index: Int) {
    cursors = query.terms.map { $0.alternatives.map { query.cursor($0, view, at: index) } }
  }

  /// The score of a term: that of its best alternative; 0 where the chunk has none.
  func score(_ term: Int, _ ordinal: Int) -> Double {
    cursors[term].reduce(0) { max($0, $1?.posting(of: UInt32(ordinal))?.score ?? 0) }
  }

  /// The alternative of a term that scores best in a chunk, the first of equals.
  func best(_ term: Int, _ ordinal: Int) -> Match? {
    var best: Match?
    for (index, cursor) in cursors[term].enumerated() {
      guard let posting = cursor?.posting(of: UInt32(ordinal)) else { continue }
      if best == nil || posting.score > best!.score {
        best = Match(alternative: index, score: posting.score, frequencies: posting.frequencies)
      }
    }
    return best
  }
}
