import Synchronization

/// The index at one generation: immutable, read without locks, valid as long as it is held.
///
/// Both halves, filters and counts speak of the same live chunks. Values are cheap to copy.
public struct SearchSnapshot: Sendable {
  let content: SnapshotContent

  init(_ state: IndexState, identity: IndexIdentity, options: IndexOptions) {
    content = SnapshotContent(state, identity: identity, scannedVectors: options.scannedVectors)
  }

  public var generation: Int64 { content.generation }
  public var liveChunks: Int { content.liveChunks }
  /// Documents that have a live chunk; counted when first asked for, in time that grows with the chunks.
  public var liveGroups: Int { content.liveGroups() }
  public var segmentCount: Int { content.views.count }
  /// Encoded bytes, on disk and in memory, removed chunks included.
  public var bytes: Int { content.views.reduce(0) { $0 + $1.segment.bytes } }
  /// Bytes of segments that are only in memory.
  public var heapBytes: Int {
    content.views.reduce(0) { $0 + ($1.segment.isHeap ? $1.segment.bytes : 0) }
  }
  /// Whether a search met bytes that cannot be right: answers may be wrong, rebuild the index.
  public var isDamaged: Bool { content.views.contains { $0.segment.isDamaged } }

  public func contains(key: UInt64) -> Bool { content.locate(key) != nil }

  /// The document of a live chunk.
  public func group(of key: UInt64) -> UInt64? {
    content.locate(key).map { content.views[$0.view].segment.lexical.groups[$0.ordinal] }
  }

  public func contains(group: UInt64) -> Bool {
    content.views.contains { view in
      view.segment.lexical.ordinals(ofGroup: group).contains {
        $0 < view.segment.chunks && !view.tombstones.isRemoved($0)
      }
    }
  }
}

/// What copies of a snapshot share.
final class SnapshotContent: Sendable {
  let generation: Int64
  let views: [SegmentView]
  let identity: IndexIdentity
  let liveChunks: Int
  /// See `IndexOptions`.
  let scannedVectors: Int
  /// Sum of live chunks' lengths, by field.
  let totalLengths: [Int]
  private let groupCount = Mutex<Int?>(nil)

  init(_ state: IndexState, identity: IndexIdentity, scannedVectors: Int) {
    self.scannedVectors = scannedVectors
    generation = state.generation
    views = state.views
    self.identity = identity
    liveChunks = state.views.reduce(0) { $0 + $1.live }
    totalLengths = identity.fields.indices.map { field in
      state.views.reduce(0) { $0 + $1.segment.lexical.totalLengths[field] - $1.tombstones.lengths[field] }
    }
  }

  /// Where a live chunk is.
  func locate(_ key: UInt64) -> (view: Int, ordinal: Int)? {
    for (index, view) in views.enumerated() {
      if let ordinal = view.ordinal(of: key) { return (index, ordinal) }
    }
    return nil
  }

  func liveGroups() -> Int {
    groupCount.withLock { known in
      if let known { return known }
      let count = countGroups()
      known = count
      return count
    }
  }

  private func countGroups() -> Int {
    if views.count == 1, let view = views.first, view.tombstones.count == 0 {
      return view.segment.lexical.groupCount
    }
    var groups: [UInt64] = []
    for view in views {
      let lexical = view.segment.lexical
      var last: UInt64?
      for place in 0..<lexical.chunks {
        let ordinal = Int(lexical.groupOrder[place])
        guard ordinal < lexical.chunks, !view.tombstones.isRemoved(ordinal) else { continue }
        let group = lexical.groups[ordinal]
        if group != last { groups.append(group) }
        last = group
      }
    }
    groups.sort()
    return groups.isEmpty ? 0 : 1 + zip(groups, groups.dropFirst()).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
  }

  func hit(_ candidate: TopHits.Candidate) -> Hit {
    Hit(
      key: candidate.key, group: views[candidate.view].segment.lexical.groups[candidate.ordinal],
      score: candidate.score)
  }
}
