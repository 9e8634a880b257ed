/// A segment as one state of the index sees it: with that state's tombstones.
struct SegmentView: Sendable {
  let segment: Segment
  var tombstones: Tombstones
  /// The tombstones last written for it, and how many they were.
  var tombstoneFile: (file: FileReference, count: Int)?

  init(_ segment: Segment) {
    self.segment = segment
    tombstones = Tombstones(fields: segment.lexical.fields)
  }

  var live: Int { segment.chunks - tombstones.count }
  var needsTombstoneFile: Bool { tombstones.count != (tombstoneFile?.count ?? 0) }

  /// Whether its vectors are so many that they should be linked.
  func lacksGraph(_ options: GraphOptions) -> Bool {
    segment.graph == nil && (segment.vectors?.count ?? 0) >= options.minVectors
  }

  /// The ordinal of a live chunk.
  func ordinal(of key: UInt64) -> Int? {
    guard let ordinal = segment.lexical.keys.index(of: key), !tombstones.isRemoved(ordinal) else {
      return nil
    }
    return ordinal
  }

  /// Live chunks that a filter lets through.
  func allowed(_ filter: LabelFilter) -> FilterResult {
    segment.matching(filter).subtracting(tombstones.removed, chunks: segment.chunks)
  }

  /// Live chunks that have a term.
  func documentFrequency(_ place: PostingsPlace) -> Int {
    max(0, place.postings - tombstones.documentFrequency(place, in: segment))
  }

  /// Chunks that have an entry of a list and are allowed.
  func count(_ place: PostingsPlace, of list: InvertedList, _ allowed: FilterResult) -> Int {
    switch allowed {
    case .nothing: return 0
    case .everything: return place.postings
    case .some(let words):
      var count = 0
      segment.forEachChunk(place, of: list) {
        if words[$0 >> 6] & (1 << UInt64($0 & 63)) != 0 { count += 1 }
      }
      return count
    }
  }

  @discardableResult
  mutating func remove(key: UInt64) -> Bool {
    guard let ordinal = segment.lexical.keys.index(of: key) else { return false }
    return tombstones.remove(ordinal, from: segment)
  }

  mutating func remove(group: UInt64) {
    for ordinal in segment.lexical.ordinals(ofGroup: group) where ordinal < segment.chunks {
      tombstones.remove(ordinal, from: segment)
    }
  }

  var fileNames: [String] {
    (segment.files?.values.map(\.name) ?? []) + (tombstoneFile.map { [$0.file.name] } ?? [])
  }
}

/// What one state of the index holds.
struct IndexState: Sendable {
  var generation: Int64 = 0
  var views: [SegmentView] = []

  /// Puts a merged segment in the place of its inputs, carrying over what was removed since.
  ///
  /// - Parameter merge: its inputs' views are those that were merged. An input that this state no longer
  ///   holds counts as removed whole; a state that holds none stays as it is.
  mutating func replace(_ merge: SegmentMerge.Result) {
    let positions = merge.inputs.map { input in views.firstIndex { $0.segment === input.segment } }
    guard let place = positions.compactMap({ $0 }).min() else { return }
    var replacement = merge.segment.map(SegmentView.init)
    if let segment = merge.segment {
      for (input, position) in merge.inputs.indices.map({ ($0, positions[$0]) }) {
        let remap = merge.ordinals[input]
        if let position {
          let since = views[position].tombstones.ordinals(since: merge.inputs[input].tombstones)
          for ordinal in since where remap[ordinal] != SegmentMerge.gone {
            replacement?.tombstones.remove(Int(remap[ordinal]), from: segment)
          }
        } else {
          for ordinal in remap where ordinal != SegmentMerge.gone {
            replacement?.tombstones.remove(Int(ordinal), from: segment)
          }
        }
      }
    }
    let gone = Set(positions.compactMap { $0 })
    var next: [SegmentView] = []
    for (index, view) in views.enumerated() {
      if index == place, let replacement { next.append(replacement) }
      if !gone.contains(index) { next.append(view) }
    }
    views = next
  }
}
