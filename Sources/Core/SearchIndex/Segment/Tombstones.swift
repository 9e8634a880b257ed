/// Which chunks of a segment are removed, and what they took with them.
///
/// A value: copies share their bits and counts until one changes.
struct Tombstones: Sendable {
  /// Bit per ordinal; empty while nothing is removed.
  private(set) var removed: [UInt64] = []
  private(set) var count = 0
  /// Sum of the removed chunks' lengths, by field.
  private(set) var lengths: [Int]
  /// What was counted of this very set.
  private var counts = RemovedCounts()

  init(fields: Int) { lengths = [Int](repeating: 0, count: fields) }

  func isRemoved(_ ordinal: Int) -> Bool {
    !removed.isEmpty && removed[ordinal >> 6] & (1 << UInt64(ordinal & 63)) != 0
  }

  /// Removed chunks that have a term.
  func documentFrequency(_ place: PostingsPlace, in segment: Segment) -> Int {
    count == 0 ? 0 : counts.count(place, of: self, in: segment)
  }

  /// Removes a chunk; once is enough.
  ///
  /// - Returns: false where it was removed before.
  @discardableResult
  mutating func remove(_ ordinal: Int, from segment: Segment) -> Bool {
    let lexical = segment.lexical
    if removed.isEmpty { removed = [UInt64](repeating: 0, count: (lexical.chunks + 63) / 64) }
    let bit: UInt64 = 1 << UInt64(ordinal & 63)
    guard removed[ordinal >> 6] & bit == 0 else { return false }
    removed[ordinal >> 6] |= bit
    count += 1
    for field in lengths.indices { lengths[field] += Int(lexical.lengths[ordinal, field]) }
    // A copy of the set may still count by the old one.
    if !isKnownUniquelyReferenced(&counts) || counts.isUsed { counts = RemovedCounts(after: counts) }
    counts.add(ordinal)
    return true
  }

  /// Ascending.
  var ordinals: [Int] { ordinals(since: Tombstones(fields: 0)) }

  /// Ordinals removed here and not in `earlier`, ascending.
  func ordinals(since earlier: Tombstones) -> [Int] {
    var found: [Int] = []
    for (index, word) in removed.enumerated() {
      var rest = earlier.removed.isEmpty ? word : word & ~earlier.removed[index]
      while rest != 0 {
        found.append(index << 6 + rest.trailingZeroBitCount)
        rest &= rest - 1
      }
    }
    return found
  }
}
