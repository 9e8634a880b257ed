import Domain
import Embedding
import Foundation
import Retrieval

extension ModelSwitcher {
  /// How a turn of work ended.
  public enum Outcome: Sendable {
    /// Nothing is left to do.
    case done
    /// Another holds it, or it was ended, stopped or has failed before.
    case notOurs
    case failed(ModelSwitch.Failure)
  }

  /// Does all that is to be done for a knowledge base's switch, unless another does it.
  ///
  /// Where its task is cancelled it lets go at once.
  ///
  /// - Parameters:
  ///   - stopsWhenCancelled: then nobody goes on before it is asked for again; else whoever finds it next does.
  ///   - onProgress: called after every step.
  /// - Throws: what passes by itself, such as `store_busy`: it may be called again. `CancellationError`,
  ///   `kb_not_found`.
  public func carryOut(
    _ knowledgeBase: KnowledgeBase, stopsWhenCancelled: Bool = false,
    onProgress: @escaping @Sendable (ModelSwitch) -> Void = { _ in }
  ) async throws -> Outcome {
    guard let found = try await take(knowledgeBase.id), found.isUnderWay else {
      try await release(knowledgeBase.id)
      return .notOurs
    }
    do {
      let outcome = try await withThrowingTaskGroup(of: Outcome?.self) { group in
        group.addTask { try await keepHolding(knowledgeBase.id) }
        group.addTask { try await work(found, on: knowledgeBase, onProgress) }
        defer { group.cancelAll() }
        return try await group.next() ?? nil
      }
      try await release(knowledgeBase.id)
      return outcome ?? .notOurs
    } catch let error as any CodedError where Self.isLasting(error) {
      return try await fail(knowledgeBase.id, error)
    } catch {
      // Not of this task, which may be cancelled.
      let stops = stopsWhenCancelled && Task.isCancelled
      let releasing = Task { try await release(knowledgeBase.id, stopping: stops) }
      try? await releasing.value
      throw error
    }
  }

  // MARK: Holding

  private func take(_ id: KnowledgeBaseID) async throws -> ModelSwitch? {
    let (holder, lease) = (holder, options.lease)
    let found = try await store.updateModelSwitch(of: id) { current, _, now in
      if current?.isUnderWay == true {
        _ = current?.take(by: holder, until: now + lease.timeInterval, now: now)
      }
    }
    return found?.holder == holder ? found : nil
  }

  private func release(_ id: KnowledgeBaseID, stopping: Bool = false) async throws {
    let holder = holder
    _ = try await store.updateModelSwitch(of: id) { current, _, _ in
      guard current?.holder == holder else { return }
      // What is set already is brought to its end by whoever can.
      if stopping, current?.state == .embedding { current?.state = .stopped }
      current?.release()
    }
  }

  /// - Returns: once it is no longer held; nil.
  private func keepHolding(_ id: KnowledgeBaseID) async throws -> Outcome? {
    while true {
      try await Task.sleep(for: options.lease / 4)
      if try await take(id) == nil { return nil }
    }
  }

  private func fail(_ id: KnowledgeBaseID, _ error: any CodedError) async throws -> Outcome {
    let holder = holder
    let failure = ModelSwitch.Failure(code: error.code, message: error.message)
    _ = try await store.updateModelSwitch(of: id) { current, _, _ in
      guard current?.holder == holder else { return }
      if current?.state == .embedding {
        current?.state = .failed
        current?.error = failure
      }
      current?.release()
    }
    return .failed(failure)
  }

  /// Whether trying again without anyone's doing is of no use.
  private static func isLasting(_ error: any CodedError) -> Bool {
    [
      "model_unknown", "model_unsuitable", "model_not_installed", "model_corrupt", "storage_full",
      "store_corrupt",
    ].contains(error.code)
  }

  // MARK: Working

  private func work(
    _ found: ModelSwitch, on knowledgeBase: KnowledgeBase,
    _ onProgress: @escaping @Sendable (ModelSwitch) -> Void
  ) async throws -> Outcome? {
    var step = found
    while true {
      // While embedding, what was counted is told, not what a stopped turn of work had told last.
      if step.state != .embedding { onProgress(step) }
      switch step.state {
      case .embedding:
        guard try await embedAll(of: knowledgeBase, step, onProgress) else { return nil }
      case .publishing: try await publish(knowledgeBase)
      case .clearing:
        try await clear(knowledgeBase.id)
        return .done
      case .stopped, .failed: return nil
      }
      guard let next = try await store.modelSwitch(of: knowledgeBase.id), next.holder == holder else {
        return nil
      }
      step = next
    }
  }

  /// Gives every text its vector and sets the model.
  ///
  /// Round after round: what was written in one, the next one finds. Writers embed for both models meanwhile, so that
  /// there is less each time.
  ///
  /// - Returns: false where it is no longer held.
  private func embedAll(
    of knowledgeBase: KnowledgeBase, _ found: ModelSwitch,
    _ onProgress: @escaping @Sendable (ModelSwitch) -> Void
  ) async throws -> Bool {
    var covered = Generation.zero
    while true {
      let head = try await store.head()
      if found.model != KnowledgeBase.noModel {
        let embedding = TextEmbedding(
          switcher: self, knowledgeBase: knowledgeBase.id, model: found.model, onProgress: onProgress)
        guard try await embedding.run(changedAfter: covered) else { return false }
      }
      try Task.checkCancellation()
      switch try await store.completeModelSwitch(of: knowledgeBase.id, holder: holder, coveredUntil: head) {
      case .set: return true
      case .textsMissing: covered = head
      case .notHeld: return false
      }
    }
  }

  /// Waits until searches read the new index: who keeps its files builds it, and tells the store.
  private func publish(_ knowledgeBase: KnowledgeBase) async throws {
    while try await store.modelSwitch(of: knowledgeBase.id)?.state == .publishing {
      let follower = try await indexes.follower(of: knowledgeBase.name)
      if await follower.mayKeepFiles() { try await follower.finishSwitching() }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private func clear(_ id: KnowledgeBaseID) async throws {
    var last: Data?
    repeat {
      try Task.checkCancellation()
      last = try await store.removeUnusedVectors(after: last, limit: options.vectorsPerStep)
    } while last != nil
    let holder = holder
    _ = try await store.updateModelSwitch(of: id) { current, _, _ in
      if current?.holder == holder, current?.state == .clearing { current = nil }
    }
    let models = Set(try await store.knowledgeBases().map(\.model))
    await embedders.release(except: models)
  }
}
