import CKernels

/// A posting list under one query: scores of its postings, and bounds of them by block.
///
/// Whatever is asked for, ordinals must ascend from call to call.
final class ScoredCursor {
  private let cursor: PostingCursor
  private let scorer: BM25F
  private let term: fd_bm25f_term
  private let lengths: LengthColumns
  /// Of the block `scoredBlock`.
  private let scores: UnsafeMutablePointer<Double>
  private var scoredBlock = -1
  /// By block, not below any score in it.
  private let bounds: UnsafeMutablePointer<Double>
  /// The first block that may reach into the last window asked for.
  private var boundBlock = 0

  init(_ cursor: PostingCursor, scorer: BM25F, term: fd_bm25f_term, lengths: LengthColumns) {
    self.cursor = cursor
    self.scorer = scorer
    self.term = term
    self.lengths = lengths
    scores = .allocate(capacity: PostingFormat.blockPostings)
    bounds = .allocate(capacity: max(1, cursor.blocks))
    if cursor.hasTable {
      scorer.bounds(term, cursor, into: bounds)
    } else {
      // One block: what it holds is its own bound.
      _ = cursor.nextBlock()
      scoreBlock()
      var best = 0.0
      for i in 0..<cursor.count { best = max(best, scores[i]) }
      bounds[0] = best
    }
  }

  deinit {
    scores.deallocate()
    bounds.deallocate()
  }

  var isDamaged: Bool { cursor.isDamaged }

  /// Not below the score of any posting in a window.
  func bound(_ window: Range<UInt32>) -> Double {
    guard cursor.hasTable else {
      let count = cursor.count
      guard count > 0, cursor.ordinals[0] < window.upperBound,
        cursor.ordinals[count - 1] >= window.lowerBound
      else { return 0 }
      return bounds[0]
    }
    let blocks = cursor.blocks
    var block = boundBlock
    while block < blocks, cursor.lastOrdinal(of: block) < window.lowerBound { block += 1 }
    boundBlock = block
    var bound = 0.0
    while block < blocks {
      bound = max(bound, bounds[block])
      if cursor.lastOrdinal(of: block) >= window.upperBound - 1 { break }
      block += 1
    }
    return bound
  }

  /// Visits the postings in a window, block by block: ordinals, scores, and how many they are.
  @inline(__always) func drain(
    _ window: Range<UInt32>,
    _ visit: (UnsafePointer<UInt32>, UnsafePointer<Double>, Int) -> Void
  ) {
    guard var ordinal = cursor.seek(window.lowerBound) else { return }
    while ordinal < window.upperBound {
      scoreBlock()
      let first = cursor.position
      let isWhole = cursor.ordinals[cursor.count - 1] < window.upperBound
      if isWhole { cursor.position = cursor.count } else { _ = cursor.seek(window.upperBound) }
      visit(cursor.ordinals + first, scores + first, cursor.position - first)
      guard isWhole, cursor.nextBlock() else { return }
      ordinal = cursor.ordinals[0]
    }
  }

  /// Visits what the postings add to candidates, which ascend: places in the list, scores, how many.
  @inline(__always) func look(
    up candidates: UnsafePointer<UInt32>, count: Int, _ scratch: LookupScratch,
    _ visit: (UnsafePointer<UInt32>, UnsafePointer<Double>, Int) -> Void
  ) {
    var first = 0
    while first < count, cursor.seek(candidates[first]) != nil {
      let end = cursor.ordinals[cursor.count - 1]
      var last = first + 1
      while last < count, candidates[last] <= end { last += 1 }
      let found = fd_intersect(
        candidates + first, last - first, cursor.ordinals + cursor.position, cursor.count - cursor.position,
        scratch.places, scratch.postings)
      if found > 0 {
        for i in 0..<found {
          scratch.places[i] += UInt32(truncatingIfNeeded: first)
          scratch.postings[i] += UInt32(truncatingIfNeeded: cursor.position)
        }
        if scoredBlock == cursor.block {
          for i in 0..<found { scratch.scores[i] = scores[Int(scratch.postings[i])] }
        } else {
          scorer.score(term, cursor, scratch.postings, found, lengths: lengths, into: scratch.scores)
        }
        visit(scratch.places, scratch.scores, found)
      }
      first = last
    }
  }

  /// What the term adds to one chunk, and how often the chunk has it by field; nil where it does not.
  func posting(of ordinal: UInt32) -> (score: Double, frequencies: [Int])? {
    guard cursor.seek(ordinal) == ordinal else { return nil }
    scoreBlock()
    return (
      scores[cursor.position], (0..<cursor.fieldCount).map { Int(cursor.frequency(field: $0)) }
    )
  }

  private func scoreBlock() {
    guard scoredBlock != cursor.block else { return }
    scoredBlock = cursor.block
    scorer.score(term, cursor, lengths: lengths, into: scores)
  }
}

/// Space for the lookups of one scan.
final class LookupScratch {
  let places = UnsafeMutablePointer<UInt32>.allocate(capacity: PostingFormat.blockPostings + 1)
  let postings = UnsafeMutablePointer<UInt32>.allocate(capacity: PostingFormat.blockPostings + 1)
  let scores = UnsafeMutablePointer<Double>.allocate(capacity: PostingFormat.blockPostings + 1)
  /// By candidate: the best score of a term's spellings so far.
  let best: UnsafeMutablePointer<Double>

  init(candidates: Int) {
    best = .allocate(capacity: candidates)
    best.initialize(repeating: 0, count: candidates)
  }

  deinit {
    places.deallocate()
    postings.deallocate()
    scores.deallocate()
    best.deallocate()
  }
}
