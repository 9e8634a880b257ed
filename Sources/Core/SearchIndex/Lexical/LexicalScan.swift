import CKernels

/// Finds the best chunks of a segment without scoring every one that has a term of the query.
///
/// MaxScore (Turtle and Flood 1995, doi:10.1016/0306-4573(95)00020-H) within windows of ordinals, with bounds
/// from the blocks that reach into the window (as Chakrabarti, Chaudhuri and Ganti, ICDE 2011,
/// doi:10.1109/ICDE.2011.5767855). Terms that together cannot lift a chunk over the worst hit so far are not
/// walked: the others give the candidates, and these terms are looked up only where a candidate can still
/// make it. What is found, and its scores, are those of scoring everything.
struct LexicalScan {
  private let view: SegmentView
  private let index: Int
  private let terms: [ScoredTerm]
  private let space: ScanSpace
  /// By term: what it can add to a chunk of the window.
  private var bounds: [Double]
  /// Terms by ascending bound.
  private var order: [Int]
  /// rest[i] = the sum of the i lowest bounds.
  private var rest: [Double]

  /// - Parameter index: the view's place in the snapshot.
  init(_ query: PreparedQuery, _ view: SegmentView, at index: Int, in space: ScanSpace) {
    self.view = view
    self.index = index
    self.space = space
    terms = query.terms.compactMap { term in
      let cursors = term.alternatives.compactMap { query.cursor($0, view, at: index) }
      return cursors.isEmpty ? nil : ScoredTerm(cursors)
    }
    bounds = [Double](repeating: 0, count: terms.count)
    order = Array(terms.indices)
    rest = [Double](repeating: 0, count: terms.count + 1)
  }

  /// Offers every allowed chunk that can be among the best.
  mutating func run(_ allowed: FilterResult, into hits: inout TopHits) {
    let chunks = view.segment.chunks
    for start in stride(from: 0, to: terms.isEmpty ? 0 : chunks, by: ScoreWindow.size) {
      let ordinals = UInt32(start)..<UInt32(min(start + ScoreWindow.size, chunks))
      switch allowed {
      case .nothing: return
      case .everything: run(ordinals, nil, into: &hits)
      case .some(let words):
        words.withUnsafeBufferPointer { words in
          let own = UnsafeBufferPointer(rebasing: words[(start >> 6)...].prefix(ScoreWindow.size >> 6))
          if own.contains(where: { $0 != 0 }) { run(ordinals, own.baseAddress, into: &hits) }
        }
      }
    }
    if terms.contains(where: \.isDamaged) { view.segment.markDamaged() }
  }

  private mutating func run(
    _ ordinals: Range<UInt32>, _ allowed: UnsafePointer<UInt64>?, into hits: inout TopHits
  ) {
    for term in terms.indices { bounds[term] = terms[term].bound(ordinals) }
    sortByBound()
    let threshold = hits.threshold
    var optional = 0
    for (place, term) in order.enumerated() {
      rest[place + 1] = rest[place] + bounds[term]
      if rest[place + 1] < threshold { optional = place + 1 }
    }
    guard optional < terms.count else { return }
    for place in optional..<terms.count where bounds[order[place]] > 0 {
      terms[order[place]].drain(ordinals, in: space)
    }
    let candidates = space.candidates
    space.window.take(into: candidates, from: ordinals.lowerBound, allowed, least: threshold - rest[optional])
    for place in stride(from: optional - 1, through: 0, by: -1) where bounds[order[place]] > 0 {
      guard candidates.count > 0 else { return }
      terms[order[place]].add(to: candidates, space.lookup)
      candidates.keep(least: threshold - rest[place])
    }
    candidates.offer(to: &hits, view: index, keys: view.segment.lexical.keys)
  }

  /// Insertion sort: a window's order is nearly that of the one before.
  private mutating func sortByBound() {
    for place in 1..<max(1, order.count) {
      let term = order[place]
      var hole = place
      while hole > 0, bounds[order[hole - 1]] > bounds[term] {
        order[hole] = order[hole - 1]
        hole -= 1
      }
      order[hole] = term
    }
  }
}

/// A term of the query in one segment: it scores as the best of its spellings.
private final class ScoredTerm {
  let cursors: [ScoredCursor]

  init(_ cursors: [ScoredCursor]) { self.cursors = cursors }

  var isDamaged: Bool { cursors.contains(where: \.isDamaged) }

  func bound(_ ordinals: Range<UInt32>) -> Double {
    var bound = 0.0
    for cursor in cursors { bound = max(bound, cursor.bound(ordinals)) }
    return bound
  }

  /// Adds the scores of all postings in a window.
  func drain(_ ordinals: Range<UInt32>, in space: ScanSpace) {
    let start = ordinals.lowerBound
    let window = space.window
    guard cursors.count > 1 else {
      return cursors[0].drain(ordinals) { window.add($0, $1, $2, from: start) }
    }
    let (best, list) = (space.spellings, space.spellingList)
    for cursor in cursors { cursor.drain(ordinals) { best.raise($0, $1, $2, from: start) } }
    best.take(into: list, from: start, nil, least: 0)
    window.add(list.ordinals, list.scores, list.count, from: start)
  }

  /// Adds the scores of the candidates that have the term.
  func add(to candidates: CandidateList, _ scratch: LookupScratch) {
    let scores = candidates.scores
    guard cursors.count > 1 else {
      return cursors[0].look(up: candidates.ordinals, count: candidates.count, scratch) {
        for i in 0..<$2 { scores[Int($0[i])] += $1[i] }
      }
    }
    let best = scratch.best
    best.update(repeating: 0, count: candidates.count)
    for cursor in cursors {
      cursor.look(up: candidates.ordinals, count: candidates.count, scratch) {
        for i in 0..<$2 { best[Int($0[i])] = max(best[Int($0[i])], $1[i]) }
      }
    }
    for i in 0..<candidates.count { scores[i] += best[i] }
  }
}

/// What the scans of one query work in, one segment after the other; each leaves the windows empty.
final class ScanSpace {
  fileprivate let window = ScoreWindow()
  fileprivate let candidates = CandidateList()
  fileprivate let lookup = LookupScratch(candidates: ScoreWindow.size)
  /// For terms of several spellings: the best of them by chunk.
  fileprivate lazy var spellings = ScoreWindow()
  fileprivate lazy var spellingList = CandidateList()
}

/// Chunks of a window that may become hits, by ascending ordinal.
private final class CandidateList {
  var count = 0
  let ordinals = UnsafeMutablePointer<UInt32>.allocate(capacity: ScoreWindow.size)
  let scores = UnsafeMutablePointer<Double>.allocate(capacity: ScoreWindow.size)

  deinit {
    ordinals.deallocate()
    scores.deallocate()
  }

  func keep(least: Double) { count = fd_keep_candidates(ordinals, scores, count, least) }

  func offer(to hits: inout TopHits, view: Int, keys: BitPackedArray) {
    var threshold = hits.threshold
    for i in 0..<count where scores[i] >= threshold {
      let ordinal = Int(ordinals[i])
      hits.offer(.init(score: scores[i], key: keys[ordinal], view: view, ordinal: ordinal))
      threshold = hits.threshold
    }
  }
}

/// Scores of a window of chunks.
private final class ScoreWindow {
  static let size = 4096

  private var window: fd_score_window

  init() {
    let scores = UnsafeMutablePointer<Double>.allocate(capacity: Self.size)
    let touched = UnsafeMutablePointer<UInt64>.allocate(capacity: Self.size / 64)
    scores.initialize(repeating: 0, count: Self.size)
    touched.initialize(repeating: 0, count: Self.size / 64)
    window = fd_score_window(scores: scores, touched: touched, words: Self.size / 64)
  }

  deinit {
    window.scores.deallocate()
    window.touched.deallocate()
  }

  @inline(__always) func add(
    _ ordinals: UnsafePointer<UInt32>, _ scores: UnsafePointer<Double>, _ count: Int, from start: UInt32
  ) {
    fd_window_add(&window, start, ordinals, scores, count)
  }

  @inline(__always) func raise(
    _ ordinals: UnsafePointer<UInt32>, _ scores: UnsafePointer<Double>, _ count: Int, from start: UInt32
  ) {
    fd_window_raise(&window, start, ordinals, scores, count)
  }

  /// Empties the window into a list: what is allowed and not below `least`.
  func take(
    into list: CandidateList, from start: UInt32, _ allowed: UnsafePointer<UInt64>?, least: Double
  ) {
    list.count = fd_window_take(&window, start, allowed, least, list.ordinals, list.scores)
  }
}
