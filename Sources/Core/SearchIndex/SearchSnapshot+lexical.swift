extension SearchSnapshot {
  /// Finds chunks by BM25F: those that have a term of the query.
  ///
  /// - Returns: best first, ties by ascending key.
  public func lexical(_ query: LexicalQuery, filter: LabelFilter = .none, limit: Int) -> [Hit] {
    guard limit > 0 else { return [] }
    let prepared = PreparedQuery(query, content)
    guard !prepared.terms.isEmpty else { return [] }
    var hits = TopHits(limit: limit)
    for (index, view) in content.views.enumerated() {
      let allowed = view.allowed(filter)
      if case .nothing = allowed { continue }
      LexicalScan(prepared, view, at: index).run(allowed, index: index, into: &hits)
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
          scores[key, default: 0] += probe.best(term, ordinal)?.score ?? 0
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
    let lengths = (0..<lexical.fields).map { Int(lexical.lengths[place.ordinal * lexical.fields + $0]) }
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
      sum + (view.segment.lexical.terms.id(of: term).map(view.documentFrequency) ?? 0)
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

  private let scorer: BM25F
  private let lengths: PackedArray<UInt16>
  /// By term of the query, then by alternative.
  private let cursors: [[(cursor: PostingCursor, gain: Double)?]]

  init(_ query: PreparedQuery, _ view: SegmentView, at index: Int) {
    scorer = query.scorer
    lengths = view.segment.lexical.lengths
    cursors = query.terms.map { term in
      term.alternatives.map { alternative in
        alternative.ids[index].flatMap(view.segment.lexical.terms.cursor).map { ($0, alternative.gain) }
      }
    }
  }

  /// The alternative of a term that scores best in a chunk, the first of equals.
  func best(_ term: Int, _ ordinal: Int) -> Match? {
    var best: Match?
    for (index, entry) in cursors[term].enumerated() {
      guard let (cursor, gain) = entry, cursor.seek(UInt32(ordinal)) == UInt32(ordinal) else { continue }
      let score = scorer.score(cursor, at: cursor.position, lengths: lengths, gain: gain)
      if best == nil || score > best!.score {
        let frequencies = (0..<cursor.fieldCount).map { Int(cursor.frequency(field: $0)) }
        best = Match(alternative: index, score: score, frequencies: frequencies)
      }
    }
    return best
  }
}
