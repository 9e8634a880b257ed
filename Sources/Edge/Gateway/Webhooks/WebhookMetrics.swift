import Domain
import Foundation
import Metrics

/// What `/metrics` shows of webhooks.
struct WebhookMetrics: Sendable {
  static let attempts = "frontdesk_webhook_attempts_total"
  static let pending = "frontdesk_webhook_pending"
  static let dead = "frontdesk_webhook_dead"
  static let age = "frontdesk_webhook_oldest_seconds"

  let metrics: any MetricsFactory

  static func describe(in registry: PrometheusRegistry) {
    registry.describe(attempts, "Attempts to send an event to a webhook, by what became of them.")
    registry.describe(pending, "Events that wait to be sent to a webhook.")
    registry.describe(dead, "Events that were given up and are kept.")
    registry.describe(age, "Age of the oldest event that waits for a webhook that is enabled.")
  }

  /// Shows each outcome at 0, so that its first occurrence is an increase.
  init(metrics: any MetricsFactory) {
    self.metrics = metrics
    for label in ["delivered", "failed", "dead", "released"] { count(label, by: 0) }
  }

  private func count(_ outcome: String, by number: Int64) {
    metrics.makeCounter(label: Self.attempts, dimensions: [("outcome", outcome)]).increment(by: number)
  }

  func note(_ outcome: WebhookOutcome) {
    let label =
      switch outcome {
      case .delivered: "delivered"
      case .failed(_, _, .some): "failed"
      case .failed: "dead"
      case .released: "released"
      }
    count(label, by: 1)
  }

  func show(_ backlog: WebhookBacklog, at now: Date) {
    metrics.makeMeter(label: Self.pending, dimensions: []).set(Int64(backlog.pending))
    metrics.makeMeter(label: Self.dead, dimensions: []).set(Int64(backlog.dead))
    let age = backlog.oldest.map { max(0, now.timeIntervalSince($0)) } ?? 0
    metrics.makeMeter(label: Self.age, dimensions: []).set(age)
  }
}
