import Foundation
import Synchronization

/// Set once, when the task that waits for blocking work is cancelled.
final class CancellationFlag: Sendable {
  private let flag = Atomic(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}

/// Runs blocking work on a thread of its own, off the cooperative pool.
enum BlockingThread {
  /// - Parameter body: looks at the flag where it can stop early.
  static func run<Value: Sendable>(
    named name: String,
    _ body: @escaping @Sendable (CancellationFlag) throws -> Value
  ) async throws -> Value {
    let flag = CancellationFlag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try body(flag) }) }
        thread.name = name
        thread.start()
      }
    } onCancel: {
      flag.set()
    }
  }
}
