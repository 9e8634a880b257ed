import Foundation
import Testing

@testable import Gateway

@Suite struct AdmissionTests {
  @Test func admitsInOrderAndRefusesBeyondTheQueue() async throws {
    let admission = Admission(limit: 1, maxQueued: 2, timeout: .seconds(5))
    let first = try await admission.enter()
    let (order, continuation) = AsyncStream.makeStream(of: Int.self)
    let waiting = try await [1, 2].asyncMap { number in
      let task = Task {
        let place = try await admission.enter()
        continuation.yield(number)
        place.leave()
      }
      while admission.occupancy.queued < number { try await Task.sleep(for: .milliseconds(1)) }
      return task
    }
    await #expect(throws: Problem.self) { try await admission.enter() }
    first.leave()
    first.leave()
    for task in waiting { try await task.value }
    continuation.finish()
    #expect(await order.reduce(into: []) { $0.append($1) } == [1, 2])
    #expect(admission.occupancy == (0, 0))
  }

  @Test func waitingEnds() async throws {
    let admission = Admission(limit: 1, maxQueued: 5, timeout: .milliseconds(50))
    let place = try await admission.enter()
    await #expect(throws: Problem.self) { try await admission.enter() }
    let cancelled = Task { try await admission.enter() }
    cancelled.cancel()
    await #expect(throws: (any Error).self) { _ = try await cancelled.value }
    #expect(admission.occupancy == (1, 0))
    place.leave()
    _ = try await admission.enter()
    // Dropped unused: its place is free.
    #expect(admission.occupancy == (0, 0))
  }

  /// Many at once never exceed the limit, and nobody is forgotten.
  @Test func holdsUnderContention() async throws {
    let admission = Admission(limit: 3, maxQueued: 1000, timeout: .seconds(30))
    let most = try await withThrowingTaskGroup(of: Int.self) { group in
      for index in 0..<300 {
        group.addTask {
          let task = Task {
            let place = try await admission.enter()
            let running = admission.occupancy.running
            await Task.yield()
            place.leave()
            return running
          }
          if index % 7 == 0 { task.cancel() }
          return (try? await task.value) ?? 0
        }
      }
      return try await group.reduce(0, max)
    }
    #expect((1...3).contains(most))
    #expect(admission.occupancy == (0, 0))
  }

  @Test func workEndsInTimeOrIsStopped() async throws {
    let work = WorkInFlight()
    #expect(try await work.run(timeout: .seconds(5)) { 7 } == 7)
    func code(_ body: () async throws -> Int) async -> String? {
      do {
        _ = try await body()
        return nil
      } catch { return (error as? Problem)?.code ?? "\(type(of: error))" }
    }
    #expect(
      await code {
        try await work.run(timeout: .milliseconds(20)) {
          try await Task.sleep(for: .seconds(30)); return 1
        }
      } == "request_timeout")
    // Work that does not heed its cancellation does not hold up its caller.
    let start = ContinuousClock.now
    #expect(
      await code {
        try await work.run(timeout: .milliseconds(20)) {
          await Self.stubborn(.seconds(10)); return 1
        }
      } == "request_timeout")
    #expect(start.duration(to: .now) < .seconds(9))
    let stopped = Task {
      await code {
        try await work.run(timeout: .seconds(30)) {
          try await Task.sleep(for: .seconds(30)); return 1
        }
      }
    }
    while work.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
    work.stopAll()
    #expect(await stopped.value == "shutting_down")
    #expect(await code { try await work.run(timeout: .seconds(5)) { 1 } } == "shutting_down")
    #expect(work.count == 0)
  }

  static func stubborn(_ duration: Duration) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Int(duration / .milliseconds(1)))) {
        continuation.resume()
      }
    }
  }

  @Test func locksSerialiseByKey() async throws {
    let locks = KeyedLocks<String>()
    let counter = Counter()
    await withTaskGroup(of: Void.self) { group in
      for index in 0..<100 {
        group.addTask {
          await locks.withLock(index.isMultiple(of: 2) ? "a" : "b") {
            let before = await counter.value(of: index % 2)
            await Task.yield()
            await counter.set(before + 1, for: index % 2)
          }
        }
      }
    }
    #expect(await counter.values == [50, 50])
  }

  actor Counter {
    var values = [0, 0]
    func value(of index: Int) -> Int { values[index] }
    func set(_ value: Int, for index: Int) { values[index] = value }
  }
}

extension Array {
  func asyncMap<T>(_ transform: (Element) async throws -> T) async rethrows -> [T] {
    var results: [T] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
