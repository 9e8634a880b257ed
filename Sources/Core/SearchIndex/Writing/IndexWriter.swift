/// The three states of an index and the steps between them.
///
/// `staged` has everything applied, `published` what searches see, `persisted` what the manifest names.
/// Applying changes staged, publishing copies it to published, flushing makes that persisted. A merge
/// replaces segments in all three. Not thread safe: `SearchIndex` holds it behind a lock.
struct IndexWriter {
  let identity: IndexIdentity
  let options: IndexOptions
  let storage: any IndexStorage
  let access: IndexAccess

  private(set) var persisted: IndexState
  private(set) var published: IndexState
  private var staged: IndexState
  private var pending: SegmentBuilder
  /// Names the manifest on disk that `persisted` mirrors; nil where there is none.
  private(set) var commit: String?
  /// Files in the folder that are this index's to remove once nothing needs them.
  private var files: Set<String>
  /// Set while a rename may not have reached the disk.
  private var isFolderUnsynced = false
  var isClosed = false

  /// - Parameter files: the index's files that lie in the folder.
  init(
    identity: IndexIdentity, options: IndexOptions, storage: any IndexStorage, access: IndexAccess,
    state: IndexState, commit: String?, files: Set<String>
  ) {
    self.identity = identity
    self.options = options
    self.storage = storage
    self.access = access
    self.commit = commit
    self.files = files
    persisted = state
    published = state
    staged = state
    pending = SegmentBuilder(fields: identity.fields.count, dimension: identity.dimension)
  }

  /// Published chunks that are only in memory.
  var unflushedChunks: Int {
    published.views.reduce(0) { $0 + ($1.segment.isHeap ? $1.live : 0) }
  }

  func checkOpen() throws(SearchIndexError) {
    if isClosed { throw SearchIndexError(.closed, "The index was closed; open it again.") }
  }

  func checkWritable() throws(SearchIndexError) {
    try checkOpen()
    guard access == .readWrite else {
      throw SearchIndexError(.readOnly, "This index was opened read-only; another process writes its files.")
    }
  }

  // MARK: Applying and publishing

  mutating func apply(_ update: IndexUpdate) throws(SearchIndexError) {
    try checkOpen()
    try validate(update)
    // Before anything changes: where the disk is full, nothing of this update was applied.
    if pending.count >= options.spillChunks || pending.byteCount >= options.spillBytes { try spill() }
    for group in update.removedGroups {
      pending.remove(group: group)
      for index in staged.views.indices { staged.views[index].remove(group: group) }
    }
    for entry in update.added {
      if !pending.remove(key: entry.key) {
        for index in staged.views.indices { staged.views[index].remove(key: entry.key) }
      }
      pending.add(entry)
    }
  }

  private func validate(_ update: IndexUpdate) throws(SearchIndexError) {
    for entry in update.added {
      guard entry.fields.count == identity.fields.count else {
        throw SearchIndexError(
          .invalidUpdate,
          "Chunk \(entry.key) has \(entry.fields.count) fields, the index \(identity.fields.count).")
      }
      for vector in entry.vectors {
        guard identity.dimension > 0, vector.count == identity.dimension else {
          throw SearchIndexError(
            .invalidUpdate,
            "Chunk \(entry.key) has a vector of \(vector.count) numbers, the index takes "
              + "\(identity.dimension).")
        }
        guard vector.allSatisfy({ $0 & 0x7c00 != 0x7c00 }) else {
          throw SearchIndexError(.invalidUpdate, "Chunk \(entry.key) has a vector that is not finite.")
        }
      }
    }
  }

  /// Turns what is pending into a segment: on disk where this index may write, else in the heap.
  private mutating func spill() throws(SearchIndexError) {
    if pending.liveCount > 0 {
      let destination: SegmentDestination = access == .readWrite ? .storage(storage) : .heap
      let segment = try pending.encode(to: SegmentOutput(destination: destination, identity: identity))
      let view = SegmentView(segment)
      files.formUnion(view.fileNames)
      staged.views.append(view)
    }
    pending = SegmentBuilder(fields: identity.fields.count, dimension: identity.dimension)
  }

  /// Makes everything applied the published state.
  mutating func publish(generation: Int64) {
    guard !isClosed else { return }
    if pending.liveCount > 0 {
      do {
        let segment = try pending.encode(to: SegmentOutput(destination: .heap, identity: identity))
        staged.views.append(SegmentView(segment))
      } catch {
        preconditionFailure("what was encoded in memory does not open: \(error)")
      }
    }
    if pending.count > 0 {
      pending = SegmentBuilder(fields: identity.fields.count, dimension: identity.dimension)
    }
    staged.views.removeAll { $0.live == 0 }
    mergeHeap()
    staged.generation = generation
    published = staged
  }

  /// Joins the youngest segments in memory until each is at least twice as large as all younger ones: a
  /// chunk is copied a logarithmic number of times, and few segments remain.
  private mutating func mergeHeap() {
    let heap = staged.views.filter(\.segment.isHeap)
    var chosen: [SegmentView] = []
    var total = 0
    for view in heap.reversed() {
      guard chosen.isEmpty || (view.live < 2 * total && view.live + total <= options.heapSegmentChunks) else {
        break
      }
      chosen.append(view)
      total += view.live
    }
    guard chosen.count > 1 else { return }
    // Unmerged segments answer as well; a flush reports what is wrong with them.
    guard let merged = try? SegmentMerge(chosen.reversed(), identity: identity).run(to: .heap) else { return }
    staged.replace(merged)
  }

  /// Drops everything applied; what is published stays until the next publish.
  mutating func reset() {
    staged = IndexState()
    pending = SegmentBuilder(fields: identity.fields.count, dimension: identity.dimension)
  }

  // MARK: Persisting

  /// Writes the published state: segments, tombstones, manifest.
  ///
  /// Where it throws before the manifest is in place, nothing has changed and what was written is removed.
  mutating func flush() throws(SearchIndexError) {
    try checkWritable()
    let heap = published.views.filter(\.segment.isHeap)
    let isUnchanged =
      commit != nil && heap.isEmpty && published.generation == persisted.generation
      && published.views.map(\.segment.id) == persisted.views.map(\.segment.id)
      && !published.views.contains(where: \.needsTombstoneFile)
    guard !isUnchanged else {
      try syncFolder()
      return removeUnneeded()
    }
    if heap.isEmpty {
      try commitState(published, merge: nil)
    } else {
      let merge = try persist(heap)
      var next = published
      next.replace(merge)
      try commitState(next, merge: merge)
    }
  }

  /// Writes segments in memory as one; a single one of which nothing is removed is copied byte for byte, since
  /// encoding its chunks again gives the same bytes.
  private func persist(_ heap: [SegmentView]) throws(SearchIndexError) -> SegmentMerge.Result {
    guard heap.count == 1, heap[0].tombstones.count == 0 else {
      return try SegmentMerge(heap, identity: identity).run(to: .storage(storage))
    }
    let segment = heap[0].segment
    let output = SegmentOutput(destination: .storage(storage), identity: identity)
    return SegmentMerge.Result(
      inputs: heap, segment: try output.copy(segment, to: storage),
      ordinals: [(0..<UInt32(segment.chunks)).map { $0 }])
  }

  /// Replaces segments by what they were merged into, in every state and on disk.
  ///
  /// - Returns: false where the inputs are gone meanwhile and nothing was done.
  mutating func commit(_ merge: SegmentMerge.Result) throws(SearchIndexError) -> Bool {
    let inputs = merge.inputs.map(\.segment.id)
    do {
      try checkWritable()
    } catch {
      discard(merge)
      throw error
    }
    guard inputs.allSatisfy(persisted.views.map(\.segment.id).contains) else {
      discard(merge)
      return false
    }
    var next = persisted
    next.replace(merge)
    try commitState(next, merge: merge)
    return true
  }

  private func discard(_ merge: SegmentMerge.Result) {
    for name in merge.segment?.files?.values.map(\.name) ?? [] { try? storage.remove(name) }
  }

  /// Makes a state the persisted one; a merge that it already has in it is then done in the others too.
  private mutating func commitState(
    _ state: IndexState, merge: SegmentMerge.Result?
  ) throws(SearchIndexError) {
    var next = state
    next.views.removeAll { $0.live == 0 }
    var written = Set(merge?.segment?.files?.values.map(\.name) ?? [])
    let manifest: Manifest
    do {
      for index in next.views.indices where next.views[index].needsTombstoneFile {
        try writeTombstones(&next.views[index], &written)
      }
      manifest = Manifest(next, identity: identity)
      written.insert(Manifest.temporaryName)
      try writeManifest(manifest)
    } catch {
      for name in written { try? storage.remove(name) }
      throw error
    }
    written.remove(Manifest.temporaryName)
    // From here on files are removed only once a manifest without them is certainly in place: a rename
    // that reports failure may have happened.
    files.formUnion(written)
    try storage.rename(Manifest.temporaryName, to: Manifest.fileName)
    isFolderUnsynced = true
    commit = manifest.commit
    persisted = next
    if let merge {
      published.replace(merge)
      staged.replace(merge)
    }
    let tombstoneFiles = Dictionary(
      uniqueKeysWithValues: next.views.compactMap { view in
        view.tombstoneFile.map { (ObjectIdentifier(view.segment), $0) }
      })
    published.adopt(tombstoneFiles)
    staged.adopt(tombstoneFiles)
    try syncFolder()
    removeUnneeded()
  }

  private func writeTombstones(
    _ view: inout SegmentView, _ written: inout Set<String>
  ) throws(SearchIndexError) {
    let suffix = FileReference.hexadecimal(.random(in: 0...UInt64.max))
    let name = Manifest.segmentPrefix + view.segment.id + "-" + suffix + SegmentFileKind.tombstones.suffix
    written.insert(name)
    let tombstones = view.tombstones
    let file = try SegmentOutput.write(.tombstones, name, to: storage) { file throws(SearchIndexError) in
      TombstoneFile.write(tombstones, to: file)
    }
    view.tombstoneFile = (file, tombstones.count)
  }

  private func writeManifest(_ manifest: Manifest) throws(SearchIndexError) {
    let bytes = try manifest.encoded()
    // The names of the files that it names come first.
    try storage.sync()
    let file = try storage.create(Manifest.temporaryName)
    let stored = StoredBytes(copying: bytes)
    try file.write(stored.buffer)
    try file.sync()
    try file.close()
  }

  private mutating func syncFolder() throws(SearchIndexError) {
    guard isFolderUnsynced else { return }
    try storage.sync()
    isFolderUnsynced = false
  }

  /// Removes files that no state has any more. What cannot be removed now is tried again next time.
  private mutating func removeUnneeded() {
    let states = [persisted, published, staged]
    let needed = Set(states.flatMap { $0.views.flatMap(\.fileNames) })
    for name in files.subtracting(needed) where (try? storage.remove(name)) != nil { files.remove(name) }
  }

  // MARK: Merging

  /// Persisted segments that are worth joining now; nil where none are.
  ///
  /// Tiered: segments of similar size, `mergeFactor` at a time, the smallest tier first. A segment of
  /// which much is removed, or that should have a graph, is rewritten by itself.
  func mergeCandidates() -> [SegmentView]? {
    guard access == .readWrite, !isClosed else { return nil }
    let factor = max(2, options.mergeFactor)
    let small = max(1, options.smallSegmentChunks)
    var tiers: [Int: [SegmentView]] = [:]
    for view in persisted.views {
      var tier = 0
      var size = view.live / small
      while size > 0 {
        tier += 1
        size /= factor
      }
      tiers[tier, default: []].append(view)
    }
    for (_, views) in tiers.sorted(by: { $0.key < $1.key }) where views.count >= factor {
      return Array(views.sorted { ($0.live, $0.segment.id) < ($1.live, $1.segment.id) }.prefix(factor))
    }
    return persisted.views.first {
      Double($0.tombstones.count) > options.maxRemovedShare * Double($0.segment.chunks)
        || $0.lacksGraph(options.graph)
    }.map { [$0] }
  }

  /// Persisted segments that are not yet one segment without removed chunks, or that should have a graph.
  func compactionCandidates() -> [SegmentView]? {
    let views = persisted.views
    let isDone = views.allSatisfy { $0.tombstones.count == 0 && !$0.lacksGraph(options.graph) }
    return views.count > 1 || !isDone ? views : nil
  }

  // MARK: Reading another's files

  /// Takes over a newer persisted state; what was applied in memory is dropped.
  ///
  /// Searches keep what they see where that is newer, until the tail was replayed and published.
  mutating func adopt(_ state: IndexState, commit: String?) {
    self.commit = commit
    persisted = state
    staged = state
    pending = SegmentBuilder(fields: identity.fields.count, dimension: identity.dimension)
    if state.generation >= published.generation { published = state }
  }

  /// The generation from which changes are to be applied next.
  var appliedGeneration: Int64 { staged.generation }
}

extension IndexState {
  fileprivate mutating func adopt(_ files: [ObjectIdentifier: (file: FileReference, count: Int)]) {
    for index in views.indices {
      if let file = files[ObjectIdentifier(views[index].segment)] { views[index].tombstoneFile = file }
    }
  }
}

extension Manifest {
  /// Names everything that a state holds; all of it must be on disk.
  init(_ state: IndexState, identity: IndexIdentity) {
    self.init(
      identity: identity, generation: state.generation,
      segments: state.views.compactMap { view in
        guard let files = view.segment.files, let lexical = files[.lexical] else { return nil }
        return SegmentEntry(
          id: view.segment.id, chunks: view.segment.chunks, lexical: lexical,
          vectors: files[.vectors].map {
            [
              VectorEntry(
                model: identity.model, dimension: identity.dimension, file: $0, graph: files[.graph])
            ]
          } ?? [],
          tombstones: view.tombstoneFile.map { TombstoneEntry(count: $0.count, file: $0.file) })
      })
  }
}
