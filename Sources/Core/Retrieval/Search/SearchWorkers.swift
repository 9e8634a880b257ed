import Dispatch
import Synchronization

/// Threads for searching: off the cooperative pool, and bounded, so that overload is refused.
final class SearchWorkers: Sendable {
  private let queue = DispatchQueue(label: "frontdesk.search", qos: .userInitiated, attributes: .concurrent)
  private let slots: DispatchSemaphore
  private let waiting = Mutex(0)
  private let limit: Int
  private let dispatcher = DispatchQueue(label: "frontdesk.search.dispatch", qos: .userInitiated)

  /// - Parameters:
  ///   - threads: searches at one time.
  ///   - limit: searches running and waiting before the next is refused.
  init(threads: Int, limit: Int) {
    slots = DispatchSemaphore(value: threads)
    self.limit = limit
  }

  /// - Throws: `overloaded` at once where the queue is full; what `body` throws.
  func run<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    let admitted = waiting.withLock { waiting in
      guard waiting < limit else { return false }
      waiting += 1
      return true
    }
    guard admitted else {
      throw RetrievalError(.overloaded, "Too many searches at once; try again in a second.")
    }
    return try await withCheckedThrowingContinuation { continuation in
      // The dispatcher alone waits for a slot, so at most `threads` pool threads are ever busy here.
      dispatcher.async { [self] in
        slots.wait()
        queue.async { [self] in
          let result = Result { try body() }
          slots.signal()
          waiting.withLock { $0 -= 1 }
          continuation.resume(with: result)
        }
      }
    }
  }
}
