import Foundation
import HTTPTypes
import Synchronization

/// Gives each caller so many units of work, and refuses what is beyond (token buckets, by key, customer and address).
final class RateLimiter: Sendable {
  /// By whom requests are counted.
  enum Scope: String, Sendable, CaseIterable {
    /// An API key, or a signed-in member of the staff.
    case key
    /// The customer whom a token names.
    case customer
    /// Where a request without a key comes from.
    case address
  }

  /// Whose bucket it is.
  struct Caller: Sendable, Hashable {
    let scope: Scope
    let name: String
  }

  /// What a caller has left.
  struct Allowance: Sendable {
    let scope: Scope
    let size: TokenBucket.Size
    let left: Double

    /// The fields of draft-ietf-httpapi-ratelimit-headers-10.
    func write(to headers: inout HTTPFields) {
      let whole = Int(left.rounded(.down))
      let untilFull = Int(((size.burst - left) / size.rate).rounded(.up))
      headers[.rateLimitPolicy] =
        "\"\(scope.rawValue)\";q=\(Int(size.burst));w=\(Int(size.refill.seconds.rounded(.up)))"
      headers[.rateLimit] = "\"\(scope.rawValue)\";r=\(whole);t=\(untilFull)"
    }
  }

  private struct Buckets {
    var current: [String: TokenBucket] = [:]
    /// Those that nobody has touched since `current` was begun.
    var previous: [String: TokenBucket] = [:]
    var begun = ContinuousClock.now
    /// Of all for whom there was no room: memory stays bounded, and strangers share.
    var others: TokenBucket?
  }

  /// Callers remembered in one refill time, by scope.
  static let maxCallers = 100_000

  private let sizes: [Scope: TokenBucket.Size]
  private let maxCallers: Int
  private let clock: @Sendable () -> ContinuousClock.Instant
  private let buckets = Mutex<[Scope: Buckets]>([:])

  /// - Parameter sizes: scopes that are absent are not limited.
  init(
    _ sizes: [Scope: TokenBucket.Size], maxCallers: Int = RateLimiter.maxCallers,
    clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
  ) {
    self.sizes = sizes
    self.maxCallers = maxCallers
    self.clock = clock
  }

  /// Counts a request.
  ///
  /// - Returns: what is left, or nil where the scope is not limited.
  /// - Throws: `rate_limited`.
  func charge(_ scope: Scope, _ caller: String, cost: Int) throws(Problem) -> Allowance? {
    guard cost > 0, let size = sizes[scope] else { return nil }
    let (wait, left) = update(scope, caller, size) { bucket, now in
      (bucket.take(Double(cost), of: size, at: now), bucket.level)
    }
    let allowance = Allowance(scope: scope, size: size, left: left)
    guard let wait else { return allowance }
    var headers: HTTPFields = [:]
    allowance.write(to: &headers)
    throw .rateLimited(scope, retryAfter: max(1, Int(wait.seconds.rounded(.up))), headers: headers)
  }

  private func update<Result>(
    _ scope: Scope, _ caller: String, _ size: TokenBucket.Size,
    _ change: (inout TokenBucket, ContinuousClock.Instant) -> Result
  ) -> Result {
    let now = clock()
    return buckets.withLock { all in
      var own = all.removeValue(forKey: scope) ?? Buckets(begun: now)
      defer { all[scope] = own }
      if own.begun.duration(to: now) >= size.refill {
        // Twice as late, those before are full again as well.
        own.previous = own.begun.duration(to: now) >= size.refill * 2 ? [:] : own.current
        own.current = [:]
        own.begun = now
        own.others = nil
      }
      if own.current[caller] == nil {
        let known = own.previous.removeValue(forKey: caller)
        guard own.current.count < maxCallers else {
          var shared = own.others ?? TokenBucket(size, at: now)
          defer { own.others = shared }
          return change(&shared, now)
        }
        own.current[caller] = known ?? TokenBucket(size, at: now)
      }
      return change(&own.current[caller]!, now)
    }
  }

  /// Callers that are remembered, in all scopes.
  var callers: Int { buckets.withLock { $0.values.reduce(0) { $0 + $1.current.count + $1.previous.count } } }
}

extension GatewayConfiguration.Rates {
  /// By scope; what is nil is not limited.
  var sizes: [RateLimiter.Scope: TokenBucket.Size] {
    let rates: [RateLimiter.Scope: Rate?] = [.key: key, .customer: customer, .address: address]
    return rates.compactMapValues { $0.map { TokenBucket.Size(rate: $0.units, burst: $0.burst) } }
  }
}

extension Problem {
  static func rateLimited(_ scope: RateLimiter.Scope, retryAfter: Int, headers: HTTPFields) -> Problem {
    var problem = Problem(
      "rate_limited", "This \(scope.rawValue) has sent too much; try again in \(retryAfter) s.",
      headers: headers)
    problem.retryAfter = retryAfter
    return problem
  }
}

extension HTTPField.Name {
  static let rateLimit = Self("RateLimit")!
  static let rateLimitPolicy = Self("RateLimit-Policy")!
}
