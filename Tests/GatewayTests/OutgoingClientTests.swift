import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Calls to a server that misbehaves.
@Suite struct OutgoingClientTests {
  private let metrics = PrometheusRegistry()

  private func client(_ edit: (inout OutgoingClient.Options) -> Void = { _ in }) -> OutgoingClient {
    var options = OutgoingClient.Options()
    options.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
    edit(&options)
    return OutgoingClient(options: options, metrics: metrics)
  }

  private func request(
    _ standIn: StandIn, host: String = "127.0.0.1", to address: String = "127.0.0.1",
    isIdempotent: Bool = true, maxBytes: Int = 1000
  ) throws -> OutgoingRequest {
    OutgoingRequest(
      address: try WebAddress("http://\(host):\(standIn.port)/x"),
      connectsTo: [try #require(IPAddress(address))],
      isIdempotent: isIdempotent, maxBytes: maxBytes)
  }

  private var soon: ContinuousClock.Instant { .now + .seconds(30) }

  private func kind(_ call: () async throws -> OutgoingResponse) async -> OutgoingError.Kind? {
    do {
      _ = try await call()
      return nil
    } catch { return (error as? OutgoingError)?.kind }
  }

  @Test func whatIsIdempotentIsTriedAgain() async throws {
    let standIn = try await StandIn { _, number in
      number < 2 ? .response(503) : .response("done")
    }
    let client = client()
    let response = try await client.send(try request(standIn), until: soon)
    #expect(response.head.status == 200 && response.body == Data("done".utf8) && standIn.requests.count == 3)
    #expect(
      metrics.exposition().contains("frontdesk_outgoing_retries_total{destination=\"\(standIn.url)\"} 2"))

    let other = try await StandIn { _, _ in .response(503) }
    let once = try await client.send(try request(other, isIdempotent: false), until: soon)
    #expect(once.head.status == 503 && other.requests.count == 1)
    // A refusal is an answer.
    let refusing = try await StandIn { _, _ in .response(404) }
    #expect(try await client.send(try request(refusing), until: soon).head.status == 404)
    #expect(refusing.requests.count == 1)
  }

  @Test func retryAfterBeyondTheDeadlineIsNotWaitedFor() async throws {
    let standIn = try await StandIn { _, _ in .response(503, headers: ["Retry-After": "3600"]) }
    #expect(try await client().send(try request(standIn), until: soon).head.status == 503)
    #expect(standIn.requests.count == 1)
  }

  @Test func theBudgetEndsRetries() async throws {
    let standIn = try await StandIn { _, _ in .response(503) }
    let client = client { $0.breaker.minCalls = 1000 }
    for _ in 0..<20 { _ = try await client.send(try request(standIn), until: soon) }
    // 20 calls, and 10 retries at once with a share of .2 for each call.
    #expect((30...34).contains(standIn.requests.count), "\(standIn.requests.count)")
  }

  @Test func aBodyThatIsCutOffIsNoBody() async throws {
    let standIn = try await StandIn { _, _ in
      [.text("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")]
    }
    let client = client()
    #expect(await kind { try await client.send(try request(standIn), until: soon) } == .unreachable)
    #expect(standIn.requests.count == 3)
  }

  @Test func slowBodiesAndSilenceEndInTime() async throws {
    let dripping = try await StandIn { _, _ in
      [
        .text("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"),
        .endlessly("x", every: .milliseconds(20)),
      ]
    }
    let silent = try await StandIn { _, _ in [.pause(.seconds(60))] }
    for standIn in [dripping, silent] {
      let began = ContinuousClock.now
      let client = client()
      #expect(
        await kind { try await client.send(try request(standIn), until: .now + .milliseconds(300)) }
          == .timedOut)
      #expect(began.duration(to: .now) < .seconds(30))
    }
    let client = client {
      $0.readTimeout = .milliseconds(100)
      $0.maxAttempts = 1
    }
    #expect(await kind { try await client.send(try request(silent), until: soon) } == .timedOut)
  }

  @Test func largeBodiesAreGivenUp() async throws {
    let declared = try await StandIn { _, _ in
      [.text("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), .pause(.seconds(60))]
    }
    let part = String(repeating: "x", count: 10_000)
    let endless = try await StandIn { _, _ in
      [.text("HTTP/1.1 200 OK\r\n\r\n"), .endlessly(part, every: .zero)]
    }
    for standIn in [declared, endless] {
      let client = client()
      #expect(await kind { try await client.send(try request(standIn), until: soon) } == .tooLarge)
      // Asking once more would not make it smaller, nor is that server ill.
      #expect(standIn.requests.count == 1 && client.state(of: standIn.url) == .closed)
    }
    // What the sockets' buffers hold was sent, and no more.
    #expect(endless.sentBytes < 32 << 20, "\(endless.sentBytes)")
  }

  /// Parts are handed over as they come; from the first on nothing is sent again, and what their taker throws says
  /// nothing of the server.
  @Test func aBodyMayBeTakenAsItComes() async throws {
    struct Enough: Error {}
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    let endless = try await StandIn { _, _ in [.text(head), .endlessly("x", every: .milliseconds(5))] }
    let client = client { $0.breaker.minCalls = 1 }
    let taken = Mutex(0)
    var request = try request(endless)
    request.takesPart = { part in
      taken.withLock {
        $0 += part.count; return $0 < 3
      }
    }
    let response = try await client.send(request, until: soon)
    #expect(response.body.isEmpty && taken.withLock { $0 } >= 3)
    request.takesPart = { _ in throw Enough() }
    await #expect(throws: Enough.self) { try await client.send(request, until: soon) }
    #expect(client.state(of: endless.url) == .closed && endless.requests.count == 2)

    let cut = try await StandIn { _, _ in [.text("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")] }
    var half = try self.request(cut)
    half.takesPart = { _ in true }
    #expect(await kind { try await client.send(half, until: soon) } == .unreachable)
    #expect(cut.requests.count == 1)

    // What has not begun by then, as its taker sees it, is late.
    var late = try self.request(endless)
    late.takesPart = { _ in true }
    late.beginning = .init(deadline: .now + .milliseconds(300)) { false }
    let other = self.client()
    #expect(await kind { try await other.send(late, until: soon) } == .timedOut)
  }

  @Test func redirectsAndCompressionAreLeftToTheCaller() async throws {
    let standIn = try await StandIn { _, number in
      number == 0
        ? .redirect(to: "http://127.0.0.1:1/") : .response(headers: ["Content-Encoding": "gzip"], "not gzip")
    }
    let client = client()
    let redirect = try await client.send(try request(standIn), until: soon)
    #expect(redirect.head.status == 302 && redirect.head.headers["location"] == "http://127.0.0.1:1/")
    let packed = try await client.send(try request(standIn), until: soon)
    #expect(packed.body == Data("not gzip".utf8))
  }

  /// A server that fails is left alone, and found again when it is back.
  @Test func theCircuitOpensAndCloses() async throws {
    let standIn = try await StandIn { request, number in number < 4 ? .response(500) : .response("well") }
    let client = client {
      $0.breaker = .init(window: .seconds(30), minCalls: 4, failureShare: 0.5, pause: .seconds(2))
    }
    func gauge(_ state: Int) -> Bool {
      metrics.exposition().contains(
        "frontdesk_outgoing_breaker_state{destination=\"\(standIn.url)\"} \(state)\n")
    }
    for _ in 0..<4 {
      #expect(try await client.send(try request(standIn), until: soon).head.status == 500)
    }
    #expect(client.state(of: standIn.url) == .open && gauge(2))
    let began = ContinuousClock.now
    let refused = await kind { try await client.send(try request(standIn), until: soon) }
    guard case .circuitOpen(let left) = refused else {
      Issue.record("called, although it is open: \(String(describing: refused))")
      return
    }
    #expect(left <= .seconds(2) && standIn.requests.count == 4)
    try await Task.sleep(until: began + .milliseconds(2100), clock: .continuous)
    #expect(try await client.send(try request(standIn), until: soon).head.status == 200)
    #expect(client.state(of: standIn.url) == .closed && gauge(0))
    // Another destination was never touched.
    #expect(client.state(of: "http://127.0.0.1:1") == nil)
  }

  /// A call that its caller gives up says nothing of the server, and ends at once.
  @Test func cancellationIsNoFailure() async throws {
    let silent = try await StandIn { _, _ in [.pause(.seconds(60))] }
    let client = client { $0.breaker.minCalls = 1 }
    let call = Task { try await client.send(try request(silent), until: soon) }
    while silent.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    call.cancel()
    await #expect(throws: CancellationError.self) { try await call.value }
    #expect(client.state(of: silent.url) == .closed && silent.requests.count == 1)
  }

  @Test func theTraceGoesOn() async throws {
    let standIn = try await StandIn { _, _ in .response("x") }
    let trace = TraceContext([.traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"])
    var request = try request(standIn)
    request.trace = trace
    _ = try await client().send(request, until: soon)
    #expect(
      standIn.requests[0].header("traceparent") == "00-4bf92f3577b34da6a3ce929d0e0e4736-\(trace.spanID)-01")
  }

  /// The address that was checked is connected to, whatever the system says of the name; the name stays in `Host`.
  @Test func theCheckedAddressIsConnectedTo() async throws {
    let standIn = try await StandIn { _, _ in .response("x") }
    let named = try request(standIn, host: "docs.frontdesk.invalid")
    #expect(try await client().send(named, until: soon).head.status == 200)
    #expect(standIn.requests[0].header("host") == "docs.frontdesk.invalid:\(standIn.port)")
    // The system knows this name as 127.0.0.1, where the stand-in listens.
    let elsewhere = try request(standIn, host: "localhost", to: "127.0.0.2")
    let client = client()
    #expect(await kind { try await client.send(elsewhere, until: soon) } == .unreachable)
    #expect(standIn.requests.count == 1)
  }

  /// TLS holds the certificate against the name, not the address.
  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: TLSTests.openssl)))
  func certificatesAreOfTheName() async throws {
    let backend = try Backend()
    let (key, certificate) = (backend.folder.url.path + "/key.pem", backend.folder.url.path + "/cert.pem")
    try TLSTests.issue(key: key, certificate: certificate)
    let server = try await LiveServer(
      backend, edit: { $0.tls = .init(certificateChain: certificate, privateKey: key) })
    let trusting = client { $0.trustRoots = .file(certificate) }
    func call(_ client: OutgoingClient, _ host: String) async throws -> OutgoingResponse {
      let request = OutgoingRequest(
        address: try WebAddress("https://\(host):\(server.port)/livez"),
        connectsTo: [try #require(IPAddress("127.0.0.1"))], isIdempotent: true, maxBytes: 1000)
      return try await client.send(request, until: soon)
    }
    #expect(try await call(trusting, "localhost").head.status == 200)
    #expect(await kind { try await call(trusting, "docs.frontdesk.invalid") } == .unreachable)
    #expect(await kind { try await call(client(), "localhost") } == .unreachable)
    try await server.stop()
  }
}
