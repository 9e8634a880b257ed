import Dispatch

/// Runs an actor on a queue of its own, so that blocking work never holds the cooperative pool.
final class SerialQueueExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String, qos: DispatchQoS = .utility) {
    queue = DispatchQueue(label: label, qos: qos)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let executor = asUnownedSerialExecutor()
    queue.async { job.runSynchronously(on: executor) }
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
