import Domain

/// Webhooks and what is sent to them.
extension Schemas {
  private static let types: JSONValue = [
    "type": "array", "items": string, "maxItems": 50,
    "description": .string(
      "Types of events, or `document.*` for all that begin so; none means all. "
        + EventType.wanted.map(\.rawValue).joined(separator: ", ") + "."),
  ]
  private static let fields: [String: JSONValue] = [
    "url": ["type": "string", "maxLength": .integer(Int64(WebAddress.maxBytes))],
    "types": types,
    "kbs": ["type": "array", "items": string, "maxItems": 1000],
    "enabled": boolean,
  ]

  static let webhooks: [String: JSONValue] = [
    "CreateWebhook": object(fields, required: ["url"]),
    "WebhookPatch": object(fields, required: []),
    "RotateWebhook": object(
      [
        "overlap_seconds": [
          "type": "integer", "minimum": 0, "maximum": 604_800, "default": 86_400,
          "description": "How long the secret before this one signs, too.",
        ]
      ], required: []),
    "Webhook": object([
      "id": string, "url": string, "types": strings, "kbs": strings, "enabled": boolean,
      "disabled_reason": nullable("string"), "overlap_ends_at": nullable("string"), "created_at": string,
      "updated_at": string,
    ]),
    "WebhookList": object(["webhooks": list(of: "Webhook")]),
    "WebhookResponse": object(["webhook": reference("Webhook")]),
    "WebhookSecret": object(["webhook": reference("Webhook"), "secret": string]),
    "Delivery": object([
      "id": string, "message_id": string, "type": string,
      "state": choice(WebhookDelivery.State.allCases.map(\.rawValue)), "attempts": integer,
      "next_attempt_at": nullable("string"), "last_status": nullable("integer"),
      "last_error": nullable("string"), "occurred_at": string, "updated_at": string,
    ]),
    "DeliveryList": object([
      "deliveries": list(of: "Delivery"), "has_more": boolean, "after_cursor": nullable("string"),
    ]),
    "DeliveryResponse": object(["delivery": reference("Delivery")]),
    "ReplayDeliveries": object(
      [
        "since": [
          "type": ["string", "null"],
          "description": "A date or an RFC 3339 time; left out, only what was given up is sent again.",
        ]
      ], required: []),
    "Replayed": object(["replayed": integer]),
  ]

  static let webhookExamples: [String: JSONValue] = [
    "CreateWebhook": [
      "url": "https://hooks.example.com/frontdesk", "types": ["document.*", "job.failed"], "kbs": ["default"],
    ],
    "WebhookPatch": ["enabled": false],
    "RotateWebhook": ["overlap_seconds": 86_400],
    "ReplayDeliveries": ["since": "2027-01-01T08:00:00Z"],
  ]
}
