/// A store of units that fills at a steady rate, and from which every request takes its cost.
struct TokenBucket: Sendable {
  /// How fast it fills and how much it holds.
  struct Size: Sendable, Hashable {
    /// Units a second, above 0.
    let rate: Double
    /// Units at most: what may be spent at once. At least 1.
    let burst: Double

    init(rate: Double, burst: Double) {
      precondition(rate > 0 && burst >= 1)
      self.rate = rate
      self.burst = burst
    }

    /// From empty to full; a bucket that nobody touched for so long is like a new one.
    var refill: Duration { .seconds(burst / rate) }
  }

  private(set) var level: Double
  private var updated: ContinuousClock.Instant

  init(_ size: Size, at now: ContinuousClock.Instant) {
    level = size.burst
    updated = now
  }

  /// Takes `cost` units, where there are as many; a dearer request than the bucket holds takes a full one.
  ///
  /// - Returns: nil where they were taken, else how long until there are enough.
  mutating func take(_ cost: Double, of size: Size, at now: ContinuousClock.Instant) -> Duration? {
    fill(size, at: now)
    let cost = min(cost, size.burst)
    guard level >= cost else { return .seconds((cost - level) / size.rate) }
    level -= cost
    return nil
  }

  private mutating func fill(_ size: Size, at now: ContinuousClock.Instant) {
    guard now > updated else { return }
    level = min(size.burst, level + updated.duration(to: now).seconds * size.rate)
    updated = now
  }
}
