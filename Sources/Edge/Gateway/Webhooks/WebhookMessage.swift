import Domain
import Foundation
import Security

/// An event as it is sent, after Standard Webhooks 1.0.0.
struct WebhookMessage: Sendable {
  let headers: [(name: String, value: String)]
  let body: Data

  /// - Parameters:
  ///   - externalID: of the event's document; nil where it is about none, or it was purged.
  ///   - secrets: the newest first; each signs.
  ///   - now: of this attempt, which the signature covers.
  init(
    _ delivery: WebhookDelivery, externalID: String?, signedBy secrets: [SigningSecret], at now: Date,
    userAgent: String
  ) throws {
    var data = try JSONParser.parse(delivery.data)
    if delivery.document != nil {
      data = data.merging(["external_id": externalID.map(JSONValue.string) ?? .null])
    }
    let body = JSONText.data(
      [
        "type": .string(delivery.type), "timestamp": .string(Timestamp.text(delivery.occurredAt)),
        "data": data,
      ] as JSONValue)
    let timestamp = Int64(now.timeIntervalSince1970)
    let signatures = secrets.map { $0.signature(id: delivery.message, timestamp: timestamp, body: body) }
    self.body = body
    headers = [
      ("Content-Type", "application/json"), ("User-Agent", userAgent), ("webhook-id", delivery.message),
      ("webhook-timestamp", String(timestamp)),
      ("webhook-signature", signatures.joined(separator: " ")),
    ]
  }
}

extension Webhook {
  /// Those that sign now, the newest first.
  ///
  /// - Throws: where one cannot be opened.
  func signingSecrets(_ sealer: any SecretSealer, at now: Date) throws -> [SigningSecret] {
    try secrets.filter { $0.endsAt.map { now < $0 } ?? true }.map { secret in
      let text = String(decoding: try sealer.open(secret.sealed, context: id), as: UTF8.self)
      guard let secret = SigningSecret(text) else { throw Problem("internal", "a webhook's secret is none") }
      return secret
    }
  }

  static func sealed(_ secret: SigningSecret, of id: String, _ sealer: any SecretSealer) throws -> Secret {
    Secret(sealed: try sealer.seal(Data(secret.text.utf8), context: id))
  }
}
