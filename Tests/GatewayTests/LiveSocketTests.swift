import Foundation
import Testing

@testable import Gateway

/// What clients do that only a real socket shows.
@Suite struct LiveSocketTests {
  static let auth = "Authorization: Bearer \(Backend.ownerKey)\r\n"

  static func post(_ path: String, _ body: String, close: Bool = true) -> String {
    "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(auth)Content-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\(close ? "Connection: close\r\n" : "")\r\n\(body)"
  }

  /// Slow for as long as the backend's `generationTimeout`.
  static let slow = post("/v1/search", #"{"query":"x","min_generation":999999999}"#)

  @Test func answersAndKeepsTheConnection() async throws {
    let server = try await LiveServer(Backend())
    let connection = try server.connect()
    for _ in 0..<3 {
      await connection.send("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
      let reply = await connection.read(until: "}", within: .seconds(30))
      #expect(reply.hasPrefix("HTTP/1.1 200") && reply.contains("ok"))
    }
    // Two at once, answered in order.
    await connection.send(
      "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let both = await connection.readToEnd(within: .seconds(30))
    #expect(both.closed && both.text.contains("HTTP/1.1 200") && both.text.contains("HTTP/1.1 404"))
    try await server.stop()
  }

  @Test func slowHeadersAreCut() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.headerTimeout = .milliseconds(400)
    let server = try await LiveServer(Backend(), limits: limits)
    let silent = try server.connect()
    let dripping = try server.connect()
    let start = ContinuousClock.now
    let drip = Task {
      for character in "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
        + String(repeating: "x", count: 100)
      {
        guard await dripping.send(String(character)) else { return }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
    #expect(await silent.readToEnd(within: .seconds(30)).closed)
    #expect(await dripping.readToEnd(within: .seconds(30)).closed)
    // The standard is 10 s.
    #expect(start.duration(to: .now) < .seconds(9))
    drip.cancel()
    try await server.stop()
  }

  @Test func aDrippingBodyIsCutAndNotTakenForComplete() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.bodyTimeout = .milliseconds(400)
    let backend = try Backend()
    let server = try await LiveServer(backend, limits: limits)
    let connection = try server.connect()
    await connection.send(
      "PUT /v1/kbs/default/documents/cut.txt HTTP/1.1\r\nHost: localhost\r\n\(Self.auth)Content-Type: text/plain\r\n"
        + "Content-Length: 1000\r\n\r\nThe first words")
    let reply = await connection.readToEnd(within: .seconds(30))
    #expect(reply.closed && reply.text.hasPrefix("HTTP/1.1 408") && reply.text.contains("body_timeout"))
    try await expectNoDocument("cut.txt", in: backend)
    try await server.stop()
  }

  @Test(arguments: [
    "Content-Length: 1000\r\n\r\nThe first words", "Transfer-Encoding: chunked\r\n\r\n5\r\nThe f\r\n",
  ])
  func aBodyThatBreaksOffIsNotStored(_ rest: String) async throws {
    let backend = try Backend()
    let server = try await LiveServer(backend)
    for closesBoth in [false, true] {
      var connection: RawConnection? = try server.connect()
      await connection?.send(
        "PUT /v1/kbs/default/documents/cut.txt HTTP/1.1\r\nHost: localhost\r\n\(Self.auth)Content-Type: text/plain\r\n\(rest)"
      )
      try await Task.sleep(for: .milliseconds(50))
      if closesBoth {
        connection = nil
        try await Task.sleep(for: .milliseconds(200))
      } else {
        await connection?.finishSending()
        #expect(await connection?.readToEnd(within: .seconds(30)).closed == true)
      }
      try await expectNoDocument("cut.txt", in: backend)
    }
    try await server.stop()
  }

  func expectNoDocument(_ id: String, in backend: Backend) async throws {
    let knowledgeBase = try #require(try await backend.store.knowledgeBase(named: "default"))
    #expect(try await backend.store.document(id, in: knowledgeBase.id) == nil)
  }

  @Test func oversizedBodiesAreRefusedByDeclarationAndByCount() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.maxDocumentBytes = 100_000
    let server = try await LiveServer(Backend(), limits: limits)
    let head =
      "PUT /v1/kbs/default/documents/big.txt HTTP/1.1\r\nHost: localhost\r\n\(Self.auth)Content-Type: text/plain\r\n"
    // Declared: told before anything is sent.
    let declared = try server.connect()
    await declared.send(head + "Content-Length: 100001\r\n\r\n")
    let early = await declared.readToEnd(within: .seconds(30))
    #expect(early.closed && early.text.hasPrefix("HTTP/1.1 413") && early.text.contains("too_large"))
    #expect(early.text.lowercased().contains("connection: close"))
    // Undeclared: told while it comes, and the client can still read it though it sends on.
    let streamed = try server.connect()
    await streamed.send(head + "Transfer-Encoding: chunked\r\n\r\n")
    let chunk = "4000\r\n" + String(repeating: "x", count: 0x4000) + "\r\n"
    for _ in 0..<40 { if await !streamed.send(chunk) { break } }
    let late = await streamed.readToEnd(within: .seconds(30))
    #expect(late.closed && late.text.hasPrefix("HTTP/1.1 413"))
    // Exactly the limit goes in.
    let exact = try server.connect()
    await exact.send(
      head + "Connection: close\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "word ", count: 20_000)
    )
    #expect(await exact.readToEnd(within: .seconds(20)).text.hasPrefix("HTTP/1.1 201"))
    try await server.stop()
  }

  @Test func bodiesAreInvited() async throws {
    let server = try await LiveServer(Backend())
    let connection = try server.connect()
    let body = #"{"text":"Hello."}"#
    await connection.send(
      "PUT /v1/kbs/default/documents/a HTTP/1.1\r\nHost: localhost\r\n\(Self.auth)Content-Type: application/json\r\n"
        + "Expect: 100-continue\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n")
    #expect(await connection.read(until: "\r\n\r\n", within: .seconds(30)).hasPrefix("HTTP/1.1 100"))
    await connection.send(body)
    #expect(await connection.readToEnd(within: .seconds(30)).text.hasPrefix("HTTP/1.1 201"))
    try await server.stop()
  }

  @Test(arguments: [
    ("hello there\r\n\r\n", 400), ("GET / HTTP/9.9\r\n\r\n", 400), ("\u{1}\u{2}\u{3}\r\n\r\n", 400),
    ("GET /livez HTTP/1.1\r\nX: " + String(repeating: "x", count: 64 << 10) + "\r\n\r\n", 431),
  ])
  func whatIsNoHTTPIsToldSo(_ bytes: String, _ status: Int) async throws {
    let server = try await LiveServer(Backend())
    let connection = try server.connect()
    await connection.send(bytes)
    let reply = await connection.readToEnd(within: .seconds(30))
    #expect(reply.closed && reply.text.hasPrefix("HTTP/1.1 \(status)"), "\(reply.text.prefix(200))")
    #expect(reply.text.contains("request_id"))
    // Others are not disturbed.
    let other = try server.connect()
    await other.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(await other.readToEnd(within: .seconds(30)).text.hasPrefix("HTTP/1.1 200"))
    try await server.stop()
  }

  @Test func overloadIsRefusedAtOnceAndProbesStillAnswer() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.maxReads = 1
    limits.maxQueued = 1
    limits.queueTimeout = .seconds(3)
    let backend = try Backend(generationTimeout: .seconds(20))
    let server = try await LiveServer(backend, limits: limits)
    /// Each has its place before the next one asks.
    func shows(_ line: String) async throws {
      let deadline = ContinuousClock.now + .seconds(60)
      while !backend.metrics.exposition().contains(line), ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    let (first, queued, refused) = (try server.connect(), try server.connect(), try server.connect())
    await first.send(Self.slow)
    try await shows("frontdesk_http_reads_in_work 1\n")
    await queued.send(Self.slow)
    try await shows("frontdesk_http_reads_queued 1\n")
    await refused.send(Self.slow)
    let reply = await refused.readToEnd(within: .seconds(30))
    #expect(reply.text.hasPrefix("HTTP/1.1 503") && reply.text.contains("\"overloaded\""))
    #expect(reply.text.contains("Retry-After: 1"))
    let probe = try server.connect()
    await probe.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(await probe.readToEnd(within: .seconds(30)).text.hasPrefix("HTTP/1.1 200"))
    // The queue is left when its time is over; the one at work is answered as usual.
    #expect(await queued.readToEnd(within: .seconds(30)).text.contains("\"overloaded\""))
    #expect(await first.readToEnd(within: .seconds(30)).text.contains("generation_not_reached"))
    try await server.stop()
  }

  @Test func slowWorkIsAnsweredInTime() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.readTimeout = .milliseconds(200)
    let server = try await LiveServer(try Backend(generationTimeout: .seconds(2)), limits: limits)
    let connection = try server.connect()
    await connection.send(Self.slow)
    let reply = await connection.readToEnd(within: .seconds(30))
    #expect(reply.text.hasPrefix("HTTP/1.1 503") && reply.text.contains("request_timeout"))
    try await server.stop()
  }

  @Test func connectionsAreBounded() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.maxConnections = 2
    let server = try await LiveServer(Backend(), limits: limits)
    let held = [try server.connect(), try server.connect()]
    for connection in held {
      await connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(await connection.read(until: "}", within: .seconds(30)).contains("200"))
    }
    let third = try server.connect()
    let reply = await third.readToEnd(within: .seconds(30))
    #expect(reply.closed && reply.text.hasPrefix("HTTP/1.1 503") && reply.text.contains("Retry-After"))
    try await server.stop()
  }

  @Test func stoppingClosesIdleConnectionsAndFinishesWork() async throws {
    let server = try await LiveServer(try Backend(generationTimeout: .seconds(1)))
    let untouched = try server.connect()
    let idle = try server.connect()
    await idle.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
    _ = await idle.read(until: "}", within: .seconds(30))
    let halfSent = try server.connect()
    await halfSent.send("GET /livez HTTP/1.1\r\nHos")
    let busy = try server.connect()
    await busy.send(Self.slow)
    try await Task.sleep(for: .milliseconds(200))
    async let stopped = server.stop()
    for connection in [untouched, idle, halfSent] {
      #expect(await connection.readToEnd(within: .seconds(30)).closed)
    }
    let reply = await busy.readToEnd(within: .seconds(30))
    #expect(reply.closed && reply.text.contains("generation_not_reached"))
    #expect(try await stopped < .seconds(10))
    #expect(throws: RawConnection.Failure.self) { try server.connect() }
  }

  @Test func stoppingDoesNotWaitForWorkOrBodiesForEver() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.drainTimeout = .milliseconds(300)
    let server = try await LiveServer(try Backend(generationTimeout: .seconds(3)), limits: limits)
    let stuck = try server.connect()
    await stuck.send(Self.slow)
    let halfBody = try server.connect()
    await halfBody.send("POST /v1/search HTTP/1.1\r\nHost: x\r\n\(Self.auth)Content-Length: 100\r\n\r\n{")
    try await Task.sleep(for: .milliseconds(200))
    async let stopped = server.stop()
    #expect(await stuck.readToEnd(within: .seconds(30)).text.contains("shutting_down"))
    #expect(await halfBody.readToEnd(within: .seconds(30)).closed)
    #expect(try await stopped < .seconds(10))
  }

  @Test func answersComeAsEvents() async throws {
    let backend = try Backend()
    let generation = try await backend.put(
      "reset", "Open Settings. Choose Security, then Reset password.", title: "How do I reset my password?")
    let server = try await LiveServer(backend)
    let connection = try server.connect()
    let body = #"{"question":"How do I reset my password?","min_generation":\#(generation)}"#
    await connection.send(
      Self.post("/v1/answers", body).replacing(
        "Content-Type", with: "Accept: text/event-stream\r\nContent-Type"))
    let reply = await connection.readToEnd(within: .seconds(30)).text
    #expect(reply.contains("text/event-stream"))
    #expect(reply.contains("event: done\ndata: {\"answer\":"))
    try await server.stop()
  }
}
