import Synchronization

/// Lets one task at a time hold each key, in order of arrival: so that checking a version and writing the
/// next one are one step within this process.
final class KeyedLocks<Key: Hashable & Sendable>: Sendable {
  private let queues = Mutex<[Key: [CheckedContinuation<Void, Never>]]>([:])

  func withLock<Value>(_ key: Key, _ body: () async throws -> Value) async rethrows -> Value {
    await withCheckedContinuation { continuation in
      let isFree = queues.withLock { queues in
        guard queues[key] == nil else {
          queues[key]?.append(continuation)
          return false
        }
        queues[key] = []
        return true
      }
      if isFree { continuation.resume() }
    }
    defer {
      let next: CheckedContinuation<Void, Never>? = queues.withLock { queues in
        guard queues[key]?.isEmpty == false else {
          queues[key] = nil
          return nil
        }
        return queues[key]?.removeFirst()
      }
      next?.resume()
    }
    return try await body()
  }
}
