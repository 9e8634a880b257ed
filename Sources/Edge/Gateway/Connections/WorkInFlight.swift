import Synchronization

/// The requests being worked on: each ends in time, and all can be told to stop.
final class WorkInFlight: Sendable {
  private struct State {
    var nextID: UInt64 = 0
    var stops: [UInt64: @Sendable (any Error) -> Void] = [:]
    var isStopped = false
  }
  private let state = Mutex(State())

  /// Runs `operation` and waits for it no longer than `timeout`.
  ///
  /// An operation that does not heed its cancellation goes on unwatched; the caller is answered all the same.
  ///
  /// - Throws: what the operation throws, `request_timeout`, `shutting_down`, or `CancellationError`.
  func run<Value: Sendable>(
    timeout: Duration, _ operation: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let race = Race<Value>()
    let work = Task {
      do {
        race.finish(.success(try await operation()))
      } catch {
        race.finish(.failure(error))
      }
    }
    let timer = Task {
      try await Task.sleep(for: timeout)
      if race.finish(.failure(Problem.timedOut(after: timeout))) { work.cancel() }
    }
    let stop: @Sendable (any Error) -> Void = { error in
      if race.finish(.failure(error)) { work.cancel() }
    }
    let id: UInt64? = state.withLock { state in
      guard !state.isStopped else { return nil }
      state.nextID += 1
      state.stops[state.nextID] = stop
      return state.nextID
    }
    if id == nil { stop(Problem.shuttingDown) }
    defer {
      timer.cancel()
      if let id { state.withLock { _ = $0.stops.removeValue(forKey: id) } }
    }
    return try await withTaskCancellationHandler {
      try await race.value()
    } onCancel: {
      stop(CancellationError())
    }
  }

  var count: Int { state.withLock { $0.stops.count } }

  /// Ends everything in work with `shutting_down`, and whatever comes later.
  func stopAll() {
    let stops = state.withLock { state in
      state.isStopped = true
      return Array(state.stops.values)
    }
    for stop in stops { stop(Problem.shuttingDown) }
  }
}

/// A result that the first of several contenders sets.
private final class Race<Value: Sendable>: Sendable {
  private enum State {
    case open
    case awaited(CheckedContinuation<Value, any Error>)
    case finished(Result<Value, any Error>)
    case taken
  }
  private let state = Mutex(State.open)

  /// - Returns: whether this came first.
  @discardableResult
  func finish(_ result: Result<Value, any Error>) -> Bool {
    let (isFirst, continuation) = state.withLock { state -> (Bool, CheckedContinuation<Value, any Error>?) in
      switch state {
      case .open:
        state = .finished(result)
        return (true, nil)
      case .awaited(let continuation):
        state = .taken
        return (true, continuation)
      case .finished, .taken:
        return (false, nil)
      }
    }
    continuation?.resume(with: result)
    return isFirst
  }

  /// Awaited once.
  func value() async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let result: Result<Value, any Error>? = state.withLock { state in
        if case .finished(let result) = state {
          state = .taken
          return result
        }
        state = .awaited(continuation)
        return nil
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
