/// Bounds how much of what is sent to a server is sent again, so that retries cannot keep down a server that is down.
///
/// Each call puts in a share, each retry takes out one; what is in at most lets a short fault pass unseen.
struct RetryBudget: Sendable {
  /// Retries for each call, in the long run.
  static let share = 0.2
  static let max = 10.0
  private var balance = Self.max

  mutating func noteCall() { balance = min(Self.max, balance + Self.share) }

  /// - Returns: whether there is to be a retry; it is paid for.
  mutating func takeRetry() -> Bool {
    guard balance >= 1 else { return false }
    balance -= 1
    return true
  }
}

/// How long to wait before a retry: anything up to a bound that doubles ("full jitter", Brooker 2015), so that callers
/// that failed together do not come back together.
struct Backoff: Sendable {
  var first: Duration = .milliseconds(100)
  var longest: Duration = .seconds(2)

  /// - Parameter retry: from 0.
  func bound(_ retry: Int) -> Duration { min(longest, first * (1 << min(retry, 16))) }

  func wait(_ retry: Int, using generator: inout some RandomNumberGenerator) -> Duration {
    bound(retry) * Double.random(in: 0...1, using: &generator)
  }
}
