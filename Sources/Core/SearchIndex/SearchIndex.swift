import Foundation
import Synchronization

/// An index of chunks by terms and by vectors, in one folder.
///
/// Searches read a `SearchSnapshot`, from any thread, without waiting for anything here. One follower
/// calls `apply`, `publish`, `reset`, `flush` and `reloadIfChanged`, one at a time and in the order of its
/// feed; `mergeIfNeeded` and `compact` may run on another thread meanwhile. All of them block.
///
/// Architecture invariant: no text, no SQL, no model here; what is stored derives from the store, so
/// damage means rebuilding, never repairing.
public final class SearchIndex: Sendable {
  public let identity: IndexIdentity
  public let access: IndexAccess
  private let storage: any IndexStorage
  private let lock: Mutex<WriterLock?>
  private let writer: Mutex<IndexWriter>
  private let current: Mutex<SearchSnapshot>
  /// Held while segments are merged: one merge at a time.
  private let merging = Mutex<Void>(())
  private let options: IndexOptions
  private let isStopping = Atomic<Bool>(false)

  // MARK: Opening

  /// Opens the index in a folder, which is created where it is missing and may be written.
  ///
  /// - Returns: the index, and what was found. A folder that cannot be used gives an empty index.
  /// - Throws: `index_locked` where another index writes the folder, `storage_full`, `index_io`,
  ///   `index_invalid_update` for an identity that no index can have.
  public static func open(
    at folder: URL, identity: IndexIdentity, access: IndexAccess, options: IndexOptions = IndexOptions()
  ) throws(SearchIndexError) -> (SearchIndex, OpenOutcome) {
    try open(at: folder, storage: FolderStorage(folder), identity: identity, access: access, options: options)
  }

  /// As `open(at:identity:access:options:)`, with other storage in the folder's place; the lock is the
  /// folder's.
  package static func open(
    at folder: URL, storage: any IndexStorage, identity: IndexIdentity, access: IndexAccess,
    options: IndexOptions = IndexOptions()
  ) throws(SearchIndexError) -> (SearchIndex, OpenOutcome) {
    guard (1...32).contains(identity.fields.count), (0...65_536).contains(identity.dimension) else {
      throw SearchIndexError(.invalidUpdate, "An index has 1 to 32 fields and at most 65,536 dimensions.")
    }
    let lock = access == .readWrite ? try WriterLock(folder) : nil
    var files: Set<String> = []
    var state = IndexState()
    var commit: String?
    let outcome: OpenOutcome
    if access == .readWrite { files = Set(try storage.names().filter(Manifest.isOwn)) }
    switch try StoredIndex.read(from: storage, identity: identity) {
    case .none: outcome = .empty
    case .unusable(let reason): outcome = .mustRebuild(reason)
    case .usable(let manifest, let found):
      outcome = .opened(generation: manifest.generation)
      state = found
      commit = manifest.commit
      // What a killed writer left behind.
      let needed = Set(manifest.segments.flatMap(\.files).map(\.name))
      for name in files.subtracting(needed) where (try? storage.remove(name)) != nil { files.remove(name) }
    }
    let writer = IndexWriter(
      identity: identity, options: options, storage: storage, access: access, state: state, commit: commit,
      files: files)
    return (SearchIndex(writer, lock: lock), outcome)
  }

  private init(_ writer: consuming sending IndexWriter, lock: WriterLock?) {
    identity = writer.identity
    access = writer.access
    storage = writer.storage
    options = writer.options
    current = Mutex(SearchSnapshot(writer.published, identity: writer.identity, options: writer.options))
    self.lock = Mutex(lock)
    self.writer = Mutex(writer)
  }

  /// Lets no further merge begin, and makes one that runs give up; a compaction is completed, but for the linking
  /// of vectors. Nothing is lost: the next writer merges and links.
  public func stopMerging() { isStopping.store(true, ordering: .relaxed) }

  /// Lets go of the folder. Snapshots stay readable; everything else throws `index_closed`.
  public func close() {
    stopMerging()
    writer.withLock { $0.isClosed = true }
    lock.withLock { $0 = nil }
  }

  // MARK: Reading

  /// What was published last.
  public var snapshot: SearchSnapshot { current.withLock { $0 } }

  /// Published chunks that are only in memory: what a killed process would have to replay.
  public var unflushedChunks: Int { writer.withLock { $0.unflushedChunks } }

  /// The generation after which the follower applies next: the last published one, or after
  /// `reloadIfChanged` the one of the files.
  public var appliedGeneration: Int64 { writer.withLock { $0.appliedGeneration } }

  // MARK: Following

  /// Takes in changes; they become visible with the next `publish`.
  ///
  /// A large amount of them is written to files meanwhile, so that memory stays bounded.
  ///
  /// - Throws: `index_invalid_update`, `storage_full`, `index_io`, `index_closed`; the update was then not
  ///   applied at all and may be applied again.
  public func apply(_ update: IndexUpdate) throws(SearchIndexError) {
    try writer.withLock { (writer) throws(SearchIndexError) in try writer.apply(update) }
  }

  /// Makes everything applied visible at once, in both halves, at a generation.
  ///
  /// After `close` it does nothing.
  public func publish(generation: Int64) {
    writer.withLock { writer in
      writer.publish(generation: generation)
      show(writer.published)
    }
  }

  /// Drops everything, to be applied anew. What is published stays visible until the next `publish`, and
  /// on disk until the flush after it.
  public func reset() { writer.withLock { $0.reset() } }

  /// Writes the published state to disk; afterwards a start needs no replay up to its generation.
  ///
  /// - Throws: `storage_full`, `index_io`: what was on disk before stays valid, and the next flush tries
  ///   again. `index_read_only`, `index_closed`.
  public func flush() throws(SearchIndexError) {
    try writer.withLock { (writer) throws(SearchIndexError) in
      defer { show(writer.published) }
      try writer.flush()
    }
  }

  private func show(_ state: IndexState) {
    let snapshot = SearchSnapshot(state, identity: identity, options: options)
    current.withLock { $0 = snapshot }
  }

  // MARK: Merging

  /// Joins some segments on disk where that makes searches faster; changes no score.
  ///
  /// Updates go on meanwhile; what they remove is carried over.
  ///
  /// - Returns: whether it did anything; false also while another merge runs, and after `stopMerging`.
  /// - Throws: `storage_full`, `index_io`, `index_corrupt`, `index_closed`.
  public func mergeIfNeeded() throws(SearchIndexError) -> Bool {
    var failure: SearchIndexError?
    let done = merging.withLockIfAvailable { _ in
      do throws(SearchIndexError) {
        return try merge(mustFinish: false) { $0.mergeCandidates() }
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
    return done ?? false
  }

  /// Flushes and joins everything into one segment without removed chunks; changes no score.
  ///
  /// - Throws: as `flush` and `mergeIfNeeded`.
  public func compact() throws(SearchIndexError) {
    try merging.withLock { (_) throws(SearchIndexError) in
      try flush()
      // What was purged must be gone from the files, also when the process is about to stop.
      _ = try merge(mustFinish: true) { $0.compactionCandidates() }
    }
  }

  private var isStopped: Bool { isStopping.load(ordering: .relaxed) }

  /// - Parameter mustFinish: where the index is stopped, goes on without linking vectors rather than giving up.
  private func merge(
    mustFinish: Bool, _ choose: (borrowing IndexWriter) -> [SegmentView]?
  ) throws(SearchIndexError) -> Bool {
    guard mustFinish || !isStopped, let inputs = writer.withLock({ choose($0) }) else { return false }
    let merge = SegmentMerge(inputs, identity: identity)
    var graph = options.graph
    graph.isCancelled = { self.isStopped }
    let merged: SegmentMerge.Result
    do {
      merged = try merge.run(
        to: .storage(storage), graph: isStopped ? nil : graph, isCancelled: { !mustFinish && self.isStopped })
    } catch  where error.code == .closed && isStopped {
      guard mustFinish else { return false }
      merged = try merge.run(to: .storage(storage))
    }
    return try writer.withLock { (writer) throws(SearchIndexError) in
      defer { show(writer.published) }
      return try writer.commit(merged)
    }
  }

  // MARK: Beside a writer

  /// Takes over files that the writing process has replaced since; for an index opened read-only.
  ///
  /// What was applied here is dropped: replay from `appliedGeneration`. Searches never step back: they keep
  /// a newer published state until the next `publish`.
  ///
  /// - Throws: `index_changed` where the folder now holds another index, or none; `index_io`.
  public func reloadIfChanged() throws(SearchIndexError) -> Bool {
    try writer.withLock { (writer) throws(SearchIndexError) in
      try writer.checkOpen()
      guard access == .readOnly else { return false }
      if case .success(let manifest) = try StoredIndex.readManifest(from: storage),
        manifest.commit == writer.commit
      {
        return false
      }
      switch try StoredIndex.read(from: storage, identity: identity, known: writer.persisted.views) {
      case .none where writer.commit == nil: return false
      case .none: throw SearchIndexError(.changed, "The index's files are gone; open it again.")
      case .unusable(let reason):
        throw SearchIndexError(
          .changed, "The index on disk cannot be read any more (\(reason)); open it again.")
      case .usable(let manifest, let state):
        writer.adopt(state, commit: manifest.commit)
        show(writer.published)
        return true
      }
    }
  }
}
