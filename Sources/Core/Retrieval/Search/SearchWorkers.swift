import Foundation
import Synchronization

/// Threads for searching: off the cooperative pool, and bounded, so that overload is refused.
///
/// A search runs here as a whole. It changes threads only where it waits for the store or for a model: on
/// idle cores, waking another thread takes longer than many a step of a search.
final class SearchWorkers: TaskExecutor {
  private let jobs = JobQueue()
  private let inWork = Mutex(0)
  private let limit: Int

  /// - Parameters:
  ///   - threads: searches at one time.
  ///   - limit: searches running and waiting before the next is refused.
  init(threads: Int, limit: Int) {
    self.limit = limit
    for number in 1...max(1, threads) {
      let thread = Thread { [jobs] in
        while let job = jobs.next() { job() }
      }
      thread.name = "search-\(number)"
      thread.start()
    }
  }

  deinit { jobs.close() }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // Keeps the executor until its last job has run.
    jobs.add { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// Runs a search, which may block its thread for as long as it computes.
  ///
  /// - Throws: `overloaded` at once where the queue is full; what `body` throws.
  func run<T: Sendable>(_ body: @Sendable () async throws -> T) async throws -> T {
    let isAdmitted = inWork.withLock { count in
      guard count < limit else { return false }
      count += 1
      return true
    }
    guard isAdmitted else {
      throw RetrievalError(.overloaded, "Too many searches at once; try again in a second.")
    }
    defer { inWork.withLock { $0 -= 1 } }
    return try await withTaskExecutorPreference(self, operation: body)
  }
}

/// What waits to be run, first in, first out.
///
/// Unchecked Sendable: everything is read and written under the condition's lock.
private final class JobQueue: @unchecked Sendable {
  private let condition = NSCondition()
  private var jobs: [@Sendable () -> Void] = []
  private var first = 0
  private var isClosed = false

  func add(_ job: @escaping @Sendable () -> Void) {
    condition.lock()
    jobs.append(job)
    condition.signal()
    condition.unlock()
  }

  /// - Returns: nil once the queue is closed and empty.
  func next() -> (@Sendable () -> Void)? {
    condition.lock()
    defer { condition.unlock() }
    while first == jobs.count {
      if isClosed { return nil }
      condition.wait()
    }
    let job = jobs[first]
    first += 1
    if first == jobs.count || first > 1024 {
      jobs.removeFirst(first)
      first = 0
    }
    return job
  }

  func close() {
    condition.lock()
    isClosed = true
    condition.broadcast()
    condition.unlock()
  }
}
