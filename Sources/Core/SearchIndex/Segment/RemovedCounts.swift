import Synchronization

/// How many removed chunks have a term, counted when a query first asks for it.
///
/// Document frequencies are those of live chunks, so that no merge changes a score. Counting on demand takes
/// the place of a list of each chunk's terms, which would be as large as the postings themselves
/// (`tools/adr/0006`). A set that grew from another takes over its counts and looks up only what is new.
///
/// Unchecked Sendable: `added` changes only while a single reference, that of the set being built, exists.
final class RemovedCounts: @unchecked Sendable {
  /// Counts of the set that this one grew from.
  private let inherited: [PostingsPlace: Int]
  /// Ordinals removed since.
  private var added: [UInt32] = []
  private let counts = Mutex<[PostingsPlace: Int]>([:])

  /// More than this, and counting anew is as fast as looking up.
  private static let maxAdded = 4096
  private static let maxCounts = 65_536

  init() { inherited = [:] }

  init(after earlier: RemovedCounts) {
    inherited = earlier.counts.withLock { $0 }
  }

  /// Whether anything was counted.
  var isUsed: Bool { counts.withLock { !$0.isEmpty } }

  func add(_ ordinal: Int) { if added.count <= Self.maxAdded { added.append(UInt32(ordinal)) } }

  /// - Parameter removed: the set whose counts these are.
  func count(_ place: PostingsPlace, of removed: Tombstones, in segment: Segment) -> Int {
    if let known = counts.withLock({ $0[place] }) { return known }
    guard let cursor = segment.lexical.terms.cursor(place) else {
      segment.markDamaged()
      return 0
    }
    var count: Int
    if let earlier = inherited[place], added.count <= Self.maxAdded {
      count = earlier + Self.count(of: added.sorted(), in: cursor)
    } else if removed.count < place.postings / 8 {
      count = Self.count(of: removed.ordinals.map { UInt32($0) }, in: cursor)
    } else {
      count = 0
      while cursor.nextBlock() {
        for i in 0..<cursor.count where removed.isRemoved(Int(cursor.ordinals[i])) { count += 1 }
      }
    }
    if cursor.isDamaged { segment.markDamaged() }
    counts.withLock {
      if $0.count >= Self.maxCounts { $0.removeAll() }
      $0[place] = count
    }
    return count
  }

  /// - Parameter ordinals: ascending.
  private static func count(of ordinals: [UInt32], in cursor: PostingCursor) -> Int {
    var count = 0
    for ordinal in ordinals {
      guard let found = cursor.seek(ordinal) else { break }
      if found == ordinal { count += 1 }
    }
    return count
  }
}
