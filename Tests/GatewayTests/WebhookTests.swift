import Domain
import Foundation
import HTTPTypes
import Security
import Synchronization
import Testing

@testable import Gateway

@Suite struct WebhookTests {
  /// A gateway that may send to one receiver, and a sender with short waits.
  private struct Scene {
    let backend: Backend
    let gateway: Gateway
    let receiver: StandIn
    let hosts: [IngestHost]

    init(
      resolver: HostResolver = .system, _ script: @escaping @Sendable (StandIn.Request, Int) -> [StandIn.Step]
    )
      async throws
    {
      backend = try Backend()
      receiver = try await StandIn(script)
      hosts = [IngestHost("local:127.0.0.1:\(receiver.port)")!]
      gateway = try backend.gateway(edit: { [hosts] in $0.webhookHosts = hosts })
    }

    func make(_ fields: [String: JSONValue] = [:]) async throws -> (id: String, secret: SigningSecret) {
      let reply = try await gateway.send(
        .post, "/v1/webhooks", key: Backend.ownerKey,
        json: JSONValue.object(["url": .string(receiver.url + "/in?x=1")]).merging(fields))
      let id = try #require(reply.at("webhook.id")?.text, "\(reply.text)")
      let secret = try #require(SigningSecret(reply.at("secret")?.text ?? ""))
      return (id, secret)
    }

    func sender(
      waits: [Duration] = Array(repeating: .milliseconds(20), count: 3),
      edit: (inout WebhookSender.Options) -> Void = { _ in },
      wire: (inout GatewayServices) -> Void = { _ in }
    ) -> WebhookSender {
      var options = WebhookSender.Options()
      options.schedule = WebhookSchedule(waits: waits)
      options.pollInterval = .milliseconds(20)
      edit(&options)
      var services = backend.services()
      wire(&services)
      var configuration = GatewayConfiguration()
      configuration.webhookHosts = hosts
      return WebhookSender(
        services: services, configuration: configuration, logger: Backend.silentLogger, options: options)
    }

    func deliveries(_ id: String, _ state: String = "") async throws -> [JSONValue] {
      let reply = try await gateway.send(
        .get, "/v1/webhooks/\(id)/deliveries" + (state.isEmpty ? "" : "?state=\(state)"),
        key: Backend.ownerKey)
      return reply.at("deliveries")?.elements ?? []
    }

    /// Sends until it is so; the limit is only there so that a failure ends.
    func sending(
      _ sender: WebhookSender, until isSo: () async throws -> Bool
    ) async throws -> Bool {
      let running = Task { await sender.run() }
      defer { running.cancel() }
      let deadline = ContinuousClock.now + .seconds(60)
      while ContinuousClock.now < deadline {
        if try await isSo() {
          running.cancel()
          await running.value
          return true
        }
        try await Task.sleep(for: .milliseconds(20))
      }
      return false
    }
  }

  @Test func anEventArrivesSigned() async throws {
    let scene = try await Scene { _, _ in .response(204, "") }
    let (id, secret) = try await scene.make(["types": ["document.*"]])
    try await scene.backend.put("a b/1", "Returns take a week.")
    #expect(
      try await scene.sending(scene.sender()) { try await scene.deliveries(id, "delivered").count == 1 })
    let request = try #require(scene.receiver.requests.first)
    #expect(request.head.hasPrefix("POST /in?x=1 HTTP/1.1"))
    let message = try #require(request.header("webhook-id"))
    let timestamp = try #require(request.header("webhook-timestamp").flatMap { Int64($0) })
    #expect(message.hasPrefix("msg_") && abs(Date().timeIntervalSince1970 - Double(timestamp)) < 120)
    // The body is what the record says, with the external id looked up.
    let delivery = try #require(
      try await scene.backend.store.deliveries(of: id, state: nil, before: nil, limit: 1).first)
    #expect(delivery.message == message)
    let sent = try WebhookMessage(
      delivery, externalID: "a b/1", signedBy: [secret], at: Date(timeIntervalSince1970: Double(timestamp)),
      userAgent: "x")
    #expect(
      request.header("webhook-signature") == sent.headers.first { $0.name == "webhook-signature" }?.value)
    #expect(request.header("content-type") == "application/json")
    let body = try JSONParser.parse(sent.body)
    #expect(body["type"] == "document.created" && body.at("data.external_id") == "a b/1")
    #expect(body.at("data.kb") == "default" && body.at("data.version") == 1)
    let metrics = scene.backend.metrics.exposition()
    #expect(metrics.contains(#"frontdesk_webhook_attempts_total{outcome="delivered"} 1"#), "\(metrics)")
  }

  /// 500 twice, a redirect, a broken connection: then dead, listed, and sent again under the same id.
  @Test func failuresAreTriedAgainThenDeadThenReplayed() async throws {
    let works = Mutex(false)
    let elsewhere = try await StandIn { _, _ in .response(200, "") }
    let scene = try await Scene { [port = elsewhere.port] _, number in
      if works.withLock({ $0 }) { return .response(200, "thanks") }
      switch number {
      case 0: return .response(500, "a secret of the receiver")
      case 1: return .redirect(to: "http://127.0.0.1:\(port)/")
      case 2: return []
      default: return .response(404, "")
      }
    }
    let (id, _) = try await scene.make()
    let test = try await scene.gateway.send(.post, "/v1/webhooks/\(id)/test", key: Backend.ownerKey)
    #expect(test.status == 202 && test.at("delivery.state") == "pending")
    #expect(try await scene.sending(scene.sender()) { try await scene.deliveries(id, "dead").count == 1 })
    #expect(scene.receiver.requests.count == 4 && elsewhere.requests.isEmpty)
    let dead = try #require(try await scene.deliveries(id, "dead").first)
    #expect(dead["attempts"] == 4 && dead["last_status"] == 404 && dead["last_error"] == "answered 404")
    let ids = Set(scene.receiver.requests.map { $0.header("webhook-id") })
    #expect(ids == [dead["message_id"]?.text], "the same id every time")

    works.withLock { $0 = true }
    let path = "/v1/webhooks/\(id)"
    let one = try await scene.gateway.send(
      .post, path + "/deliveries/\(dead["id"]?.text ?? "")/replay", key: Backend.ownerKey)
    #expect(one.status == 202 && one.at("delivery.attempts") == 0)
    #expect(
      try await scene.sending(scene.sender()) { try await scene.deliveries(id, "delivered").count == 1 })
    #expect(scene.receiver.requests.last?.header("webhook-id") == dead["message_id"]?.text)
    #expect(
      try await scene.gateway.send(.post, path + "/deliveries/none/replay", key: Backend.ownerKey).code
        == "delivery_not_found")
    let none = try await scene.gateway.send(.post, path + "/replay", key: Backend.ownerKey)
    #expect(none.at("replayed") == 0, "nothing is dead any more")
    let since = try await scene.gateway.send(
      .post, path + "/replay", key: Backend.ownerKey, json: ["since": "2020-01-01"])
    #expect(since.status == 202 && since.at("replayed") == 1)
    #expect(
      try await scene.gateway.send(.post, path + "/replay", key: Backend.ownerKey, json: ["since": "then"])
        .code
        == "invalid_field")
    let actions = try await scene.backend.store.auditEntries(after: 0, limit: 99).map(\.event.action)
    #expect(actions.contains("webhook.create") && actions.contains("webhook.replay"))
  }

  @Test func goneDisablesIt() async throws {
    let scene = try await Scene { _, _ in .response(410, "") }
    let (id, _) = try await scene.make()
    _ = try await scene.gateway.send(.post, "/v1/webhooks/\(id)/test", key: Backend.ownerKey)
    #expect(try await scene.sending(scene.sender()) { try await scene.deliveries(id, "dead").count == 1 })
    let webhook = try await scene.gateway.send(.get, "/v1/webhooks/\(id)", key: Backend.ownerKey)
    #expect(webhook.at("webhook.enabled") == false)
    #expect(webhook.at("webhook.disabled_reason") == "its server answered 410 Gone")
    #expect(scene.receiver.requests.count == 1)
    let enabled = try await scene.gateway.send(
      .patch, "/v1/webhooks/\(id)", key: Backend.ownerKey, json: ["enabled": true])
    #expect(enabled.at("webhook.enabled") == true && enabled.at("webhook.disabled_reason") == .null)
  }

  /// One endpoint that never answers does not hold up another.
  @Test func aSlowOneDelaysNobody() async throws {
    let slow = try await StandIn { _, _ in [.pause(.seconds(600))] }
    let scene = try await Scene { _, _ in .response(200, "") }
    let store = scene.backend.store
    let (id, secret) = try await scene.make(["types": ["document.created"]])
    let stuck = Webhook(
      id: "stuck", url: slow.url, interest: EventInterest(types: [], knowledgeBases: []), isEnabled: true,
      secrets: [try await Webhook.sealed(secret, of: "stuck", scene.backend.services().sealing)],
      createdAt: Date(), updatedAt: Date())
    try await store.addWebhook(stuck, limit: 9)
    for number in 0..<30 { try await scene.backend.put("d\(number)", "Number \(number).") }
    let sender = WebhookSender(
      services: scene.backend.services(),
      configuration: {
        var configuration = GatewayConfiguration()
        configuration.webhookHosts = scene.hosts + [IngestHost("local:127.0.0.1:\(slow.port)")!]
        return configuration
      }(), logger: Backend.silentLogger,
      options: {
        var options = WebhookSender.Options()
        options.timeout = .seconds(300)
        options.drainTimeout = .milliseconds(100)
        options.pollInterval = .milliseconds(20)
        return options
      }())
    #expect(
      try await scene.sending(sender) { try await scene.deliveries(id, "delivered").count == 30 })
    #expect(slow.requests.count == 4, "no more than its share at once")
    // What was in flight was given back, not counted as tried.
    let waiting = try await store.deliveries(of: "stuck", state: .pending, before: nil, limit: 99)
    #expect(
      waiting.count == 30
        && waiting.allSatisfy { $0.attempts == 0 && ($0.nextAt ?? .distantFuture) <= Date() })
  }

  @Test func rotationSignsWithBoth() async throws {
    let scene = try await Scene { _, _ in .response(200, "") }
    let (id, first) = try await scene.make()
    let path = "/v1/webhooks/\(id)"
    let rotated = try await scene.gateway.send(.post, path + "/rotate", key: Backend.ownerKey)
    let second = try #require(SigningSecret(rotated.at("secret")?.text ?? ""))
    #expect(rotated.at("webhook.overlap_ends_at") != .null)
    func signing(after seconds: TimeInterval = 0) async throws -> [String] {
      let webhook = try #require(try await scene.backend.store.webhook(id))
      return try await webhook.signingSecrets(scene.backend.services().sealing, at: Date() + seconds).map(
        \.text)
    }
    #expect(try await signing() == [second.text, first.text])
    #expect(try await signing(after: 86_500) == [second.text])
    _ = try await scene.gateway.send(path: path, overlap: 0)
    #expect(try await signing().count == 1)
    // Nothing but the two answers ever shows a secret, and no file holds it.
    let listed = try await scene.gateway.send(.get, "/v1/webhooks", key: Backend.ownerKey)
    #expect(!listed.text.contains("whsec_"))
    let folder = scene.backend.folder.url.appendingPathComponent("store")
    for file in ["service.db", "service.db-wal"] {
      let bytes = (try? Data(contentsOf: folder.appendingPathComponent(file))) ?? Data()
      #expect(bytes.range(of: Data(second.text.utf8)) == nil)
    }
  }

  // MARK: Where to

  /// Attacks as data: each is refused when it is made, and again when something is to be sent.
  @Test(arguments: [
    "http://hooks.example.com/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.8/",
    "https://192.168.1.1/", "https://172.16.0.1/", "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/", "https://0.0.0.0/", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:169.254.169.254]/", "https://[fd00::1]/", "https://[fe80::1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/", "https://private.example/", "https://mixed.example/",
    "https://unknown.example/",
    "https://public.example.:443@127.0.0.1/", "https://2130706433/", "https://0x7f.1/",
    "ftp://public.example/",
    "https://public.example%2f@127.0.0.1/", "gopher://public.example/",
  ])
  func innerAddressesAreRefused(url: String) async throws {
    let resolver = HostResolver { host in
      switch host {
      case "localhost", "private.example": [IPAddress("127.0.0.1")!]
      case "mixed.example": [IPAddress("93.184.216.34")!, IPAddress("10.0.0.1")!]
      case "unknown.example": []
      default: [IPAddress("93.184.216.34")!]
      }
    }
    let backend = try Backend()
    let gateway = try backend.gateway(wire: { $0.resolver = resolver })
    let reply = try await gateway.send(
      .post, "/v1/webhooks", key: Backend.ownerKey, json: ["url": .string(url)])
    #expect(["webhook_url_refused", "invalid_url"].contains(reply.code), "\(reply.text)")
    #expect(try await backend.store.webhooks().isEmpty)
    let target = WebhookTarget(hosts: [], resolver: resolver)
    await #expect(throws: Problem.self) {
      _ = try await target.addresses(of: WebAddress(url), until: .now + .seconds(5))
    }
  }

  /// A name that was public when the webhook was made, and leads inside later: looked at with every attempt.
  @Test func aNameThatTurnsInwardIsNotFollowed() async throws {
    let scene = try await Scene { _, _ in .response(200, "") }
    let isInner = Mutex(false)
    let resolver = HostResolver { _ in
      [IPAddress(isInner.withLock { $0 } ? "127.0.0.1" : "93.184.216.34")!]
    }
    let gateway = try scene.backend.gateway(wire: { $0.resolver = resolver })
    let made = try await gateway.send(
      .post, "/v1/webhooks", key: Backend.ownerKey,
      json: ["url": .string("https://rebinding.example:\(scene.receiver.port)/")])
    let id = try #require(made.at("webhook.id")?.text, "\(made.text)")
    isInner.withLock { $0 = true }
    _ = try await gateway.send(.post, "/v1/webhooks/\(id)/test", key: Backend.ownerKey)
    let sender = scene.sender(waits: [], wire: { $0.resolver = resolver })
    #expect(try await scene.sending(sender) { try await scene.deliveries(id, "dead").count == 1 })
    #expect(scene.receiver.requests.isEmpty)
    let dead = try #require(try await scene.deliveries(id, "dead").first)
    #expect(dead["last_error"]?.text?.contains("inner network") == true && dead["last_status"] == .null)
  }

  // MARK: Fields

  @Test func badInputIsTold() async throws {
    let scene = try await Scene { _, _ in .response(200, "") }
    let (id, _) = try await scene.make()
    let url = JSONValue.string(scene.receiver.url)
    let cases: [(JSONValue, String)] = [
      ([:], "missing_field"), (["url": 1], "invalid_field"),
      (["url": url, "types": ["document"]], "invalid_event_type"),
      (["url": url, "types": ["webhook.test"]], "invalid_event_type"),
      (["url": url, "types": ["*"]], "invalid_event_type"),
      (["url": url, "kbs": ["nowhere"]], "kb_not_found"), (["url": url, "enabled": "yes"], "invalid_field"),
      (["url": "https:/x"], "invalid_url"),
    ]
    for (body, code) in cases {
      let reply = try await scene.gateway.send(.post, "/v1/webhooks", key: Backend.ownerKey, json: body)
      #expect(reply.code == code, "\(reply.text)")
    }
    for query in ["state=lost", "after=x", "limit=0"] {
      let reply = try await scene.gateway.send(
        .get, "/v1/webhooks/\(id)/deliveries?\(query)", key: Backend.ownerKey)
      #expect(reply.status == 400, "\(reply.text)")
    }
    // Pages follow each other without a gap.
    for _ in 0..<5 {
      _ = try await scene.gateway.send(.post, "/v1/webhooks/\(id)/test", key: Backend.ownerKey)
    }
    var seen: [String] = []
    var after = ""
    repeat {
      let page = try await scene.gateway.send(
        .get, "/v1/webhooks/\(id)/deliveries?limit=2" + after, key: Backend.ownerKey)
      seen += page.at("deliveries")?.elements.compactMap { $0["id"]?.text } ?? []
      after = page.at("after_cursor")?.text.map { "&after=" + $0 } ?? ""
    } while !after.isEmpty
    #expect(seen.count == 5 && Set(seen).count == 5)
    #expect(try await scene.gateway.send(.delete, "/v1/webhooks/\(id)", key: Backend.ownerKey).status == 204)
    #expect(
      try await scene.gateway.send(.get, "/v1/webhooks/\(id)", key: Backend.ownerKey).code
        == "webhook_not_found")
  }

  @Test func theScheduleIsTheAdvisedOne() {
    var generator = SystemRandomNumberGenerator()
    let schedule = WebhookSchedule()
    let advised: [Double] = [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]
    for (index, seconds) in advised.enumerated() {
      let wait = schedule.wait(after: index + 1, retryAfter: nil, using: &generator)?.seconds ?? -1
      #expect((seconds * 0.79...seconds * 1.21).contains(wait))
    }
    #expect(schedule.wait(after: 10, retryAfter: nil, using: &generator) == nil)
    #expect((schedule.wait(after: 1, retryAfter: .seconds(60), using: &generator) ?? .zero) == .seconds(60))
    #expect(
      (schedule.wait(after: 1, retryAfter: .seconds(1_000_000), using: &generator) ?? .zero)
        == .seconds(86_400))
  }
}

extension Gateway {
  fileprivate func send(path: String, overlap: Int64) async throws -> Reply {
    try await send(
      .post, path + "/rotate", key: Backend.ownerKey, json: ["overlap_seconds": .integer(overlap)])
  }
}
