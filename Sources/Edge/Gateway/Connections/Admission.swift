import Synchronization

/// Lets at most so many requests work at one time, so many wait a moment, and refuses the rest at once.
final class Admission: Sendable {
  private struct Waiter {
    let id: UInt64
    let continuation: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var running = 0
    var nextID: UInt64 = 0
    /// In order of arrival; small, since it is bounded.
    var waiters: [Waiter] = []
    /// Cancelled before they came to wait.
    var cancelled: Set<UInt64> = []
  }

  private let limit: Int
  private let maxQueued: Int
  private let timeout: Duration
  private let state = Mutex(State())

  init(limit: Int, maxQueued: Int, timeout: Duration) {
    self.limit = max(1, limit)
    self.maxQueued = max(0, maxQueued)
    self.timeout = timeout
  }

  /// A place at work; free again when it is left, or when nobody holds it any more.
  final class Place: Sendable {
    private let admission: Admission
    private let isTaken = Mutex(true)

    fileprivate init(_ admission: Admission) { self.admission = admission }
    deinit { leave() }

    func leave() {
      let wasTaken = isTaken.withLock { taken in
        defer { taken = false }
        return taken
      }
      if wasTaken { admission.release() }
    }
  }

  /// Waits for a place.
  ///
  /// - Throws: `overloaded` where the queue is full, or no place came free in time; `CancellationError`.
  func enter() async throws -> Place {
    try await wait()
    return Place(self)
  }

  private func wait() async throws {
    let ticket: UInt64? = try state.withLock { state throws(Problem) in
      if state.running < limit {
        state.running += 1
        return nil
      }
      guard state.waiters.count < maxQueued else { throw Problem.overloaded }
      state.nextID += 1
      return state.nextID
    }
    guard let id = ticket else { return }
    let expiry = Task { [timeout] in
      try await Task.sleep(for: timeout)
      self.giveUp(id, Problem.overloaded)
    }
    defer {
      expiry.cancel()
      state.withLock { _ = $0.cancelled.remove(id) }
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let isRefused = state.withLock { state in
          if state.cancelled.remove(id) != nil { return true }
          // A place may have come free since.
          if state.running < limit {
            state.running += 1
            continuation.resume()
          } else {
            state.waiters.append(Waiter(id: id, continuation: continuation))
          }
          return false
        }
        if isRefused { continuation.resume(throwing: CancellationError()) }
      }
    } onCancel: {
      giveUp(id, CancellationError())
    }
  }

  /// Gives a place to the one who has waited longest.
  private func release() {
    let next: Waiter? = state.withLock { state in
      if state.waiters.isEmpty {
        state.running -= 1
        return nil
      }
      return state.waiters.removeFirst()
    }
    next?.continuation.resume()
  }

  /// Requests in work and waiting.
  var occupancy: (running: Int, queued: Int) {
    state.withLock { ($0.running, $0.waiters.count) }
  }

  private func giveUp(_ id: UInt64, _ error: any Error) {
    let waiter: Waiter? = state.withLock { state in
      guard let index = state.waiters.firstIndex(where: { $0.id == id }) else {
        if error is CancellationError { state.cancelled.insert(id) }
        return nil
      }
      return state.waiters.remove(at: index)
    }
    waiter?.continuation.resume(throwing: error)
  }
}
