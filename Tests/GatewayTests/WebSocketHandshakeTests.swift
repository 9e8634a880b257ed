import Domain
import Foundation
import Security
import Testing

@testable import Gateway

/// How a connection becomes a WebSocket, and for whom it does not.
@Suite struct WebSocketHandshakeTests {
  private func refusal(
    _ server: LiveServer, key: String? = Backend.ownerKey, _ headers: [String: String] = [:],
    path: String = "/v1/ws"
  ) async throws -> String {
    do {
      let client = try await SocketClient(server.port, key: key, headers: headers, path: path)
      return "101 " + (await client.head)
    } catch let refused as SocketClient.Refused {
      let code = refused.reply.firstMatch(of: /"code":"([a-z_]+)"/)?.1 ?? ""
      // Nothing more can be read from such a connection: it says so, and ends.
      let ends = refused.reply.lowercased().contains("connection: close") && !refused.reply.hasSuffix("…")
      return "\(refused.status) \(code)" + (ends ? "" : " open")
    }
  }

  @Test func whatIsNoHandshake() async throws {
    let server = try await LiveServer(Backend())
    let cases: [(String, [String: String], String)] = [
      ("another version", ["Sec-WebSocket-Version": "8"], "426 upgrade_required"),
      ("no version", ["Sec-WebSocket-Version": ""], "426 upgrade_required"),
      ("another protocol", ["Upgrade": "h2c"], "426 upgrade_required"),
      ("no key", ["Sec-WebSocket-Key": ""], "400 invalid_upgrade"),
      ("a short key", ["Sec-WebSocket-Key": "c2hvcnQ="], "400 invalid_upgrade"),
      ("no base64", ["Sec-WebSocket-Key": "not base64 at all!!"], "400 invalid_upgrade"),
      ("an unknown protocol", ["Sec-WebSocket-Protocol": "chat, superchat"], "400 invalid_upgrade"),
      ("two credentials", ["Sec-WebSocket-Protocol": "frontdesk.v1, bearer.x"], "400 invalid_upgrade"),
      ("a page of another site", ["Origin": "https://evil.example"], "403 origin_not_allowed"),
    ]
    for (name, headers, expected) in cases {
      #expect(try await refusal(server, headers) == expected, "\(name)")
    }
    // Without the words for it, the connection goes on as it was.
    let plain = try server.connect()
    await plain.send("GET /v1/ws HTTP/1.1\r\nHost: x\r\n\(LiveSocketTests.auth)\r\n")
    #expect(await plain.read(until: "upgrade_required", within: .seconds(30)).hasPrefix("HTTP/1.1 426"))
    await plain.send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    #expect(await plain.readToEnd(within: .seconds(30)).text.hasPrefix("HTTP/1.1 200"))
    try await server.stop()
  }

  @Test func whoMayUseIt() async throws {
    let backend = try Backend()
    let server = try await LiveServer(backend, edit: { $0.allowedOrigins = ["https://desk.example"] })
    #expect(try await refusal(server, key: nil) == "401 unauthorized")
    #expect(try await refusal(server, key: "wrong") == "401 unauthorized")
    let query = "/v1/ws?key=\(Backend.ownerKey)&access_token=\(Backend.ownerKey)"
    #expect(try await refusal(server, key: nil, path: query) == "401 unauthorized")
    #expect(try await refusal(server, key: backend.key(.editor, revoked: true)) == "401 unauthorized")
    #expect(try await refusal(server, key: backend.key(.analyst)) == "403 forbidden")
    for role in [AccessKey.Role.agent, .customer, .service, .supervisor] {
      #expect(try await refusal(server, key: backend.key(role)).hasPrefix("101"), "\(role)")
    }
    #expect(try await refusal(server, ["Origin": "https://desk.example"]).hasPrefix("101"))
    // What this server itself shows.
    #expect(try await refusal(server, ["Origin": "https://localhost"]).hasPrefix("101"))
    try await server.stop()
  }

  @Test func aBrowserBringsItsTokenAsAProtocol() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    func token(_ scope: String) async throws -> String {
      let made = try await gateway.send(
        .post, "/v1/tokens", key: Backend.ownerKey,
        json: [
          "scope": .string(scope), "origin": "https://shop.example", "kbs": ["default"], "customer": "anna",
        ])
      return try #require(made.at("token")?.text)
    }
    let (chat, search) = (try await token("chat"), try await token("search"))
    let server = try await LiveServer(backend)
    func outcome(_ token: String, origin: String) async throws -> String {
      try await refusal(
        server, key: nil, ["Sec-WebSocket-Protocol": "frontdesk.v1, bearer.\(token)", "Origin": origin])
    }
    let head = try await outcome(chat, origin: "https://shop.example")
    #expect(head.hasPrefix("101") && head.contains("Sec-WebSocket-Protocol: frontdesk.v1\r\n"))
    #expect(!head.contains(chat))
    #expect(try await outcome(chat, origin: "https://evil.example") == "403 origin_mismatch")
    #expect(try await outcome(chat, origin: "") == "403 origin_mismatch")
    #expect(try await outcome(search, origin: "https://shop.example") == "403 forbidden")
    #expect(try await outcome(chat + "x", origin: "https://shop.example") == "401 unauthorized")
    try await server.stop()
  }

  @Test func socketsAreBounded() async throws {
    let backend = try Backend()
    let server = try await LiveServer(backend, edit: { $0.sockets.maxOpen = 2 })
    let first = try await SocketClient(server.port)
    let second = try await SocketClient(server.port)
    #expect(try await refusal(server) == "503 overloaded")
    #expect(await first.next()["type"] == "welcome")
    await first.send(bytes: SocketClient.frame(8, [3, 0xe8]))
    #expect(await first.closeCode() == 1000)
    #expect(await first.closeCode() == -1)
    // Its place is free soon.
    var again = ""
    for _ in 0..<100 where !again.hasPrefix("101") {
      again = try await refusal(server)
      if !again.hasPrefix("101") { try await Task.sleep(for: .milliseconds(50)) }
    }
    #expect(again.hasPrefix("101"))
    _ = second
    try await server.stop()
  }
}
