import Domain
import Foundation

/// A webhook as lists show it: never its secret.
struct WebhookView: Encodable {
  let webhook: Webhook
  let now: Date

  enum CodingKeys: String, CodingKey {
    case id, url, types, kbs, enabled
    case disabledReason = "disabled_reason"
    case overlapEndsAt = "overlap_ends_at"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(webhook.id, forKey: .id)
    try container.encode(webhook.url, forKey: .url)
    try container.encode(webhook.interest.types, forKey: .types)
    try container.encode(webhook.interest.knowledgeBases, forKey: .kbs)
    try container.encode(webhook.isEnabled, forKey: .enabled)
    try container.encode(webhook.disabledReason, forKey: .disabledReason)
    let overlap = webhook.secrets.dropFirst().first?.endsAt.flatMap { now < $0 ? $0 : nil }
    try container.encode(overlap.map(Timestamp.text), forKey: .overlapEndsAt)
    try container.encode(Timestamp.text(webhook.createdAt), forKey: .createdAt)
    try container.encode(Timestamp.text(webhook.updatedAt), forKey: .updatedAt)
  }
}

struct WebhookListView: Encodable {
  let webhooks: [WebhookView]
}

struct WebhookAnswerView: Encodable {
  let webhook: WebhookView
}

/// The one time that a secret is shown.
struct WebhookSecretView: Encodable {
  let webhook: WebhookView
  let secret: String
}

struct DeliveryView: Encodable {
  let delivery: WebhookDelivery

  enum CodingKeys: String, CodingKey {
    case id, type, state, attempts
    case messageID = "message_id"
    case nextAt = "next_attempt_at"
    case lastStatus = "last_status"
    case lastError = "last_error"
    case occurredAt = "occurred_at"
    case updatedAt = "updated_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(delivery.id, forKey: .id)
    try container.encode(delivery.message, forKey: .messageID)
    try container.encode(delivery.type, forKey: .type)
    try container.encode(delivery.state.rawValue, forKey: .state)
    try container.encode(delivery.attempts, forKey: .attempts)
    try container.encode(delivery.nextAt.map(Timestamp.text), forKey: .nextAt)
    try container.encode(delivery.lastStatus, forKey: .lastStatus)
    try container.encode(delivery.lastError, forKey: .lastError)
    try container.encode(Timestamp.text(delivery.occurredAt), forKey: .occurredAt)
    try container.encode(Timestamp.text(delivery.updatedAt), forKey: .updatedAt)
  }
}

struct DeliveryAnswerView: Encodable {
  let delivery: DeliveryView
}

struct DeliveryListView: Encodable {
  let deliveries: [DeliveryView]
  let hasMore: Bool
  let afterCursor: String?

  enum CodingKeys: String, CodingKey {
    case deliveries
    case hasMore = "has_more"
    case afterCursor = "after_cursor"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(deliveries, forKey: .deliveries)
    try container.encode(hasMore, forKey: .hasMore)
    try container.encode(afterCursor, forKey: .afterCursor)
  }
}

struct ReplayedView: Encodable {
  let replayed: Int
}
