/// What searches of the past may cost.
public struct PastLimits: Sendable {
  /// Passages of a moment that an index is made of: some seconds.
  public var passages = 50_000
  /// Texts embedded anew for one: the vectors of what has changed since are gone.
  public var texts = 2000
  /// Indexes kept, and their bytes of memory.
  public var indexes = 4
  public var bytes = 512 << 20
  public init() {}
}
