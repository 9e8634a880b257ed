import Domain
import SearchIndex

/// Following a knowledge base to another model.
///
/// The new model's index is built beside the one that is searched, which goes on following the feed: whoever writes
/// embeds for both meanwhile. Searches get the new one in one step, with its model, when it has everything.
extension IndexFollower {
  struct Successor {
    let index: SearchIndex
    let identity: IndexIdentity
    let isWriter: Bool
    /// Ends when it has all that there was when it began to read.
    let building: Task<Void, any Error>
    var isBuilt = false
  }

  /// A chunk has no vector of the model that is searched by: the model has changed.
  struct VectorsMissing: Error {}

  /// Begins to build another index where the knowledge base changed its model.
  func followModel() async throws {
    guard let now = try await store.knowledgeBase(named: name), now.id == id else {
      throw RetrievalError(.kbNotFound, "There is no knowledge base '\(name)'.")
    }
    if let successor, successor.identity.model != now.model { abandon(successor) }
    if now.model == identity.model, !isWriter, index.access == .readWrite {
      // The folder was given up for a model that is not wanted any more.
      (index, isWriter) = try Self.open(folder, identity, logger)
      mustShow = true
    }
    guard now.model != identity.model, successor == nil else { return }
    let next = Self.identity(
      epoch: StoreEpoch(rawValue: identity.epoch), model: now.model, dimension: dimension(now.model))
    guard index.snapshot.generation > 0 else {
      // Nothing was ever shown: there is nothing to go on with meanwhile.
      index.close()
      identity = next
      (index, isWriter) = try Self.open(folder, next, logger)
      return
    }
    try begin(next)
  }

  private func begin(_ next: IndexIdentity) throws {
    try handOverFolder()
    let (fresh, owns) = try Self.open(folder, next, logger)
    let building = Task {
      do {
        await prepare(next.model)
        try await build(fresh, next)
        succeeded(fresh)
      } catch {
        failed(fresh, error)
        throw error
      }
    }
    successor = Successor(index: fresh, identity: next, isWriter: owns, building: building)
  }

  /// Gives up the folder's lock; what is searched goes on in memory, on top of the files as they are now.
  private func handOverFolder() throws {
    guard isWriter else { return }
    do { try flush() } catch { logger.warning("index not persisted", metadata: ["error": "\(error)"]) }
    let generation = index.snapshot.generation
    index.close()
    isWriter = false
    let (view, _) = try SearchIndex.open(at: folder, identity: identity, access: .readOnly)
    // Where the disk is full the files are behind: the closed index stays what is searched, and no longer follows.
    if view.snapshot.generation == generation { index = view } else { view.close() }
  }

  private nonisolated func build(_ fresh: SearchIndex, _ next: IndexIdentity) async throws {
    let builder = builder
    let summary = try await store.readChanges(
      of: id, after: Generation(rawValue: fresh.appliedGeneration), model: next.model,
      pageSize: options.pageSize
    ) { page in try fresh.apply(builder.update(of: page)) }
    guard summary.knowledgeBaseExists else {
      throw RetrievalError(.kbNotFound, "There is no knowledge base '\(name)'.")
    }
    fresh.publish(generation: summary.head.rawValue)
    guard fresh.access == .readWrite else { return }
    // Searches get it as fast as it will be, with its graph.
    await withCheckedContinuation { done in
      mergeQueue.async { [logger] in
        do {
          try fresh.flush()
          while try fresh.mergeIfNeeded() {}
        } catch {
          logger.warning("segments not merged", metadata: ["error": "\(error)"])
        }
        done.resume()
      }
    }
  }

  private func succeeded(_ fresh: SearchIndex) {
    guard successor?.index === fresh else { return }
    successor?.isBuilt = true
    Task { try? await self.catchUp() }
  }

  private func failed(_ fresh: SearchIndex, _ error: any Error) {
    guard successor?.index === fresh else { return }
    logger.warning("index of another model not built", metadata: ["error": "\(error)"])
    fresh.close()
    successor = nil
  }

  /// It is not wanted any more.
  func abandon(_ successor: Successor) {
    successor.index.close()
    successor.building.cancel()
    self.successor = nil
  }

  /// Waits until the successor is built and makes it the index; it is shown with the next publication.
  func adoptSuccessor() async throws {
    guard let waited = successor else { return }
    try await waited.building.value
    guard !isClosed, let successor, successor.index === waited.index else {
      throw RetrievalError(.indexUnavailable, "The index of '\(name)' is being replaced; try again.")
    }
    index.close()
    (index, identity, isWriter) = (successor.index, successor.identity, successor.isWriter)
    self.successor = nil
    mustShow = true
    hasTakenUpMerges = false
  }

  /// Tells the store that searches use the new model, so that writers need embed for it alone.
  func reportSwitch() async throws {
    guard isWriter, successor == nil else { return }
    guard try await store.modelSwitch(of: id)?.state == .publishing else { return }
    let model = identity.model
    _ = try await store.updateModelSwitch(of: id) { current, knowledgeBase, _ in
      if current?.state == .publishing, current?.model == model, knowledgeBase.model == model {
        current?.state = .clearing
      }
    }
  }

  /// Brings the index to the model of the knowledge base; searches go on meanwhile.
  public func finishSwitching() async throws {
    try await catchUp()
    while let successor {
      try await successor.building.value
      try await catchUp()
    }
  }

  /// Whether this process keeps the index's files, is about to, or could, as nobody else does.
  public func mayKeepFiles() -> Bool {
    if isWriter || successor?.isWriter == true { return true }
    guard let probe = try? SearchIndex.open(at: folder, identity: identity, access: .readWrite) else {
      return false
    }
    probe.0.close()
    return true
  }
}
