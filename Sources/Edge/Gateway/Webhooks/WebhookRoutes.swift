import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

/// Where events are sent. Each act is on record before it is done.
extension GatewayRoutes {
  static let webhookTag = "Webhooks"
  private static let collection: PathTemplate = "/v1/webhooks"
  private static let member: PathTemplate = "/v1/webhooks/{webhook}"
  /// In one data folder.
  private static let maxWebhooks = 100
  /// Longest overlap of two secrets: 7 days, in seconds.
  private static let maxOverlap: Int64 = 7 * 86_400

  static func webhooks(_ hosts: [IngestHost]) -> [Route] {
    [listWebhooks, createWebhook(hosts), getWebhook, patchWebhook(hosts), deleteWebhook, rotateWebhook]
      + deliveries
  }

  private static let listWebhooks = Route(
    .get, collection, access: .keyed(.manageWebhooks), lane: .read,
    documentation: Documentation(
      id: "listWebhooks", tag: webhookTag, summary: "List webhooks",
      description: "In the order of their making, those whose knowledge bases the key reaches.",
      responses: [200: .json("WebhookList")], errors: [])
  ) { call in
    let now = Date()
    let found = try await call.services.webhooks.webhooks().filter(call.principal.mayReach)
    return .json(WebhookListView(webhooks: found.map { WebhookView(webhook: $0, now: now) }))
  }

  private static func createWebhook(_ hosts: [IngestHost]) -> Route {
    Route(
      .post, collection, access: .keyed(.manageWebhooks), lane: .write, body: .json,
      documentation: Documentation(
        id: "createWebhook", tag: webhookTag, summary: "Make a webhook",
        description: """
          Events that come about from now on are sent to `url` by POST, signed after Standard Webhooks. `secret` is \
          shown this once. The URL is https, of a public address; the server's `webhook_hosts` may say otherwise.
          """,
        request: "CreateWebhook", responses: [201: .json("WebhookSecret")],
        errors: [
          "invalid_json", "missing_field", "invalid_field", "invalid_event_type", "invalid_url",
          "webhook_url_refused", "webhook_limit", "grant_refused", "kb_not_found", "storage_full",
        ])
    ) { call in
      try call.refuseIdempotencyKey()
      var fields = try call.fields()
      let url = fields.requiredString("url")
      let change = fields.webhookChange()
      try fields.finish()
      let interest = EventInterest(types: change.types ?? [], knowledgeBases: change.knowledgeBases ?? [])
      try await call.require(interest)
      let address = try await call.checkedAddress(url, hosts)
      let now = Date()
      let id = "whk_" + UUID().uuidString.lowercased()
      let secret = SigningSecret()
      let webhook = Webhook(
        id: id, url: address.text, interest: interest, isEnabled: change.isEnabled ?? true,
        secrets: [try await Webhook.sealed(secret, of: id, call.services.sealing)], createdAt: now,
        updatedAt: now)
      try await call.record("webhook.create", id)
      try await call.services.webhooks.addWebhook(webhook, limit: maxWebhooks)
      return .json(
        WebhookSecretView(webhook: WebhookView(webhook: webhook, now: now), secret: secret.text),
        status: .created, headers: [.location: "/v1/webhooks/\(id)"])
    }
  }

  private static let getWebhook = Route(
    .get, member, access: .keyed(.manageWebhooks), lane: .read,
    documentation: Documentation(
      id: "getWebhook", tag: webhookTag, summary: "Read a webhook",
      responses: [200: .json("WebhookResponse")], errors: ["webhook_not_found"])
  ) { call in
    .json(WebhookAnswerView(webhook: WebhookView(webhook: try await call.webhook(), now: Date())))
  }

  private static func patchWebhook(_ hosts: [IngestHost]) -> Route {
    Route(
      .patch, member, access: .keyed(.manageWebhooks), lane: .write, body: .json,
      documentation: Documentation(
        id: "patchWebhook", tag: webhookTag, summary: "Change a webhook",
        description: """
          Fields that are left out stay. While it is disabled nothing is sent, and events that come about are not \
          kept for it; what waited before goes out when it is enabled again.
          """,
        request: "WebhookPatch", responses: [200: .json("WebhookResponse")],
        errors: [
          "invalid_json", "invalid_field", "invalid_event_type", "invalid_url", "webhook_url_refused",
          "webhook_not_found", "grant_refused", "kb_not_found", "storage_full",
        ])
    ) { call in
      var fields = try call.fields()
      let url = fields.string("url", maxBytes: WebAddress.maxBytes)
      let change = fields.webhookChange()
      try fields.finish()
      let webhook = try await call.webhook()
      if let kbs = change.knowledgeBases {
        try await call.require(EventInterest(types: [], knowledgeBases: kbs))
      }
      var address: WebAddress?
      if let url { address = try await call.checkedAddress(url, hosts) }
      try await call.record("webhook.change", webhook.id)
      let now = Date()
      let changed = try await call.services.webhooks.updateWebhook(webhook.id) { [address] webhook in
        if let address { webhook.url = address.text }
        webhook.interest = EventInterest(
          types: change.types ?? webhook.interest.types,
          knowledgeBases: change.knowledgeBases ?? webhook.interest.knowledgeBases)
        if let isEnabled = change.isEnabled {
          webhook.isEnabled = isEnabled
          webhook.disabledReason = nil
        }
        webhook.updatedAt = now
      }
      guard let changed else { throw Problem.webhookNotFound }
      return .json(WebhookAnswerView(webhook: WebhookView(webhook: changed, now: now)))
    }
  }

  private static let deleteWebhook = Route(
    .delete, member, access: .keyed(.manageWebhooks), lane: .write,
    documentation: Documentation(
      id: "deleteWebhook", tag: webhookTag, summary: "Delete a webhook",
      description: "With all that waits for it.", responses: [204: .empty("Deleted")],
      errors: ["webhook_not_found", "storage_full"])
  ) { call in
    let webhook = try await call.webhook()
    try await call.record("webhook.delete", webhook.id)
    guard try await call.services.webhooks.deleteWebhook(webhook.id) else { throw Problem.webhookNotFound }
    return Response(status: .noContent)
  }

  private static let rotateWebhook = Route(
    .post, "/v1/webhooks/{webhook}/rotate", access: .keyed(.manageWebhooks), lane: .write, body: .json,
    documentation: Documentation(
      id: "rotateWebhook", tag: webhookTag, summary: "Give a webhook a new secret",
      description: """
        `secret` is shown this once. For `overlap_seconds` the one before it signs, too: `webhook-signature` then has \
        two signatures, of which one fits whichever secret the receiver has. With 0 it ends at once, as after a leak.
        """,
      request: "RotateWebhook", isRequestOptional: true, responses: [200: .json("WebhookSecret")],
      errors: ["invalid_json", "invalid_field", "webhook_not_found", "storage_full"])
  ) { call in
    var fields = try call.optionalFields()
    let overlap = fields.integer("overlap_seconds", in: 0...maxOverlap, code: "invalid_field") ?? 86_400
    try fields.finish()
    let webhook = try await call.webhook()
    try await call.record("webhook.rotate", webhook.id)
    let now = Date()
    let secret = SigningSecret()
    let sealed = try await Webhook.sealed(secret, of: webhook.id, call.services.sealing)
    let rotated = try await call.services.webhooks.updateWebhook(webhook.id) { webhook in
      let before = webhook.secrets[0].sealed
      webhook.secrets = [sealed]
      if overlap > 0 {
        webhook.secrets.append(.init(sealed: before, endsAt: now + TimeInterval(overlap)))
      }
      webhook.updatedAt = now
    }
    guard let rotated else { throw Problem.webhookNotFound }
    return .json(
      WebhookSecretView(webhook: WebhookView(webhook: rotated, now: now), secret: secret.text))
  }
}

extension Problem {
  static let webhookNotFound = Problem(
    "webhook_not_found", "There is no webhook of this id; GET /v1/webhooks lists those there are.")
}

/// What a body says of a webhook beside its URL.
private struct WebhookChange: Sendable {
  let types: [String]?
  let knowledgeBases: [String]?
  let isEnabled: Bool?
}

extension FieldReader {
  fileprivate mutating func webhookChange() -> WebhookChange {
    let types = strings("types", code: "invalid_event_type", maxCount: 50, maxBytes: 64)
    for (index, type) in (types ?? []).enumerated() where !EventInterest.isKnown(type) {
      let known = EventType.wanted.map(\.rawValue).joined(separator: ", ")
      fail(
        "types[\(index)]", "it must be one of \(known), or such as document.*.", code: "invalid_event_type")
    }
    return WebhookChange(
      types: types, knowledgeBases: strings("kbs", maxCount: 1000, maxBytes: 64), isEnabled: bool("enabled"))
  }
}

extension Principal {
  /// Whether all that a webhook tells of is within reach: else it is not there for this caller.
  fileprivate func mayReach(_ webhook: Webhook) -> Bool { mayReach(webhook.interest) }

  fileprivate func mayReach(_ interest: EventInterest) -> Bool {
    if knowledgeBases.isEmpty { return true }
    return !interest.knowledgeBases.isEmpty && interest.knowledgeBases.allSatisfy(mayReach(kb:))
  }
}

extension Call {
  /// The webhook that the path names.
  ///
  /// - Throws: `webhook_not_found`, also where it tells of what this caller does not reach.
  func webhook() async throws -> Webhook {
    let id = PercentEncoding.decode(parameters["webhook"] ?? "") ?? ""
    guard let webhook = try await services.webhooks.webhook(id), principal.mayReach(webhook) else {
      throw Problem.webhookNotFound
    }
    return webhook
  }

  /// - Throws: `kb_not_found`, `grant_refused`.
  fileprivate func require(_ interest: EventInterest) async throws {
    for name in interest.knowledgeBases {
      try requireReach(name)
      guard (try? KnowledgeBase.validate(name: name)) != nil,
        try await services.store.knowledgeBase(named: name) != nil
      else { throw Problem.knowledgeBaseNotFound(name) }
    }
    guard principal.mayReach(interest) else {
      let names = principal.knowledgeBases.joined(separator: ", ")
      throw Problem.grantRefused("name knowledge bases in 'kbs', of: \(names).")
    }
  }

  /// - Throws: `invalid_url`, `webhook_url_refused`.
  fileprivate func checkedAddress(_ url: String, _ hosts: [IngestHost]) async throws -> WebAddress {
    let address = try WebAddress(url)
    let target = WebhookTarget(hosts: hosts, resolver: services.resolver)
    _ = try await target.addresses(of: address, until: .now + .seconds(10))
    return address
  }
}
