/// Ends work that takes too long.
enum TimeLimit {
  struct Exceeded: Error {}

  /// - Parameter beginning: an earlier deadline, which counts only where the work has not begun by then.
  /// - Throws: `Exceeded` at the deadline, when the work has heeded its cancellation; else what the work throws.
  static func run<T: Sendable>(
    until deadline: ContinuousClock.Instant, beginning: OutgoingRequest.Beginning? = nil,
    _ work: @escaping @Sendable () async throws -> T
  ) async throws -> T {
    try await withThrowingTaskGroup(of: T?.self) { group in
      group.addTask { try await work() }
      group.addTask {
        if let beginning, beginning.deadline < deadline {
          try await Task.sleep(until: beginning.deadline, clock: .continuous)
          guard beginning.hasBegun() else { return nil }
        }
        try await Task.sleep(until: deadline, clock: .continuous)
        return nil
      }
      defer { group.cancelAll() }
      guard let first = try await group.next(), let value = first else { throw Exceeded() }
      return value
    }
  }
}
