import Dispatch
import Domain
import Foundation
import Logging
import SearchIndex
import Synchronization
import TextAnalysis

/// Keeps one knowledge base's index in step with the store's change feed.
///
/// Whoever writes only commits to the store; this reads what changed and publishes a snapshot at the
/// feed's generation. One process holds the index folder's lock and writes segments; followers in other
/// processes read its files and replay the tail in memory. Runs on a queue of its own.
///
/// Architecture invariant: nothing else calls `apply`, `publish`, `flush` or `reset` of an index; but what `PastIndex`
/// keeps in memory.
public actor IndexFollower {
  public struct Options: Sendable {
    /// Documents per page of the feed.
    public var pageSize = 256
    /// Persist once this many chunks are only in memory.
    public var flushChunks = 4096
    /// Persist a smaller tail after this long without doing so.
    public var flushDelay: Duration = .seconds(2)
    /// How often a reader tries to become the writer.
    public var takeoverInterval: Duration = .seconds(5)
    /// How long after a failed merge the next is tried.
    public var mergeRetryDelay: Duration = .seconds(600)
    public init() {}
  }

  private let executor: SerialQueueExecutor
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  public nonisolated let id: KnowledgeBaseID
  public nonisolated let name: String
  let store: any DocumentStore
  let folder: URL
  let builder: EntryBuilder
  let dimension: @Sendable (String) -> Int
  let options: Options
  let logger: Logger

  var index: SearchIndex
  var identity: IndexIdentity
  /// Another model's index, on its way.
  var successor: Successor?
  /// Loads a model that searches are about to use.
  let prepare: @Sendable (String) async -> Void
  /// Whether the index was replaced and is not shown yet.
  var mustShow = false
  /// Nil until they were read.
  private var rules: RuleBook?
  private var calibrator: AnswerCalibrator?
  var isWriter: Bool
  private var lastTakeover = ContinuousClock.now
  private var flushTask: Task<Void, Never>?
  let mergeQueue: DispatchQueue
  /// What the last compaction failed with, until someone was told.
  private nonisolated let compactionFailure = Mutex<(any Error)?>(nil)
  private var isMerging = false
  /// A merge that failed, such as on a full disk, would fail again at once.
  private var lastMergeFailure: ContinuousClock.Instant?
  /// Whether merges that an earlier writer left undone were taken up.
  var hasTakenUpMerges = false
  var isClosed = false

  private var pending: Task<Void, any Error>?
  private var active: Task<Void, any Error>?
  private var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
  private var nextWaiter = 0

  /// The state that searches read.
  public nonisolated let current: PublishedIndex

  /// Opens the index folder, or starts an empty index where its files are missing, older or damaged.
  ///
  /// Nothing is searchable before the first `catchUp`.
  init(
    knowledgeBase: KnowledgeBase, store: any DocumentStore, folder: URL, analyzer: TextAnalyzer,
    dimension: @escaping @Sendable (String) -> Int, prepare: @escaping @Sendable (String) async -> Void,
    options: Options, logger: Logger
  ) async throws {
    id = knowledgeBase.id
    name = knowledgeBase.name
    executor = SerialQueueExecutor(label: "frontdesk.follower.\(knowledgeBase.name)")
    mergeQueue = DispatchQueue(label: "frontdesk.merge.\(knowledgeBase.name)", qos: .background)
    self.store = store
    self.folder = folder
    self.builder = EntryBuilder(analyzer: analyzer)
    self.dimension = dimension
    self.prepare = prepare
    self.options = options
    self.logger = logger
    let wanted = Self.identity(
      epoch: try await store.epoch(), model: knowledgeBase.model, dimension: dimension(knowledgeBase.model))
    (index, identity, isWriter) = try Self.openOrEarlier(folder, wanted, logger)
    current = PublishedIndex(index.snapshot, model: identity.model)
  }

  /// Lets merges give up that take long; see `close`.
  func stopMerging() {
    index.stopMerging()
    successor?.index.stopMerging()
  }

  /// Whether this process keeps the index's files; else another one does, such as a running server.
  public var keepsFiles: Bool { isWriter }

  // MARK: Catching up

  /// Makes everything that was committed before the call searchable.
  ///
  /// Callers that arrive while a run waits to start share it.
  public func catchUp() async throws {
    if let pending { return try await pending.value }
    let previous = active
    let task = Task {
      _ = await previous?.result
      self.startPending()
      try await self.follow()
    }
    pending = task
    try await task.value
  }

  private func startPending() {
    active = pending
    pending = nil
  }

  private func follow() async throws {
    guard !isClosed else { throw RetrievalError(.indexUnavailable, "The index of '\(name)' was closed.") }
    try await followModel()
    if successor?.isBuilt == true { try await adoptSuccessor() }
    if !isWriter, successor == nil { try refreshReader() }
    do { try await bringUpToDate(demandingVectors: true) } catch {
      let isBehind = error is VectorsMissing || (error as? SearchIndexError)?.code == .closed
      guard isBehind, !isClosed else { throw error }
      // What is searched cannot take this in: a model without vectors of it is in force by now.
      try await followModel()
      try await adoptSuccessor()
      try await bringUpToDate(demandingVectors: false)
    }
    try await reportSwitch()
  }

  /// - Parameter demandingVectors: takes in nothing with a chunk that has none.
  /// - Throws: `VectorsMissing`.
  private func bringUpToDate(demandingVectors: Bool) async throws {
    let isDamaged = index.snapshot.isDamaged
    if isDamaged {
      logger.error("index is damaged and will be rebuilt", metadata: ["kb": "\(name)"])
      index.reset()
    }
    var summary = try await readChanges(
      after: isDamaged ? .zero : Generation(rawValue: index.appliedGeneration), demandingVectors)
    guard summary.knowledgeBaseExists else {
      throw RetrievalError(.kbNotFound, "There is no knowledge base '\(name)'.")
    }
    let isAskedToRebuild = summary.maintenance.contains(.rebuild) && index.snapshot.generation > 0
    // A successor is a rebuild.
    let wantsRebuild = isDamaged || (isAskedToRebuild && successor == nil)
    if summary.epoch.rawValue != identity.epoch {
      // A restored store: what the files say belongs to another life, and so do the rules.
      rules = nil
      if let successor { abandon(successor) }
      identity = Self.identity(epoch: summary.epoch, model: identity.model, dimension: identity.dimension)
      index.close()
      (index, isWriter) = try Self.open(folder, identity, logger)
      summary = try await readChanges(after: Generation(rawValue: index.appliedGeneration), false)
    } else if wantsRebuild, !isDamaged {
      index.reset()
      summary = try await readChanges(after: .zero, false)
    }
    let hasNewRules = rules == nil || summary.hasNewRules
    if hasNewRules {
      calibrator = try await store.answerCalibration(of: id).flatMap(AnswerCalibrator.init)
      rules = RuleBook(try await store.searchRules(of: id))
    }
    let advanced = summary.head.rawValue != index.snapshot.generation
    if advanced || wantsRebuild || hasNewRules || mustShow {
      index.publish(generation: summary.head.rawValue)
      show()
      mustShow = false
      resumeWaiters()
    }
    guard isWriter else { return }
    let mustRewrite = !summary.maintenance.isEmpty && !wantsRebuild
    if mustRewrite { compactInBackground() }
    if !mustRewrite, index.unflushedChunks >= options.flushChunks {
      try flush()
    } else if advanced {
      scheduleFlush()
    }
    if !hasTakenUpMerges {
      hasTakenUpMerges = true
      mergeInBackground()
    }
  }

  private func readChanges(
    after generation: Generation, _ demandingVectors: Bool
  ) async throws -> ChangeSummary {
    let builder = builder
    let index = index
    let demandingVectors = demandingVectors && identity.dimension > 0
    return try await store.readChanges(
      of: id, after: generation, model: identity.model, pageSize: options.pageSize
    ) { page in
      if demandingVectors, page.hasChunkWithoutVector { throw VectorsMissing() }
      try index.apply(builder.update(of: page))
    }
  }

  /// A reader becomes the writer where the lock is free, else takes over the writer's newer files once its
  /// own tail is long.
  private func refreshReader() throws {
    let now = ContinuousClock.now
    if now - lastTakeover >= options.takeoverInterval {
      lastTakeover = now
      let (candidate, writes) = try Self.open(folder, identity, logger)
      guard !writes else {
        index.close()
        index = candidate
        isWriter = true
        return
      }
      candidate.close()
    }
    guard index.unflushedChunks >= options.flushChunks else { return }
    do { _ = try index.reloadIfChanged() } catch  where error.code == .changed {
      index.close()
      (index, isWriter) = try Self.open(folder, identity, logger)
    }
  }

  // MARK: Persisting

  /// Writes what is only in memory to files, so that the next start has less to replay.
  public func flush() throws {
    guard isWriter, !isClosed else { return }
    flushTask?.cancel()
    flushTask = nil
    try index.flush()
    show()
    mergeInBackground()
  }

  private func scheduleFlush() {
    guard flushTask == nil else { return }
    flushTask = Task {
      try? await Task.sleep(for: options.flushDelay)
      guard !Task.isCancelled else { return }
      self.flushTask = nil
      do { try self.flush() } catch {
        // The store has everything; the next change tries again.
        logger.warning("index not persisted", metadata: ["error": "\(error)"])
      }
    }
  }

  private func mergeInBackground() {
    guard !isMerging else { return }
    if let failed = lastMergeFailure, failed.duration(to: .now) < options.mergeRetryDelay { return }
    isMerging = true
    let index = index
    mergeQueue.async { [logger] in
      var merged = false
      var hasFailed = false
      do { while try index.mergeIfNeeded() { merged = true } } catch {
        logger.warning("segments not merged", metadata: ["error": "\(error)"])
        hasFailed = true
      }
      let (done, failed) = (merged, hasFailed)
      Task { await self.mergeEnded(index, merged: done, failed: failed) }
    }
  }

  /// Edits go on meanwhile, and become visible.
  private func compactInBackground() {
    let index = index
    mergeQueue.async { [logger] in
      do throws(SearchIndexError) {
        try index.compact()
        self.compactionFailure.withLock { $0 = nil }
      } catch {
        // The index was replaced by another, which has nothing to be rid of.
        guard error.code != .closed else { return }
        logger.warning("index not compacted", metadata: ["error": "\(error)"])
        self.compactionFailure.withLock { $0 = error }
      }
      Task { await self.show(index) }
    }
  }

  /// Returns once nothing is left to be joined.
  ///
  /// - Throws: what a merge failed with, or a compaction before it.
  public func finishMerging() async throws {
    let index = index
    defer { show(index) }
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      mergeQueue.async {
        done.resume(with: Result { while try index.mergeIfNeeded() {} })
      }
    }
    if let failure = compactionFailure.withLock({ $0.take() }) { throw failure }
  }

  private func show(_ merged: SearchIndex) {
    if merged === index, !isClosed { show() }
  }

  /// Lets searches read what this knows now.
  private func show() {
    current.update(
      .init(
        snapshot: index.snapshot, model: identity.model, rules: rules ?? .empty, calibrator: calibrator))
  }

  private func mergeEnded(_ merging: SearchIndex, merged: Bool, failed: Bool) {
    isMerging = false
    lastMergeFailure = failed ? .now : nil
    if merged { show(merging) }
  }

  /// Persists and lets go of the folder; searches that hold a snapshot may finish.
  ///
  /// - Parameter finishingMerges: joins what is to be joined, which can take minutes; else whoever writes the
  ///   folder next does.
  public func close(finishingMerges: Bool = false) async {
    guard !isClosed else { return }
    if !finishingMerges { stopMerging() }
    _ = await active?.result
    if let successor {
      // It is begun again when the index is next opened.
      self.successor = nil
      successor.index.close()
      _ = await successor.building.result
    }
    // A merge that failed is not tried again here.
    let isFinishing = finishingMerges && isWriter && lastMergeFailure == nil
    do { try flush() } catch { logger.warning("index not persisted", metadata: ["error": "\(error)"]) }
    isClosed = true
    flushTask?.cancel()
    // A merge that still runs must not lose its folder.
    if isFinishing {
      do { try await finishMerging() } catch {
        logger.warning("segments not merged", metadata: ["error": "\(error)"])
      }
    } else {
      await withCheckedContinuation { done in mergeQueue.async { done.resume() } }
    }
    index.close()
    resumeWaiters()
  }

  // MARK: Waiting

  /// Returns once a generation is searchable.
  ///
  /// - Throws: `generation_not_reached` after `timeout`.
  public func wait(for generation: Generation, timeout: Duration) async throws {
    let deadline = ContinuousClock.now.advanced(by: timeout)
    while current.snapshot.generation < generation.rawValue {
      guard ContinuousClock.now < deadline, !isClosed else {
        throw RetrievalError(
          .generationNotReached,
          "Generation \(generation) was not searchable within \(timeout); the index is at "
            + "\(current.snapshot.generation).")
      }
      let token = nextWaiter
      nextWaiter += 1
      let timer = Task {
        try? await Task.sleep(until: deadline, clock: .continuous)
        self.resumeWaiter(token)
      }
      await withCheckedContinuation { waiter in
        // Looked at again where nothing can come in between: a task that prefers an executor of its own may be
        // suspended on its way here.
        if current.snapshot.generation < generation.rawValue, !isClosed {
          waiters[token] = waiter
        } else {
          waiter.resume()
        }
      }
      timer.cancel()
    }
  }

  private func resumeWaiter(_ token: Int) { waiters.removeValue(forKey: token)?.resume() }

  private func resumeWaiters() {
    let all = waiters
    waiters = [:]
    for waiter in all.values { waiter.resume() }
  }

  // MARK: Status

  public func status() -> (snapshot: SearchSnapshot, model: String, isWriter: Bool) {
    (index.snapshot, identity.model, isWriter)
  }
}
