import Domain
import Foundation
import HTTPTypes
import Logging
import Synchronization
import Testing

@testable import Gateway

/// Documents by URL, and everything that a URL may be used for instead.
@Suite struct IngestTests {
  private static let page =
    "<html><head><title>Returns</title></head><body><p>Send it back in 30 days.</p></body></html>"
  private let path = "/v1/kbs/default/ingest"

  /// Answers with what it is told, and counts how often it is asked.
  private final class Names: Sendable {
    private let answers: [[String]]
    private let asked = Mutex(0)
    init(_ answers: [[String]]) { self.answers = answers }
    var count: Int { asked.withLock { $0 } }
    var resolver: HostResolver {
      HostResolver { _ in
        let number = self.asked.withLock { asked in
          asked += 1
          return asked - 1
        }
        return self.answers[min(number, self.answers.count - 1)].compactMap { IPAddress($0) }
      }
    }
  }

  private func gateway(
    _ backend: Backend, hosts: [String], names: Names? = nil, maxBytes: Int = 64 << 10,
    timeout: Duration = .seconds(10), publishByAnother: Bool = false
  ) throws -> Gateway {
    var limits = GatewayConfiguration.Limits()
    limits.maxDocumentBytes = maxBytes
    limits.fetchTimeout = timeout
    return try backend.gateway(
      limits: limits,
      edit: {
        $0.ingestHosts = hosts.map { IngestHost($0)! }
        $0.publishByAnother = publishByAnother
      },
      wire: { services in
        if let names { services.resolver = names.resolver }
        var options = OutgoingClient.Options()
        options.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
        services.outgoing = OutgoingClient(options: options, metrics: backend.metrics)
      })
  }

  private func ingest(_ gateway: Gateway, _ url: String, key: String = Backend.ownerKey) async throws -> Reply
  {
    try await gateway.send(.post, path, key: key, json: ["url": .string(url)])
  }

  // MARK: What it does

  @Test func aPageIsPutWithItsPlace() async throws {
    let backend = try Backend()
    let standIn = try await StandIn { _, _ in
      .response(type: "text/html; charset=utf-8", Self.page)
    }
    let gateway = try gateway(backend, hosts: ["local:127.0.0.1:\(standIn.port)"])
    let made = try await gateway.send(
      .post, path, key: Backend.ownerKey,
      headers: ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
      json: ["url": .string(standIn.url + "/help/returns.html?lang=en#top"), "external_id": "returns"])
    #expect(
      made.status == 201 && made.headers[.location] == "/v1/kbs/default/documents/returns", "\(made.text)")
    #expect(made.headers[.eTag] != nil)
    let document = try #require(made.at("document"))
    #expect(document["url"]?.text == standIn.url + "/help/returns.html?lang=en")
    #expect(document["source"]?.text == "127.0.0.1:\(standIn.port)" && document["title"] == "Returns")
    let sent = try #require(standIn.requests.first)
    #expect(sent.target == "/help/returns.html?lang=en" && sent.header("accept-encoding") == "identity")
    #expect(sent.header("traceparent")?.hasPrefix("00-4bf92f3577b34da6a3ce929d0e0e4736-") == true)
    #expect(sent.header("authorization") == nil && sent.header("cookie") == nil)

    // The same again changes nothing.
    let again = try await gateway.send(
      .post, path, key: Backend.ownerKey,
      json: ["url": .string(standIn.url + "/help/returns.html?lang=en"), "external_id": "returns"])
    #expect(again.status == 200 && again.at("document.version")?.integer == 1)
    let generation = try #require(again.at("generation"))
    let found = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey,
      json: [
        "query": "send back", "min_generation": generation,
        "filter": ["source": .string("127.0.0.1:\(standIn.port)")],
      ])
    #expect(found.at("hits[0].external_id") == "returns", "\(found.text)")
    let entries = try await backend.store.auditEntries(after: 0, limit: 10)
    #expect(entries.map(\.event.action) == ["document.fetch", "document.fetch"])
    #expect(
      entries.allSatisfy { !$0.event.target.contains("returns") && $0.event.target.hasPrefix("default/") })

    // Without an id of yours the URL is it; Markdown that is served as plain text is Markdown by its name.
    let plain = try await StandIn { _, _ in .response(type: "text/plain", "# Shipping\n\nTwo *days*.") }
    let other = try self.gateway(backend, hosts: ["local:127.0.0.1:\(plain.port)"])
    let named = try await ingest(other, plain.url + "/shipping.md")
    #expect(named.status == 201 && named.at("document.external_id")?.text == plain.url + "/shipping.md")
    #expect(named.at("document.title") == "Shipping")
  }

  @Test func requestsAreChecked() async throws {
    let backend = try Backend()
    let standIn = try await StandIn { _, _ in .response(Self.page) }
    let gateway = try gateway(backend, hosts: ["local:127.0.0.1:\(standIn.port)"])
    func code(_ body: JSONValue, _ headers: [String: String] = [:]) async throws -> String? {
      try await gateway.send(.post, path, key: Backend.ownerKey, headers: headers, json: body).code
    }
    #expect(try await code([:]) == "missing_field")
    #expect(try await code(["url": 1]) == "invalid_field")
    #expect(try await code(["url": "http://x/", "external_id": ""]) == "invalid_external_id")
    #expect(try await code(["url": "http://x/", "visibility": 1]) == "invalid_visibility")
    #expect(try await code(["url": "http://x/", "status": "x"]) == "invalid_publication")
    #expect(standIn.requests.isEmpty)
    let url = JSONValue.string(standIn.url + "/")
    #expect(try await code(["url": url, "external_id": "a"]) == nil)
    #expect(
      try await code(["url": url, "external_id": "a"], ["If-None-Match": "*"]) == "precondition_failed")
    // The page is there for a group alone.
    let hidden = try await gateway.send(
      .post, path, key: Backend.ownerKey,
      json: ["url": url, "external_id": "b", "visibility": "partners", "status": "draft"])
    #expect(
      hidden.at("document.status") == "draft" && hidden.at("document.visibility[0]") == "partners",
      "\(hidden.text)")
  }

  @Test func whoMayNotPublishMakesDrafts() async throws {
    let backend = try Backend()
    let standIn = try await StandIn { _, number in .response("<p>Number \(number).</p>") }
    let gateway = try gateway(backend, hosts: ["local:127.0.0.1:\(standIn.port)"])
    let writer = try await backend.key(.service, scopes: [.writeDocuments])
    let url = JSONValue.string(standIn.url + "/")
    #expect(try await ingest(gateway, standIn.url + "/", key: writer).at("document.status") == "draft")
    let bold = try await gateway.send(.post, path, key: writer, json: ["url": url, "status": "published"])
    #expect(bold.status == 403 && bold.code == "forbidden" && standIn.requests.count == 1)
    let strict = try self.gateway(
      backend, hosts: ["local:127.0.0.1:\(standIn.port)"], publishByAnother: true)
    #expect(try await ingest(strict, standIn.url + "/b").at("document.status") == "draft")
    let refused = try await strict.send(
      .post, path, key: Backend.ownerKey, json: ["url": url, "status": "published"])
    #expect(refused.code == "publish_needs_another")
  }

  /// A page that was published by another is not taken back when its author fetches it once more.
  @Test func fetchedAgainItStaysPublished() async throws {
    let backend = try Backend()
    let standIn = try await StandIn { _, _ in .response(Self.page) }
    let gateway = try gateway(
      backend, hosts: ["local:127.0.0.1:\(standIn.port)"], publishByAnother: true)
    let (writer, other) = (try await backend.key(.editor), try await backend.key(.publisher))
    let body: JSONValue = ["url": .string(standIn.url + "/"), "external_id": "a"]
    _ = try await gateway.send(.post, path, key: writer, json: body)
    let published = try await gateway.send(.post, "/v1/kbs/default/documents/a/publish", key: other)
    #expect(published.status == 200)
    let again = try await gateway.send(.post, path, key: writer, json: body)
    #expect(again.at("document.status") == "published", "\(again.text)")
  }

  // MARK: Where it does not go

  @Test func withoutHostsItSaysHow() async throws {
    let standIn = try await StandIn { _, _ in .response(Self.page) }
    let off = try await ingest(try gateway(try Backend(), hosts: []), standIn.url + "/")
    #expect(off.status == 403 && off.code == "ingest_url_off")
    #expect(off.at("detail")?.text?.contains("FRONTDESK_INGEST_HOSTS") == true)
    let other = try await ingest(try gateway(try Backend(), hosts: ["docs.example.com"]), standIn.url + "/")
    #expect(other.status == 403 && other.code == "url_not_allowed" && standIn.requests.isEmpty)
  }

  /// Names and addresses of inner networks, where the host itself is allowed.
  @Test func innerNetworksAreNotFetchedFrom() async throws {
    let backend = try Backend()
    let standIn = try await StandIn { _, _ in .response(Self.page) }
    let port = standIn.port
    let literal = try gateway(
      backend, hosts: ["127.0.0.1:\(port)", "localhost:\(port)", "[::ffff:127.0.0.1]:\(port)"])
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"] {
      let reply = try await ingest(literal, "http://\(host):\(port)/")
      #expect(reply.status == 403 && reply.code == "url_not_allowed", "\(host): \(reply.text)")
    }
    for answer in [
      ["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["100.64.0.1"], ["::1"], ["fd00::1"], ["fe80::1"],
      ["ff02::1"],
      ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::1"], ["0.0.0.0"],
      // One good address among them makes it no better.
      ["9.9.9.9", "127.0.0.1"],
    ] {
      let gateway = try gateway(backend, hosts: ["docs.example.com:\(port)"], names: Names([answer]))
      let reply = try await ingest(gateway, "http://docs.example.com:\(port)/")
      #expect(reply.status == 403 && reply.code == "url_not_allowed", "\(answer): \(reply.text)")
      // The answer is no map of the inner network.
      for address in answer {
        #expect(!reply.text.contains("\(address)\"") && !reply.text.contains("\(address) "))
      }
    }
    #expect(standIn.requests.isEmpty)
  }

  @Test func tricksWithURLsAreRefused() async throws {
    let gateway = try gateway(try Backend(), hosts: ["docs.example.com", "local:127.0.0.1:80"])
    for text in WebAddressTests.tricks where !text.isEmpty {
      let reply = try await ingest(gateway, text)
      #expect([400, 403].contains(reply.status), "\(text): \(reply.text)")
      #expect(
        ["invalid_url", "invalid_field", "url_not_allowed"].contains(reply.code), "\(text): \(reply.text)")
    }
  }

  /// The name is asked for once, and its answer is where the connection goes: a second answer is never heard.
  @Test func rebindingChangesNothing() async throws {
    let standIn = try await StandIn { _, _ in .response(Self.page) }
    let names = Names([["127.0.0.1"], ["127.0.0.2"]])
    let gateway = try gateway(
      try Backend(), hosts: ["local:docs.frontdesk.invalid:\(standIn.port)"], names: names)
    let reply = try await ingest(gateway, "http://docs.frontdesk.invalid:\(standIn.port)/")
    #expect(reply.status == 201 && names.count == 1, "\(reply.text)")
    #expect(standIn.requests.first?.header("host") == "docs.frontdesk.invalid:\(standIn.port)")
    // A redirect asks again, and is checked again.
    let turning = try await StandIn { request, _ in
      .redirect(to: "http://inner.frontdesk.invalid:\(standIn.port)/secret")
    }
    let rebound = Names([["127.0.0.1"], ["127.0.0.1"]])
    let second = try self.gateway(
      try Backend(),
      hosts: ["local:docs.frontdesk.invalid:\(turning.port)", "inner.frontdesk.invalid:\(standIn.port)"],
      names: rebound)
    let refused = try await ingest(second, "http://docs.frontdesk.invalid:\(turning.port)/")
    #expect(refused.code == "url_not_allowed" && rebound.count == 2 && standIn.requests.count == 1)
  }

  @Test func redirectsAreCheckedAsURLsAre() async throws {
    let target = try await StandIn { _, _ in .response(Self.page) }
    func fetch(_ location: String, allowing more: [String] = []) async throws -> Reply {
      let standIn = try await StandIn { _, _ in .redirect(to: location) }
      let gateway = try gateway(try Backend(), hosts: ["local:127.0.0.1:\(standIn.port)"] + more)
      return try await ingest(gateway, standIn.url + "/")
    }
    for location in [
      target.url + "/", "http://localhost:\(target.port)/", "http://127.0.0.1:22/",
      "http://169.254.169.254/latest/",
      "http://[::1]:\(target.port)/",
    ] {
      let reply = try await fetch(location)
      #expect(reply.status == 403 && reply.code == "url_not_allowed", "\(location): \(reply.text)")
    }
    // Listed, but of an inner network without being named so.
    #expect(
      try await fetch(target.url + "/", allowing: ["127.0.0.1:\(target.port)"]).code == "url_not_allowed")
    for location in [
      "file:///etc/passwd", "http://x@127.0.0.1:\(target.port)/", "http://2130706433:\(target.port)/",
    ] {
      #expect(try await fetch(location).code == "invalid_url", "\(location)")
    }
    #expect(target.requests.isEmpty)
    #expect(try await fetch(target.url + "/", allowing: ["local:127.0.0.1:\(target.port)"]).status == 201)
  }

  /// What began in secret goes on in secret.
  @Test func noRedirectLeavesTLS() throws {
    func next(_ location: String, from address: String) throws -> String? {
      let head = OutgoingResponse.Head(status: 301, headers: ["location": location])
      return try DocumentFetcher.redirect(head, from: try WebAddress(address))?.text
    }
    #expect(try next("/b", from: "https://docs.example.com/a") == "https://docs.example.com/b")
    #expect(try next("https://x.example/", from: "http://docs.example.com/") == "https://x.example/")
    let problem = #expect(throws: Problem.self) {
      try next("http://docs.example.com/b", from: "https://docs.example.com/a")
    }
    #expect(problem?.code == "fetch_refused")
  }

  @Test func redirectsEnd() async throws {
    let endless = try await StandIn { _, number in .redirect(307, to: "/\(number + 1)") }
    let refused = try await ingest(
      try gateway(try Backend(), hosts: ["local:127.0.0.1:\(endless.port)"]), endless.url + "/0")
    #expect(refused.status == 422 && refused.code == "fetch_refused")
    #expect(endless.requests.map(\.target) == ["/0", "/1", "/2", "/3"])
    let three = try await StandIn { _, number in
      number < 3 ? .redirect(308, to: "/\(number + 1)") : .response(Self.page)
    }
    let reply = try await ingest(
      try gateway(try Backend(), hosts: ["local:127.0.0.1:\(three.port)"]), three.url + "/0")
    #expect(reply.status == 201 && reply.at("document.url")?.text == three.url + "/0")
    let nowhere = try await StandIn { _, _ in .response(302) }
    #expect(
      try await ingest(
        try gateway(try Backend(), hosts: ["local:127.0.0.1:\(nowhere.port)"]), nowhere.url + "/"
      ).code == "fetch_refused")
  }

  // MARK: What it does not take

  @Test func answersThatAreNoDocument() async throws {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    let cases: [(name: String, steps: [StandIn.Step], code: String)] = [
      ("picture", .response(type: "image/png", "x"), "fetch_refused"),
      ("program", .response(type: "application/javascript", "x"), "fetch_refused"),
      ("gzip", .response(headers: ["Content-Encoding": "gzip"], "\u{1f}x"), "fetch_refused"),
      ("twice packed", .response(headers: ["Content-Encoding": "identity, br"], "x"), "fetch_refused"),
      ("missing", .response(404, "not here"), "fetch_refused"),
      ("needs a key", .response(401), "fetch_refused"), ("part", .response(206, "x"), "fetch_refused"),
      ("broken", .response(500), "fetch_failed"), ("busy", .response(429), "fetch_failed"),
      (
        "said to be huge", [.text(head + "Content-Length: 99999999999\r\n\r\n"), .pause(.seconds(60))],
        "fetch_refused"
      ),
      (
        "huge", [.text(head + "\r\n"), .endlessly(String(repeating: "x", count: 9999), every: .zero)],
        "fetch_refused"
      ),
      (
        "chunks without end",
        [
          .text(head + "Transfer-Encoding: chunked\r\n\r\n"),
          .endlessly("270F\r\n" + String(repeating: "x", count: 9999) + "\r\n", every: .zero),
        ], "fetch_refused"
      ),
      ("cut off", [.text(head + "Content-Length: 100\r\n\r\nhalf")], "fetch_failed"),
      ("no HTTP", [.text("SSH-2.0-OpenSSH_9.2\r\n")], "fetch_failed"), ("nothing", [], "fetch_failed"),
      ("slow body", [.text(head + "\r\n"), .endlessly("x", every: .milliseconds(50))], "fetch_timeout"),
      (
        "slow head", [.text("HTTP/1.1 200 OK\r\n"), .endlessly("X: x\r\n", every: .milliseconds(50))],
        "fetch_timeout"
      ),
      (
        "head without end",
        [
          .text("HTTP/1.1 200 OK\r\n"),
          .endlessly("X: \(String(repeating: "x", count: 999))\r\n", every: .zero),
        ],
        "fetch_failed"
      ),
      (
        "one header without end",
        [.text("HTTP/1.1 200 OK\r\nX: "), .endlessly(String(repeating: "x", count: 999), every: .zero)],
        "fetch_failed"
      ),
      ("only 100s", [.endlessly("HTTP/1.1 100 Continue\r\n\r\n", every: .milliseconds(10))], "fetch_timeout"),
      (
        "trailers without end",
        [
          .text(head + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"),
          .endlessly("X: \(String(repeating: "x", count: 999))\r\n", every: .zero),
        ], "fetch_failed"
      ),
      ("silent", [.pause(.seconds(60))], "fetch_timeout"),
      ("empty", .response(""), "unreadable_document"),
      ("not what it says", .response(type: "text/html", "%PDF-1.4 broken"), "unreadable_document"),
    ]
    let statuses = [
      "fetch_refused": 422, "fetch_failed": 502, "fetch_timeout": 504, "unreadable_document": 422,
    ]
    for (name, steps, code) in cases {
      let backend = try Backend()
      let home = try #require(try await backend.store.knowledgeBase(named: "default"))
      let standIn = try await StandIn { _, _ in steps }
      let gateway = try gateway(
        backend, hosts: ["local:127.0.0.1:\(standIn.port)"],
        timeout: code == "fetch_timeout" ? .seconds(1) : .seconds(30))
      let began = ContinuousClock.now
      let reply = try await ingest(gateway, standIn.url + "/x")
      #expect(reply.code == code && reply.status == statuses[code], "\(name): \(reply.text)")
      #expect(began.duration(to: .now) < .seconds(45), "\(name)")
      // What the other side said is never shown: it may be what only this server may read.
      #expect(!reply.text.contains("OpenSSH") && !reply.text.contains("not here"), "\(name)")
      #expect(try await backend.store.document(standIn.url + "/x", in: home.id) == nil, "\(name)")
    }
  }

  @Test func hostsThatAreNotThere() async throws {
    let closed = try gateway(
      try Backend(), hosts: ["local:127.0.0.1:1", "docs.example.com"], names: Names([[]]))
    #expect(try await ingest(closed, "http://127.0.0.1:1/").code == "fetch_failed")
    #expect(try await ingest(closed, "http://docs.example.com/").code == "fetch_failed")
  }

  /// A name that is not answered for ends in time, too.
  @Test func slowNames() async throws {
    let slow = HostResolver { _ in
      try? await Task.sleep(for: .seconds(60))
      return []
    }
    var limits = GatewayConfiguration.Limits()
    limits.fetchTimeout = .milliseconds(200)
    let gateway = try Backend().gateway(
      limits: limits, edit: { $0.ingestHosts = [IngestHost("docs.example.com")!] },
      wire: { $0.resolver = slow })
    let began = ContinuousClock.now
    let reply = try await ingest(gateway, "http://docs.example.com/")
    #expect(reply.status == 504 && reply.code == "fetch_timeout" && began.duration(to: .now) < .seconds(45))
  }

  @Test func theSystemKnowsNames() async {
    #expect(await HostResolver.system.addresses("localhost").contains(IPAddress("127.0.0.1")!))
    #expect(await HostResolver.system.addresses("docs.frontdesk.invalid").isEmpty)
    let asked = Task { await HostResolver.system.addresses("docs.frontdesk.invalid") }
    asked.cancel()
    #expect(await asked.value.isEmpty)
  }

  /// A server that keeps failing is left alone, and whoever asks is told for how long.
  @Test func theCircuitOpens() async throws {
    let backend = try Backend()
    let standIn = try await StandIn { _, _ in .response(500) }
    let gateway = try gateway(backend, hosts: ["local:127.0.0.1:\(standIn.port)"])
    for _ in 0..<8 { #expect(try await ingest(gateway, standIn.url + "/").code == "fetch_failed") }
    let reply = try await ingest(gateway, standIn.url + "/")
    #expect(reply.status == 503 && reply.code == "destination_unavailable" && standIn.requests.count == 8)
    #expect((1...10).contains(reply.headers[.retryAfter].flatMap { Int($0) } ?? 0))
    let shown = try await gateway.send(.get, "/metrics", key: Backend.ownerKey)
    #expect(shown.text.contains("frontdesk_outgoing_breaker_state{destination=\"\(standIn.url)\"} 2\n"))
  }

  /// Neither the URL nor what is wrong with it reaches the log.
  @Test func nothingOfTheURLIsLogged() async throws {
    let lines = LogLines()
    let standIn = try await StandIn { _, _ in .response(500) }
    let gateway = try Backend().gateway(
      logger: Logger(label: "test") { _ in lines.handler },
      edit: { $0.ingestHosts = [IngestHost("local:127.0.0.1:\(standIn.port)")!] })
    #expect(try await ingest(gateway, standIn.url + "/hush?token=hush").code == "fetch_failed")
    #expect(try await ingest(gateway, "http://hush.example/hush").code == "url_not_allowed")
    #expect(!lines.all.isEmpty && lines.all.allSatisfy { !$0.contains("hush") }, "\(lines.all)")
  }
}
