import Domain
import Foundation
import HTTPTypes
import Hummingbird

extension GatewayRoutes {
  private static let deliveryCollection: PathTemplate = "/v1/webhooks/{webhook}/deliveries"

  static let deliveries: [Route] = [
    Route(
      .post, "/v1/webhooks/{webhook}/test", access: .keyed(.manageWebhooks), lane: .write,
      documentation: Documentation(
        id: "testWebhook", tag: webhookTag, summary: "Send a test",
        description: "An event `webhook.test`, sent as any other; the delivery tells what came of it.",
        responses: [202: .json("DeliveryResponse")], errors: ["webhook_not_found", "storage_full"])
    ) { call in
      let webhook = try await call.webhook()
      try await call.record("webhook.test", webhook.id)
      let delivery = try await call.services.webhooks.addTestDelivery(to: webhook.id, at: Date())
      return .json(DeliveryAnswerView(delivery: DeliveryView(delivery: delivery)), status: .accepted)
    },
    Route(
      .get, deliveryCollection, access: .keyed(.manageWebhooks), lane: .read,
      documentation: Documentation(
        id: "listDeliveries", tag: webhookTag, summary: "List what was sent, waits or was given up",
        description: """
          The newest first. What was delivered is kept for 7 days, what was given up for 30. Ask for the next page \
          with `after` set to this page's `after_cursor`.
          """,
        query: [
          .init("state", .string, "`pending`, `delivered` or `dead`."),
          .init("limit", .integer, "1 to 1,000; 100 where left out."),
          .init("after", .string, "The `after_cursor` of the page before."),
        ],
        responses: [200: .json("DeliveryList")],
        errors: ["invalid_limit", "invalid_cursor", "invalid_parameter", "webhook_not_found"])
    ) { call in
      let limit = try call.query.integer("limit", in: 1...1000, code: "invalid_limit") ?? 100
      let before = try call.query.integer("after", in: 1...Int.max, code: "invalid_cursor")
      let state = try call.query["state"].map { text throws(Problem) in
        guard let state = WebhookDelivery.State(rawValue: text) else {
          throw Problem.invalidParameter("state", "state must be pending, delivered or dead.")
        }
        return state
      }
      let webhook = try await call.webhook()
      let found = try await call.services.webhooks.deliveries(
        of: webhook.id, state: state, before: before.map(Int64.init), limit: limit + 1)
      let page = found.prefix(limit)
      let hasMore = found.count > limit
      return .json(
        DeliveryListView(
          deliveries: page.map(DeliveryView.init), hasMore: hasMore,
          afterCursor: hasMore ? page.last.map { String($0.sequence) } : nil))
    },
    Route(
      .post, "/v1/webhooks/{webhook}/deliveries/{delivery}/replay", access: .keyed(.manageWebhooks),
      lane: .write,
      documentation: Documentation(
        id: "replayDelivery", tag: webhookTag, summary: "Send an event again",
        description: "Under the same `webhook-id`, with all its attempts anew.",
        responses: [202: .json("DeliveryResponse")],
        errors: ["webhook_not_found", "delivery_not_found", "storage_full"])
    ) { call in
      let webhook = try await call.webhook()
      let id = PercentEncoding.decode(call.parameters["delivery"] ?? "") ?? ""
      try await call.record("webhook.replay", webhook.id)
      guard
        let delivery = try await call.services.webhooks.replayDelivery(id, of: webhook.id, at: Date())
      else {
        throw Problem(
          "delivery_not_found", "This webhook has no delivery of this id; it may have been forgotten.")
      }
      return .json(DeliveryAnswerView(delivery: DeliveryView(delivery: delivery)), status: .accepted)
    },
    Route(
      .post, "/v1/webhooks/{webhook}/replay", access: .keyed(.manageWebhooks), lane: .write, body: .json,
      documentation: Documentation(
        id: "replayDeliveries", tag: webhookTag, summary: "Send many events again",
        description: """
          All that were given up; with `since`, all that came about from that moment on and were delivered or given \
          up, as after a receiver lost its data.
          """,
        request: "ReplayDeliveries", isRequestOptional: true, responses: [202: .json("Replayed")],
        errors: ["invalid_json", "invalid_field", "webhook_not_found", "storage_full"])
    ) { call in
      var fields = try call.optionalFields()
      var since: Date?
      if let text = fields.string("since", maxBytes: 64) {
        since = Moment.parse(text)
        if since == nil {
          fields.fail("since", "it must be a date such as 2026-12-31 or an RFC 3339 time.")
        }
      }
      try fields.finish()
      let webhook = try await call.webhook()
      try await call.record("webhook.replay", webhook.id)
      let count = try await call.services.webhooks.replayDeliveries(of: webhook.id, since: since, at: Date())
      return .json(ReplayedView(replayed: count), status: .accepted)
    },
  ]
}
