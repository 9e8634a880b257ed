import Metrics
import Synchronization

/// Counts sign-ins by outcome, ends of sessions by reason, and sessions.
final class SignInMetrics: Sendable {
  enum Outcome: String, Sendable, CaseIterable {
    case begun
    case signedIn = "signed_in"
    /// The answer was to no sign-in of this browser.
    case invalid
    /// The provider said no, or said it badly.
    case refused
    case noRole = "no_role"
    case weak
    case unavailable
  }
  enum Ending: String, Sendable, CaseIterable {
    case signedOut = "signed_out"
    /// Unused, or as old as sessions get.
    case lapsed
    case endedByOwner = "ended_by_owner"
    case replaced
    /// The provider no longer vouches for the user.
    case refused
    case noRole = "no_role"
    case unreadable
  }

  static let signInsName = "frontdesk_sign_ins_total"
  static let endingsName = "frontdesk_sessions_ended_total"
  static let sessionsName = "frontdesk_sessions"

  private let factory: any MetricsFactory
  private let sessions = Mutex(0)

  init(_ registry: PrometheusRegistry) {
    factory = registry
    registry.describe(Self.signInsName, "Sign-ins of the staff, by what came of them.")
    registry.describe(Self.endingsName, "Sessions that ended, by why.")
    registry.describe(Self.sessionsName, "Sessions of the staff in the data folder.")
    registry.gauge(Self.sessionsName) { [weak self] in Double(self?.sessions.withLock { $0 } ?? 0) }
    for outcome in Outcome.allCases { count(outcome, by: 0) }
    for ending in Ending.allCases { count(ending, by: 0) }
  }

  func count(_ outcome: Outcome, by amount: Int64 = 1) {
    factory.makeCounter(label: Self.signInsName, dimensions: [("outcome", outcome.rawValue)])
      .increment(by: amount)
  }

  func count(_ ending: Ending, by amount: Int64 = 1) {
    factory.makeCounter(label: Self.endingsName, dimensions: [("reason", ending.rawValue)])
      .increment(by: amount)
  }

  func set(sessions count: Int) { sessions.withLock { $0 = count } }
}
