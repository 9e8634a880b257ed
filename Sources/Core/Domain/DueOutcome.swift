import Foundation

/// What was done of what was due.
public struct DueOutcome: Sendable {
  /// Documents that were published or taken back.
  public var documents = 0
  /// The newest change; nil where there was none.
  public var generation: Generation?
  /// Texts that must be embedded before more can be published.
  public var missing: [VectorKey: String] = [:]
  /// When the next change is due.
  public var next: Date?
  public init() {}
}
