import Foundation

/// When an event is tried again: after the times that Standard Webhooks advises, a fifth more or less.
struct WebhookSchedule: Sendable {
  /// After the first failure, the second, and so on; after the last it is given up.
  var waits: [Duration] = [
    .seconds(5), .seconds(300), .seconds(1800), .seconds(7200), .seconds(18_000), .seconds(36_000),
    .seconds(50_400), .seconds(72_000), .seconds(86_400),
  ]
  /// What a server may ask for at most.
  static let longestRetryAfter: Duration = .seconds(86_400)

  /// - Parameters:
  ///   - failures: this one included.
  ///   - retryAfter: what the server asked for.
  /// - Returns: nil where it is given up.
  func wait(
    after failures: Int, retryAfter: Duration?, using generator: inout some RandomNumberGenerator
  ) -> Duration? {
    guard waits.indices.contains(failures - 1) else { return nil }
    let wait = waits[failures - 1] * Double.random(in: 0.8...1.2, using: &generator)
    return max(wait, min(retryAfter ?? .zero, Self.longestRetryAfter))
  }
}
