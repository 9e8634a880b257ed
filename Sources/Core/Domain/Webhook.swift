import Foundation

/// An address that events are sent to.
public struct Webhook: Hashable, Sendable {
  /// A signing secret as it is stored: sealed.
  public struct Secret: Hashable, Sendable {
    public let sealed: Data
    /// The first moment at which it signs nothing any more; nil for the newest.
    public let endsAt: Date?
    public init(sealed: Data, endsAt: Date? = nil) {
      self.sealed = sealed
      self.endsAt = endsAt
    }
  }

  public let id: String
  public var url: String
  public var interest: EventInterest
  public var isEnabled: Bool
  /// Why the server disabled it; nil where nobody or a person did.
  public var disabledReason: String?
  /// Newest first; at most two.
  public var secrets: [Secret]
  public let createdAt: Date
  public var updatedAt: Date

  public init(
    id: String, url: String, interest: EventInterest, isEnabled: Bool, disabledReason: String? = nil,
    secrets: [Secret], createdAt: Date, updatedAt: Date
  ) {
    self.id = id
    self.url = url
    self.interest = interest
    self.isEnabled = isEnabled
    self.disabledReason = disabledReason
    self.secrets = secrets
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// One event on its way to one endpoint.
public struct WebhookDelivery: Hashable, Sendable {
  public enum State: String, Sendable, CaseIterable, Codable {
    case pending, delivered
    /// Given up.
    case dead
  }
  public let sequence: Int64
  public let id: String
  public let webhook: String
  /// The event's own id: the same with every attempt, replay and endpoint.
  public let message: String
  public let type: String
  /// JSON object: ids, names, states and times.
  public let data: Data
  /// Whose external id is looked up when it is sent; nil where it is about no document.
  public let document: Int64?
  public let state: State
  /// Attempts that came to an end.
  public let attempts: Int
  /// When it is next tried; nil where it is not.
  public let nextAt: Date?
  /// Of the last attempt: the HTTP status, and what went wrong in a few words.
  public let lastStatus: Int?
  public let lastError: String?
  public let occurredAt: Date
  public let updatedAt: Date

  public init(
    sequence: Int64, id: String, webhook: String, message: String, type: String, data: Data,
    document: Int64?, state: State, attempts: Int, nextAt: Date?, lastStatus: Int?, lastError: String?,
    occurredAt: Date, updatedAt: Date
  ) {
    self.sequence = sequence
    self.id = id
    self.webhook = webhook
    self.message = message
    self.type = type
    self.data = data
    self.document = document
    self.state = state
    self.attempts = attempts
    self.nextAt = nextAt
    self.lastStatus = lastStatus
    self.lastError = lastError
    self.occurredAt = occurredAt
    self.updatedAt = updatedAt
  }
}

/// What became of one attempt.
public enum WebhookOutcome: Hashable, Sendable {
  case delivered(status: Int)
  /// - Parameter next: nil where it is given up.
  case failed(status: Int?, error: String, next: Date?)
  /// It was not tried: it counts for nothing.
  case released(until: Date)
}

/// How much waits.
public struct WebhookBacklog: Hashable, Sendable {
  public let pending: Int
  public let dead: Int
  /// When the oldest event that waits, of an endpoint that is enabled or of none yet, came about.
  public let oldest: Date?
  public init(pending: Int, dead: Int, oldest: Date?) {
    self.pending = pending
    self.dead = dead
    self.oldest = oldest
  }
}

/// Where endpoints and what is sent to them are kept.
///
/// An event is in the outbox of the file that it tells of, by the same transaction; `relayEvents` hands it to the
/// endpoints that want it. A delivery in the hands of a process is leased: what a killed process held is tried again.
public protocol WebhookStore: Sendable {
  /// - Throws: `webhook_limit`.
  func addWebhook(_ webhook: Webhook, limit: Int) async throws
  /// In the order of their making.
  func webhooks() async throws -> [Webhook]
  func webhook(_ id: String) async throws -> Webhook?
  /// - Returns: what it is then, nil where there is none.
  func updateWebhook(
    _ id: String, _ change: @escaping @Sendable (inout Webhook) -> Void
  ) async throws -> Webhook?
  /// With all its deliveries.
  func deleteWebhook(_ id: String) async throws -> Bool
  /// Writes down anew, in each file, which events anyone wants; what a killed process left is put right.
  func reconcileInterests() async throws

  /// Hands events of both outboxes to the endpoints that want them, up to `limit` of each.
  ///
  /// - Returns: how many events there were.
  func relayEvents(limit: Int, at now: Date) async throws -> Int
  /// A delivery that no event of an outbox stands behind.
  func addTestDelivery(to webhook: String, at now: Date) async throws -> WebhookDelivery
  /// Takes those that are due, of enabled endpoints, the oldest of each first.
  ///
  /// - Parameters:
  ///   - inFlight: how many of an endpoint this process has in hand; with them it gets up to `perWebhook`.
  ///   - excluding: endpoints that get none.
  func claimDeliveries(
    attempt: String, limit: Int, perWebhook: Int, inFlight: [String: Int], excluding: Set<String>,
    until lease: Date, at now: Date
  ) async throws -> [WebhookDelivery]
  /// - Returns: false where the hold was lost: nothing changes then.
  @discardableResult
  func settleDelivery(_ id: String, attempt: String, _ outcome: WebhookOutcome, at now: Date) async throws
    -> Bool
  /// - Parameter before: a sequence number; nil for the newest on.
  /// - Returns: the newest first.
  func deliveries(
    of webhook: String, state: WebhookDelivery.State?, before: Int64?, limit: Int
  ) async throws -> [WebhookDelivery]
  /// Sends one again as if it were new, under its old message id.
  ///
  /// - Returns: nil where there is no such delivery.
  func replayDelivery(_ id: String, of webhook: String, at now: Date) async throws -> WebhookDelivery?
  /// As `replayDelivery` for all dead ones, or for all that are settled and came about at or after a moment.
  ///
  /// - Returns: how many.
  func replayDeliveries(of webhook: String, since: Date?, at now: Date) async throws -> Int
  /// Removes what was delivered or given up before, and what an endpoint has let wait since before `dead`.
  func forgetDeliveries(deliveredBefore: Date, deadBefore: Date) async throws
  func webhookBacklog() async throws -> WebhookBacklog
  /// What a document is called outside; nil where it was purged.
  func externalID(ofDocument id: Int64) async throws -> String?
}
