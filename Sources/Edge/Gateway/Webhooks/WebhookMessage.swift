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
  func signingSecrets(_ sealing: any Sealing, at now: Date) async throws -> [SigningSecret] {
    var signing: [SigningSecret] = []
    for secret in secrets where secret.endsAt.map({ now < $0 }) ?? true {
      guard let opened = try await sealing.open(secret.sealed, context: id),
        let secret = SigningSecret(String(decoding: opened, as: UTF8.self))
      else { throw Problem("internal", "a webhook's secret does not open") }
      signing.append(secret)
    }
    return signing
  }

  static func sealed(
    _ secret: SigningSecret, of id: String, _ sealing: any Sealing
  ) async throws -> Secret {
    Secret(sealed: try await sealing.seal(Data(secret.text.utf8), context: id))
  }
}
