/// A lexical query against one snapshot: numbers looked up, weights computed.
struct PreparedQuery {
  struct Alternative {
    let term: String
    let documentFrequency: Int
    let idf: Double
    let gain: Double
    /// The term's number in each segment; nil where it does not occur.
    let ids: [Int?]
  }

  struct Term {
    let queryTerm: Int
    /// Those that a live chunk has.
    let alternatives: [Alternative]
  }

  let scorer: BM25F
  let terms: [Term]

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
        let ids = content.views.map { $0.segment.lexical.terms.id(of: spelling) }
        let frequency = zip(content.views, ids).reduce(0) { sum, pair in
          sum + (pair.1.map(pair.0.documentFrequency) ?? 0)
        }
        guard frequency > 0 else { continue }
        let idf = scorer.idf(documentFrequency: frequency)
        alternatives.append(
          Alternative(
            term: spelling, documentFrequency: frequency, idf: idf,
            gain: scorer.gain(idf: idf, weight: term.weight), ids: ids))
      }
      if !alternatives.isEmpty { terms.append(Term(queryTerm: index, alternatives: alternatives)) }
    }
    self.scorer = scorer
    self.terms = terms
  }
}
