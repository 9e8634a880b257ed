/// Scores every chunk of a segment that has a term of the query.
///
/// Term at a time within windows of ordinals, so that the accumulators stay in the processor's nearest
/// cache and memory does not grow with the segment. Within a chunk, terms add up in the query's order.
struct LexicalScan {
  private static let window = 2048

  private let view: SegmentView
  private let scorer: BM25F
  private let terms: [[ScoredCursor]]

  /// - Parameter index: the view's place in the snapshot.
  init(_ query: PreparedQuery, _ view: SegmentView, at index: Int) {
    self.view = view
    scorer = query.scorer
    terms = query.terms.compactMap { term in
      let cursors = term.alternatives.compactMap { alternative -> ScoredCursor? in
        guard let id = alternative.ids[index] else { return nil }
        guard let cursor = view.segment.lexical.terms.cursor(id) else {
          view.segment.markDamaged()
          return nil
        }
        return ScoredCursor(
          cursor, scorer: query.scorer, lengths: view.segment.lexical.lengths, gain: alternative.gain)
      }
      return cursors.isEmpty ? nil : cursors
    }
  }

  /// Offers every allowed chunk with a score above 0.
  func run(_ allowed: FilterResult, index: Int, into hits: inout TopHits) {
    let words: [UInt64]?
    switch allowed {
    case .nothing: return
    case .everything: words = nil
    case .some(let bits): words = bits
    }
    let scores = ScoreWindow(Self.window)
    let best = terms.contains { $0.count > 1 } ? ScoreWindow(Self.window) : nil
    while let lowest = terms.lazy.flatMap({ $0 }).compactMap(\.ordinal).min() {
      let start = Int(lowest) & ~63
      let end = UInt32(clamping: start + Self.window)
      for term in terms {
        if term.count == 1 {
          term[0].drain(below: end) { scores.add($1, at: Int($0) &- start) }
        } else if let best {
          for cursor in term { cursor.drain(below: end) { best.raise(to: $1, at: Int($0) &- start) } }
          best.empty { scores.add($1, at: $0) }
        }
      }
      collect(scores, from: start, words, index, &hits)
    }
    if terms.contains(where: { $0.contains(where: \.isDamaged) }) { view.segment.markDamaged() }
  }

  private func collect(
    _ scores: ScoreWindow, from start: Int, _ words: [UInt64]?, _ index: Int, _ hits: inout TopHits
  ) {
    let keys = view.segment.lexical.keys
    var threshold = hits.threshold
    scores.empty { offset, score in
      let ordinal = start + offset
      guard score > 0, score >= threshold else { return }
      if let words, words[ordinal >> 6] & (1 << UInt64(ordinal & 63)) == 0 { return }
      hits.offer(.init(score: score, key: keys[ordinal], view: index, ordinal: ordinal))
      threshold = hits.threshold
    }
  }
}

/// A cursor whose postings are scored a block at a time.
private final class ScoredCursor {
  private let cursor: PostingCursor
  private let scorer: BM25F
  private let lengths: PackedArray<UInt16>
  private let gain: Double
  private let scores: UnsafeMutablePointer<Double>

  init(_ cursor: PostingCursor, scorer: BM25F, lengths: PackedArray<UInt16>, gain: Double) {
    self.cursor = cursor
    self.scorer = scorer
    self.lengths = lengths
    self.gain = gain
    scores = .allocate(capacity: PostingFormat.blockPostings)
    advance()
  }

  deinit { scores.deallocate() }

  var isDamaged: Bool { cursor.isDamaged }

  /// Where it stands; nil at the end.
  var ordinal: UInt32? { cursor.position < cursor.count ? cursor.ordinals[cursor.position] : nil }

  /// Visits every posting below an ordinal and moves past it.
  @inline(__always) func drain(below end: UInt32, _ visit: (UInt32, Double) -> Void) {
    while cursor.position < cursor.count {
      let ordinals = cursor.ordinals
      let count = cursor.count
      var position = cursor.position
      while position < count, ordinals[position] < end {
        visit(ordinals[position], scores[position])
        position &+= 1
      }
      cursor.position = position
      if position < count { return }
      advance()
    }
  }

  private func advance() {
    guard cursor.nextBlock() else { return }
    scorer.score(cursor, 0..<cursor.count, lengths: lengths, gain: gain, into: scores)
  }
}

/// Scores of a window of chunks; which were touched is known without reading them all.
private final class ScoreWindow {
  private let scores: UnsafeMutablePointer<Double>
  private let touched: UnsafeMutablePointer<UInt64>
  private let words: Int

  init(_ size: Int) {
    words = size / 64
    scores = .allocate(capacity: size)
    scores.initialize(repeating: 0, count: size)
    touched = .allocate(capacity: words)
    touched.initialize(repeating: 0, count: words)
  }

  deinit {
    scores.deallocate()
    touched.deallocate()
  }

  @inline(__always) func add(_ score: Double, at offset: Int) {
    scores[offset] += score
    touched[offset >> 6] |= 1 << UInt64(offset & 63)
  }

  @inline(__always) func raise(to score: Double, at offset: Int) {
    if score > scores[offset] { scores[offset] = score }
    touched[offset >> 6] |= 1 << UInt64(offset & 63)
  }

  /// Visits what was touched in ascending order and leaves the window empty.
  @inline(__always) func empty(_ visit: (Int, Double) -> Void) {
    for word in 0..<words {
      var rest = touched[word]
      guard rest != 0 else { continue }
      touched[word] = 0
      while rest != 0 {
        let offset = word &<< 6 &+ rest.trailingZeroBitCount
        visit(offset, scores[offset])
        scores[offset] = 0
        rest &= rest &- 1
      }
    }
  }
}
