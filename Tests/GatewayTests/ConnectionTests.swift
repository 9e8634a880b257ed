import AsyncHTTPClient
import Foundation
import NIOCore
import NIOSSL
import Testing

@testable import Gateway

/// What holds for connections of every kind.
@Suite struct ConnectionTests {
  /// Heads that two servers might read in two ways.
  @Test(arguments: [
    "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET /livez HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "GET /livez HTTP/1.1\r\n\r\n",
    "GET http://b/livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http://a:81/livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET http:///livez HTTP/1.1\r\nHost: a\r\n\r\n",
    "POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\nContent-Length: 0\r\n\r\n",
    "POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "POST /v1/search HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  ])
  func ambiguousHeadsAreRefusedOnce(_ head: String) async throws {
    let server = try await LiveServer(Backend())
    let connection = try server.connect()
    await connection.send(head + "GET /livez HTTP/1.1\r\nHost: a\r\n\r\n")
    let reply = await connection.readToEnd(within: .seconds(30))
    #expect(reply.closed && reply.text.hasPrefix("HTTP/1.1 400") && reply.text.contains("invalid_request"))
    #expect(reply.text.components(separatedBy: "HTTP/1.1 400").count == 2, "\(reply.text)")
    // Behind one that is worked on, it is told after its answer.
    let pipelined = try server.connect()
    await pipelined.send("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n" + head)
    let both = await pipelined.readToEnd(within: .seconds(30))
    #expect(both.closed && both.text.hasPrefix("HTTP/1.1 200"), "\(both.text)")
    #expect(both.text.components(separatedBy: "HTTP/1.1 400").count == 2, "\(both.text)")
    try await server.stop()
  }

  @Test(arguments: [
    "GET /livez HTTP/1.0\r\n\r\n", "GET http://a/livez HTTP/1.1\r\nHost: A\r\nConnection: close\r\n\r\n",
    "GET http://a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  ])
  func headsThatReadOneWay(_ head: String) async throws {
    let server = try await LiveServer(Backend())
    let connection = try server.connect()
    await connection.send(head)
    let reply = await connection.readToEnd(within: .seconds(30))
    #expect(reply.text.contains(" 200 ") || reply.text.contains(" 404 "), "\(reply.text)")
    try await server.stop()
  }

  @Test func oneAddressHasItsShareOfConnections() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.maxConnectionsPerAddress = 2
    let server = try await LiveServer(Backend(), limits: limits)
    var held: [RawConnection] = []
    for _ in 0..<2 {
      let connection = try server.connect()
      await connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(await connection.read(until: "}", within: .seconds(30)).contains("200"))
      held.append(connection)
    }
    let third = try server.connect()
    let reply = await third.readToEnd(within: .seconds(30))
    #expect(
      reply.closed && reply.text.hasPrefix("HTTP/1.1 429") && reply.text.contains("too_many_connections"))
    try await server.stop()
    // A proxy brings in many.
    let proxied = try await LiveServer(
      Backend(), limits: limits, edit: { $0.trustedProxies = [AddressRange("127.0.0.0/8")!] })
    var connections: [RawConnection] = []
    for _ in 0..<4 {
      let connection = try proxied.connect()
      await connection.send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
      #expect(await connection.read(until: "}", within: .seconds(30)).contains("200"))
      connections.append(connection)
    }
    try await proxied.stop()
  }

  /// Whoever asks for much and reads nothing is let go, though the response never ends.
  @Test func responsesThatNobodyReads() async throws {
    var limits = GatewayConfiguration.Limits()
    limits.idleTimeout = .milliseconds(500)
    let backend = try Backend()
    let server = try await LiveServer(backend, limits: limits)
    let deaf = try RawConnection(port: server.port, receiveBuffer: 4096)
    // More than the buffers of both ends hold.
    let asking = Task {
      for _ in 0..<400 {
        guard await deaf.send("GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n") else { return }
      }
    }
    /// Whether the server shows this within the time that a busy machine may need.
    func shows(_ line: String) async throws -> Bool {
      let deadline = ContinuousClock.now + .seconds(60)
      while !backend.metrics.exposition().contains(line) {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(50))
      }
      return true
    }
    #expect(try await shows("route=\"/openapi.json\""), "nothing was asked for")
    #expect(try await shows("frontdesk_http_connections 0\n"))
    await asking.value
    try await server.stop()
  }

  @Test func countsByAddress() throws {
    let count = ConnectionCount(limit: 3, perAddress: 1, trustedProxies: [AddressRange("10.0.0.0/8")!])
    let (a, b, proxy) = (IPAddress("192.0.2.1"), IPAddress("192.0.2.2"), IPAddress("10.1.1.1"))
    #expect(count.add(from: a) == .counted && count.add(from: a) == .addressFull)
    // The other addresses of one IPv6 subscriber are the same.
    #expect(count.add(from: proxy) == .counted && count.add(from: proxy) == .counted)
    #expect(count.add(from: b) == .full)
    count.remove(from: a)
    #expect(count.current == 2 && count.add(from: a) == .counted)
    let six = ConnectionCount(limit: 9, perAddress: 1)
    #expect(six.add(from: IPAddress("2001:db8::1")) == .counted)
    #expect(six.add(from: IPAddress("2001:db8::2")) == .addressFull)
    #expect(six.add(from: IPAddress("2001:db8:0:1::1")) == .counted)
  }

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: TLSTests.openssl)))
  func speaksHTTP2() async throws {
    let backend = try Backend(generationTimeout: .seconds(1))
    let (key, certificate) = (backend.folder.url.path + "/key.pem", backend.folder.url.path + "/cert.pem")
    try TLSTests.issue(key: key, certificate: certificate)
    let server = try await LiveServer(
      backend, edit: { $0.tls = .init(certificateChain: certificate, privateKey: key) })
    var configuration = HTTPClient.Configuration()
    configuration.tlsConfiguration = .makeClientConfiguration()
    configuration.tlsConfiguration?.trustRoots = .file(certificate)
    try await HTTPClient.withHTTPClient(configuration: configuration) { client in
      func send(_ method: String, _ path: String, _ body: String? = nil) async throws -> (Int, Bool, String) {
        var request = HTTPClientRequest(url: "https://localhost:\(server.port)\(path)")
        request.method = .RAW(value: method)
        request.headers.add(name: "Authorization", value: "Bearer \(Backend.ownerKey)")
        if let body {
          request.headers.add(name: "Content-Type", value: "application/json")
          request.body = .bytes(ByteBuffer(string: body))
        }
        let response = try await client.execute(request, timeout: .seconds(20))
        let bytes = try await response.body.collect(upTo: 1 << 20)
        return (Int(response.status.code), response.version == .http2, String(buffer: bytes))
      }
      #expect(try await send("GET", "/livez").0 == 200)
      #expect(try await send("GET", "/livez").1, "not HTTP/2")
      let put = try await send("PUT", "/v1/kbs/default/documents/a", #"{"text":"Returns take 30 days."}"#)
      #expect(put.0 == 201, "\(put)")
      // What closes a connection of HTTP/1.1 ends one stream here.
      let refused = try await send("POST", "/v1/search", String(repeating: " ", count: (4 << 20) + 1))
      #expect(refused.0 == 413 && refused.1, "\(refused)")
      #expect(try await send("GET", "/v1/ws").0 == 426)
      // A stop finishes what is in work.
      async let slow = send("POST", "/v1/search", #"{"query":"x","min_generation":999999999}"#)
      try await Task.sleep(for: .milliseconds(300))
      async let stopped = server.stop()
      #expect(try await slow.2.contains("generation_not_reached"))
      #expect(try await stopped < .seconds(10))
    }
  }
}
