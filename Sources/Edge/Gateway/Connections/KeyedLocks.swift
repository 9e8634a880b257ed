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

extension KeyedLocks where Key: Comparable {
  /// Holds all of some keys, taken in their order, so that no two tasks wait for each other.
  func withLocks<Value: Sendable>(
    _ keys: [Key], _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    try await withLocks(inOrder: Set(keys).sorted()[...], body)
  }

  private func withLocks<Value: Sendable>(
    inOrder keys: ArraySlice<Key>, _ body: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    guard let first = keys.first else { return try await body() }
    return try await withLock(first) { try await withLocks(inOrder: keys.dropFirst(), body) }
  }
}
