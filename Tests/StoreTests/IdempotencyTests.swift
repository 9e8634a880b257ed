import Domain
import Foundation
import Security
import TestSupport
import Testing

@testable import Store

@Suite struct IdempotencyTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)
  private let request = IdempotentRequest(scope: Digest.sha256("a"), fingerprint: Digest.sha256("body"))
  private let response = KeptResponse(
    status: 201, headers: ["Location": "/v1/kbs/x", "ETag": "\"1\""], body: Data([0, 1, 0xFF]))

  private func claim(
    _ store: SQLiteStore, _ request: IdempotentRequest, after seconds: TimeInterval, lease: TimeInterval = 15
  ) async throws -> IdempotencyClaim {
    let now = start + seconds
    return try await store.claim(request, until: now + lease, at: now, forgetting: now - 86_400)
  }

  private func granted(_ claim: IdempotencyClaim) throws -> (attempt: String, isRepeat: Bool) {
    guard case .granted(let attempt, let isRepeat) = claim else { throw CancellationError() }
    return (attempt, isRepeat)
  }

  @Test func aResultIsGivenAgainForADayAndSurvivesARestart() async throws {
    let folder = try TemporaryFolder()
    do {
      let store = try SQLiteStore(folder: folder.url, options: Sample.options)
      let (attempt, isRepeat) = try granted(try await claim(store, request, after: 0))
      #expect(!isRepeat)
      #expect(try await claim(store, request, after: 1) == .inProgress)
      #expect(try await store.keep(response, of: request, attempt: attempt))
      try await store.close()
    }
    let store = try SQLiteStore(folder: folder.url, options: Sample.options)
    #expect(try await claim(store, request, after: 86_399) == .done(response))
    let other = IdempotentRequest(scope: request.scope, fingerprint: Digest.sha256("another"))
    #expect(try await claim(store, other, after: 86_399) == .differs)
    // A day on it is a new request, and of the old one nothing is left.
    #expect(try granted(try await claim(store, other, after: 86_401)).isRepeat == false)
  }

  @Test func whatAKilledProcessHeldIsFreeWhenItsLeaseHasRunOut() async throws {
    let sample = try await Sample()
    let first = try granted(try await claim(sample.store, request, after: 0))
    try await sample.store.renew(request, attempt: first.attempt, until: start + 20)
    #expect(try await claim(sample.store, request, after: 19) == .inProgress)
    let second = try granted(try await claim(sample.store, request, after: 21))
    #expect(second.isRepeat && second.attempt != first.attempt)
    // The first one was only slow: what it says counts no more.
    #expect(try await !sample.store.keep(response, of: request, attempt: first.attempt))
    try await sample.store.release(request, attempt: first.attempt)
    try await sample.store.renew(request, attempt: first.attempt, until: start + 999)
    #expect(try await claim(sample.store, request, after: 22) == .inProgress)
    #expect(try await sample.store.keep(response, of: request, attempt: second.attempt))
    #expect(try await claim(sample.store, request, after: 99) == .done(response))
  }

  @Test func aRefusalFreesTheKeyAndACutAttemptKeepsItsRequest() async throws {
    let sample = try await Sample()
    let other = IdempotentRequest(scope: request.scope, fingerprint: Digest.sha256("another"))
    let refused = try granted(try await claim(sample.store, request, after: 0))
    try await sample.store.release(request, attempt: refused.attempt)
    let cut = try granted(try await claim(sample.store, other, after: 1))
    #expect(!cut.isRepeat)
    try await sample.store.abandon(other, attempt: cut.attempt)
    #expect(try await claim(sample.store, request, after: 2) == .differs)
    #expect(try granted(try await claim(sample.store, other, after: 2)).isRepeat)
  }

  @Test func oneOfManyIsGranted() async throws {
    let sample = try await Sample()
    let claims = try await withThrowingTaskGroup(of: IdempotencyClaim.self) { tasks in
      for _ in 0..<16 { tasks.addTask { try await claim(sample.store, request, after: 0) } }
      return try await tasks.reduce(into: []) { $0.append($1) }
    }
    #expect(claims.filter { $0 != .inProgress }.count == 1)
  }
}
