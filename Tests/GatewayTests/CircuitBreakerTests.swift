import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite struct CircuitBreakerTests {
  private let start = ContinuousClock.now
  private var options: CircuitBreaker.Options {
    .init(window: .seconds(30), minCalls: 4, failureShare: 0.5, pause: .seconds(10))
  }

  private func call(_ breaker: inout CircuitBreaker, failed: Bool?, at second: Int) -> Bool {
    let now = start + .seconds(second)
    guard let pass = breaker.admit(at: now) else { return false }
    breaker.settle(pass, failed: failed, at: now)
    return true
  }

  private func admitted(_ breaker: inout CircuitBreaker, at second: Int) throws -> CircuitBreaker.Pass {
    let pass = breaker.admit(at: start + .seconds(second))
    return try #require(pass)
  }

  @Test func opensByShareAndNotByAFewCalls() {
    var breaker = CircuitBreaker(options)
    for second in 0..<3 { #expect(call(&breaker, failed: true, at: second)) }
    #expect(breaker.state == .closed)
    #expect(call(&breaker, failed: true, at: 3) && breaker.state == .open)
    #expect(!call(&breaker, failed: false, at: 4))
    #expect(breaker.pauseLeft(at: start + .seconds(5)) == .seconds(8))

    var healthy = CircuitBreaker(options)
    // Two of five fail, in any row: below the half.
    for second in 0..<25 { #expect(call(&healthy, failed: second % 5 < 2 && second > 1, at: second)) }
    #expect(healthy.state == .closed)
  }

  @Test func forgetsWhatIsOld() {
    var breaker = CircuitBreaker(options)
    for second in 0..<3 { _ = call(&breaker, failed: true, at: second) }
    // The window begins after those.
    #expect(call(&breaker, failed: true, at: 40) && breaker.state == .closed)
  }

  @Test func oneCallTriesAndDecides() throws {
    var breaker = CircuitBreaker(options)
    for _ in 0..<4 { _ = call(&breaker, failed: true, at: 0) }
    let trial = try admitted(&breaker, at: 10)
    #expect(breaker.state == .halfOpen && breaker.admit(at: start + .seconds(10)) == nil)
    breaker.settle(trial, failed: true, at: start + .seconds(11))
    #expect(breaker.state == .open && !call(&breaker, failed: false, at: 20))
    #expect(call(&breaker, failed: false, at: 21) && breaker.state == .closed)
    // What failed before it opened counts no more.
    #expect(call(&breaker, failed: true, at: 22) && breaker.state == .closed)
  }

  @Test func aTrialThatWasGivenUpLetsTheNextTry() {
    var breaker = CircuitBreaker(options)
    for _ in 0..<4 { _ = call(&breaker, failed: true, at: 0) }
    #expect(call(&breaker, failed: nil, at: 10) && breaker.state == .halfOpen)
    #expect(call(&breaker, failed: false, at: 10) && breaker.state == .closed)
  }

  @Test func resultsFromBeforeAChangeSayNothing() throws {
    var breaker = CircuitBreaker(options)
    let slow = try admitted(&breaker, at: 0)
    for _ in 0..<4 { _ = call(&breaker, failed: true, at: 0) }
    let trial = try admitted(&breaker, at: 10)
    breaker.settle(slow, failed: false, at: start + .seconds(11))
    #expect(breaker.state == .halfOpen && breaker.admit(at: start + .seconds(11)) == nil)
    breaker.settle(trial, failed: false, at: start + .seconds(12))
    #expect(breaker.state == .closed)
  }

  @Test func retriesAreAShareOfCalls() {
    var budget = RetryBudget()
    var retries = 0
    for _ in 0..<1000 {
      budget.noteCall()
      while budget.takeRetry() { retries += 1 }
    }
    #expect((200...211).contains(retries), "\(retries)")
  }

  @Test func waitsAreSpreadBelowABoundThatDoubles() {
    let backoff = Backoff(first: .milliseconds(100), longest: .seconds(2))
    var generator = SeededGenerator(7)
    #expect(
      (0..<7).map { backoff.bound($0) } == [100, 200, 400, 800, 1600, 2000, 2000].map { .milliseconds($0) })
    for retry in 0..<6 {
      let waits = (0..<300).map { _ in backoff.wait(retry, using: &generator) / backoff.bound(retry) }
      #expect(waits.allSatisfy { (0...1).contains($0) })
      #expect(waits.min()! < 0.05 && waits.max()! > 0.95)
    }
  }
}
