/// A lexical query against one snapshot: numbers looked up, weights computed.
struct PreparedQuery {
  struct Alternative {
    let term: String
    let documentFrequency: Int
    let idf: Double
    let gain: Double
    /// Its postings in each segment; nil where it does not occur.
    let places: [PostingsPlace?]
  }

  struct Term {
    let queryTerm: Int
    /// Those that a live chunk has.
    let alternatives: [Alternative]
  }

  let scorer: BM25F
  let terms: [Term]
  /// What the terms cannot add more than together.
  private let largestScore: Double

  init(_ query: LexicalQuery, _ content: SnapshotContent) {
    let scorer = BM25F(query.parameters, chunks: content.liveChunks, totalLengths: content.totalLengths)
    var terms: [Term] = []
    for (index, term) in query.terms.enumerated() where term.weight > 0 && term.weight.isFinite {
      var seen: [[UInt8]] = []
      var alternatives: [Alternative] = []
      for spelling in term.alternatives {
        let bytes = Array(spelling.utf8)
        guard !seen.contains(bytes) else { continue }
        seen.append(bytes)
        let places = content.views.map { $0.segment.lexical.terms.find(spelling) }
        let frequency = zip(content.views, places).reduce(0) { sum, pair in
          sum + (pair.1.map(pair.0.documentFrequency) ?? 0)
        }
        guard frequency > 0 else { continue }
        let idf = scorer.idf(documentFrequency: frequency)
        alternatives.append(
          Alternative(
            term: spelling, documentFrequency: frequency, idf: idf,
            gain: scorer.gain(idf: idf, weight: term.weight), places: places))
      }
      if !alternatives.isEmpty { terms.append(Term(queryTerm: index, alternatives: alternatives)) }
    }
    self.scorer = scorer
    self.terms = terms
    largestScore = terms.reduce(0) { $0 + ($1.alternatives.map(\.gain).max() ?? 0) }
  }

  /// The postings of an alternative in a segment, scored.
  ///
  /// - Returns: nil where it does not occur, or its list cannot be read.
  func cursor(_ alternative: Alternative, _ view: SegmentView, at index: Int) -> ScoredCursor? {
    guard let place = alternative.places[index] else { return nil }
    let lexical = view.segment.lexical
    guard let cursor = lexical.terms.cursor(place) else {
      view.segment.markDamaged()
      return nil
    }
    return ScoredCursor(
      cursor, scorer: scorer, term: scorer.term(gain: alternative.gain, largest: largestScore),
      lengths: lexical.lengths)
  }
}
