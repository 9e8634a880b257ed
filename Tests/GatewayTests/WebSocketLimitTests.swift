import Domain
import Foundation
import Security
import Testing

@testable import Gateway

/// What a client may not do to the server, and how sockets end.
@Suite struct WebSocketLimitTests {
  @Test func whoSaysNothingIsAskedAndThenDropped() async throws {
    let backend = try Backend()
    let server = try await LiveServer(
      backend,
      edit: {
        $0.sockets.pingInterval = .milliseconds(100)
        $0.sockets.silenceTimeout = .seconds(4)
      })
    // One that answers stays, one that does not is dropped.
    let (answering, silent) = (try await SocketClient(server.port), try await SocketClient(server.port))
    let living = Task {
      var pings = 0
      while let frame = await answering.frame() {
        guard case .ping(let data) = frame else {
          if case .text(let json) = frame, json["type"] == "pong" { break }
          continue
        }
        pings += 1
        await answering.send(bytes: SocketClient.frame(10, data))
      }
      return pings
    }
    #expect(await silent.closeCode() == 4408)
    await answering.send(["type": "ping"])
    #expect(await living.value > 1)
    try await server.stop()
    #expect(backend.closed("silent") == 1)
  }

  @Test func whoIsIdleForTooLongIsClosed() async throws {
    let backend = try Backend()
    let server = try await LiveServer(
      backend,
      edit: {
        $0.sockets.pingInterval = .milliseconds(100)
        $0.sockets.idleTimeout = .milliseconds(500)
      })
    let client = try await SocketClient(server.port)
    var code: Int?
    while code == nil, let frame = await client.frame() {
      if case .ping(let data) = frame { await client.send(bytes: SocketClient.frame(10, data)) }
      if case .close(let said) = frame { code = said }
    }
    #expect(code == 4408)
    try await server.stop()
    #expect(backend.closed("idle") == 1)
  }

  /// The server sends more than the client reads: the client goes, and nobody else notices.
  @Test func slowReadersAreDropped() async throws {
    let backend = try Backend()
    let id = try await backend.openConversation()
    let text = String(repeating: "word ", count: 1500)
    for _ in 0..<50 {
      _ = try await backend.store.append(
        NewMessage(author: .customer, text: text), to: id, in: [.bot], at: Date())
    }
    let server = try await LiveServer(
      backend,
      edit: {
        $0.sockets.stallTimeout = .milliseconds(500)
        $0.sockets.framesPerSecond = 10_000
        $0.sockets.frameBurst = 10_000
      })
    let slow = try await SocketClient(server.port, receiveBuffer: 4096)
    let other = try await SocketClient(server.port)
    _ = await other.next()
    let asking = Task {
      let frame = SocketClient.frame(
        1, Array(#"{"type":"subscribe","conversation_id":"\#(id)","after":0}"#.utf8))
      while !Task.isCancelled, await slow.send(bytes: frame) { try await Task.sleep(for: .milliseconds(2)) }
    }
    let deadline = ContinuousClock.now + .seconds(60)
    while backend.closed("slow_reader") == 0, ContinuousClock.now < deadline {
      await other.send(["type": "ping"])
      #expect(await other.next()["type"] == "pong")
      try await Task.sleep(for: .milliseconds(50))
    }
    asking.cancel()
    #expect(backend.closed("slow_reader") == 1)
    // What waited for it is not kept; a new connection goes on from anywhere.
    let again = try await SocketClient(server.port)
    #expect(await again.subscribe(id, after: 49)["type"] == "subscribed")
    #expect(await again.next("message")["message"]?["seq"] == 50)
    try await server.stop()
  }

  @Test func framesThatComeTooFastAreNotRead() async throws {
    let server = try await LiveServer(
      Backend(),
      edit: {
        $0.sockets.framesPerSecond = 0.5
        $0.sockets.frameBurst = 3
      })
    let client = try await SocketClient(server.port)
    _ = await client.next()
    let ping = SocketClient.frame(1, Array(#"{"type":"ping"}"#.utf8))
    await client.send(bytes: Array(repeatElement(ping, count: 5).joined()))
    var types: [JSONValue?] = []
    for _ in 0..<4 { types.append(await client.next()["type"]) }
    #expect(types == ["pong", "pong", "pong", "error"])
    // Whoever does not stop is put out.
    await client.send(bytes: Array(repeatElement(ping, count: 300).joined()))
    #expect(await client.closeCode() == 4429)
    try await server.stop()
  }

  @Test func subscriptionsAndWaitingWorkAreBounded() async throws {
    let backend = try Backend(generationTimeout: .seconds(2))
    var limits = GatewayConfiguration.Limits()
    limits.maxReads = 1
    let server = try await LiveServer(
      backend, limits: limits,
      edit: {
        $0.sockets.maxSubscriptions = 2
        $0.sockets.maxPendingWork = 2
      })
    let client = try await SocketClient(server.port)
    _ = await client.next()
    var ids: [String] = []
    for _ in 0..<3 { ids.append(await client.open()) }
    #expect(await client.subscribe(ids[0])["type"] == "subscribed")
    #expect(await client.subscribe(ids[1])["type"] == "subscribed")
    #expect(await client.subscribe(ids[2])["code"] == "too_many_subscriptions")
    #expect(await client.subscribe(ids[1])["type"] == "subscribed")
    // The only place is taken: the first message waits for it, two wait for the first, the rest are refused.
    let busy = try server.connect()
    await busy.send(LiveSocketTests.slow)
    await backend.metric("frontdesk_http_reads_in_work 1")
    let frames = (0..<5).map { number in
      let text =
        #"{"type":"message","conversation_id":"\#(ids[2])","client_id":"m\#(number)","text":"Hello?"}"#
      return SocketClient.frame(1, Array(text.utf8))
    }
    await client.send(bytes: Array(frames.joined()))
    for number in 3..<5 {
      let refusal = await client.next("error")
      #expect(refusal["code"] == "overloaded" && refusal["client_id"] == .string("m\(number)"))
      #expect(refusal["retry_after"] == 1)
    }
    try await server.stop()
  }

  @Test func anEndedCredentialEndsTheSocket() async throws {
    let backend = try Backend()
    let server = try await LiveServer(backend, edit: { $0.sockets.recheckInterval = .milliseconds(100) })
    let secret = try await backend.key(.service)
    let (client, other) = (
      try await SocketClient(server.port, key: secret), try await SocketClient(server.port)
    )
    _ = await (client.next(), other.next())
    try await Task.sleep(for: .milliseconds(400))
    await client.send(["type": "ping"])
    #expect(await client.next()["type"] == "pong")
    let key = try #require(try await backend.store.accessKeys().first { $0.role == .service })
    _ = try await backend.store.revokeAccessKey(id: key.id, at: Date())
    #expect(await client.closeCode() == 4401)
    await other.send(["type": "ping"])
    #expect(await other.next()["type"] == "pong")
    try await server.stop()
  }

  /// A page of the staff keeps its socket while the session lasts, and no longer.
  @Test func aSessionHoldsASocketUntilItEnds() async throws {
    let backend = try Backend()
    let site = try await StandIn { _, _ in .response("") }
    let server = try await LiveServer(
      backend,
      edit: {
        (_, $0.issuer, $0.signIn) = try! WalkSessions.settings(provider: site.url)
        $0.sockets.recheckInterval = .milliseconds(100)
      })
    let secret = SessionSecret()
    let session = try await WalkSessions(backend, provider: site.url).insert(
      groups: ["supervisor"], secret: secret)
    let headers = [
      "Cookie": "__Host-frontdesk_session=" + secret.text, "Origin": WalkSessions.publicURL,
    ]
    let client = try await SocketClient(server.port, key: nil, headers: headers)
    _ = await client.next()
    try await Task.sleep(for: .milliseconds(500))
    await client.send(["type": "ping"])
    #expect(await client.next()["type"] == "pong")
    let other = ["Cookie": headers["Cookie"] ?? "", "Origin": "https://evil.example"]
    await #expect(throws: SocketClient.Refused.self) {
      _ = try await SocketClient(server.port, key: nil, headers: other)
    }
    _ = try await backend.store.removeStaffSession(session.id)
    #expect(await client.closeCode() == 4401)
    try await server.stop()
  }

  /// A stop finishes what is in work, tells everyone, and is not held up by anyone.
  @Test func stopping() async throws {
    let backend = try Backend(generationTimeout: .seconds(2))
    var limits = GatewayConfiguration.Limits()
    limits.maxReads = 1
    limits.queueTimeout = .seconds(20)
    let server = try await LiveServer(backend, limits: limits)
    let (working, idle, deaf) = (
      try await SocketClient(server.port), try await SocketClient(server.port),
      try await SocketClient(server.port)
    )
    _ = await (working.next(), idle.next(), deaf.next())
    let id = await working.open()
    let busy = try server.connect()
    await busy.send(LiveSocketTests.slow)
    await backend.metric("frontdesk_http_reads_in_work 1")
    await working.say("Hello?", "m1", in: id)
    await backend.metric("frontdesk_http_reads_queued 1")
    async let stopped = server.stop()
    #expect(await idle.next()["type"] == "going_away")
    #expect(await idle.closeCode() == 1001)
    #expect(await working.next()["type"] == "going_away")
    #expect(await working.next("ack")["seq"] == 1)
    #expect(await working.next("reply")["seq"] == 2)
    #expect(await working.closeCode() == 1001)
    #expect(try await stopped < .seconds(10))
    #expect(try await backend.store.messages(of: id, after: 0, limit: 10).count == 2)
  }
}

extension Backend {
  /// Waits for a line of the metrics.
  func metric(_ line: String) async {
    let deadline = ContinuousClock.now + .seconds(20)
    while ContinuousClock.now < deadline, !metrics.exposition().contains(line + "\n") {
      try? await Task.sleep(for: .milliseconds(5))
    }
  }

  /// Sockets that ended for a reason.
  func closed(_ reason: String) -> Int {
    let line = metrics.exposition().split(separator: "\n").first {
      $0.hasPrefix("frontdesk_sockets_closed_total{reason=\"\(reason)\"}")
    }
    return line?.split(separator: " ").last.flatMap { Int($0) } ?? 0
  }
}
