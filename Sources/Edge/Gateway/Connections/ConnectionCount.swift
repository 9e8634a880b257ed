import Synchronization

/// How many connections are open, with an upper bound.
final class ConnectionCount: Sendable {
  private let limit: Int
  private let open = Mutex(0)

  init(limit: Int) { self.limit = limit }

  /// - Returns: false where there is no room; then there is nothing to give back.
  func add() -> Bool {
    open.withLock { open in
      guard open < limit else { return false }
      open += 1
      return true
    }
  }

  func remove() { open.withLock { $0 -= 1 } }
  var current: Int { open.withLock { $0 } }
}
