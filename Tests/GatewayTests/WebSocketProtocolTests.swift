import Foundation
import Testing

@testable import Gateway

/// Frames, as RFC 6455 has them and as it forbids them.
@Suite struct WebSocketProtocolTests {
  private typealias Client = SocketClient

  struct Violation: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let bytes: [UInt8]
    let code: Int
    init(_ name: String, _ bytes: [UInt8], _ code: Int) {
      (testDescription, self.bytes, self.code) = (name, bytes, code)
    }
  }

  static let violations: [Violation] = [
    .init("unmasked", Client.frame(1, Array("{}".utf8), masked: false), 1002),
    .init("first reserved bit", Client.frame(1, Array("{}".utf8), reserved: 0x40), 1002),
    .init("second reserved bit", Client.frame(1, Array("{}".utf8), reserved: 0x20), 1002),
    .init("third reserved bit", Client.frame(9, [], reserved: 0x10), 1002),
    .init("reserved opcode", Client.frame(3), 1002),
    .init("reserved control opcode", Client.frame(11), 1002),
    .init("binary", Client.frame(2, [1, 2, 3]), 1003),
    .init("fragmented ping", Client.frame(9, [], fin: false), 1002),
    .init("fragmented close", Client.frame(8, [], fin: false), 1002),
    .init("long ping", Client.frame(9, Array(repeating: 0, count: 126)), 1002),
    .init("continuation of nothing", Client.frame(0, Array("{}".utf8)), 1002),
    .init("text within text", Client.frame(1, [123], fin: false) + Client.frame(1, [125]), 1002),
    .init("not UTF-8", Client.frame(1, [0xff, 0xfe]), 1007),
    .init("half a character", Client.frame(1, [0xe2, 0x82]), 1007),
    .init("surrogate", Client.frame(1, [0xed, 0xa0, 0x80]), 1007),
    .init("too large", Client.frame(1, Array(repeating: 32, count: (64 << 10) + 1)), 1009),
    .init(
      "a length beyond all", [0x81, 0xff, 0x7f] + Array(repeating: 0xff, count: 7) + [1, 2, 3, 4], 1009),
    .init("negative length", [0x81, 0xff] + Array(repeating: 0xff, count: 8) + [1, 2, 3, 4], 1009),
    .init(
      "too large in fragments",
      Client.frame(1, Array(repeating: 32, count: 40 << 10), fin: false)
        + Client.frame(0, Array(repeating: 32, count: 40 << 10)), 1009),
    .init("close with one byte", Client.frame(8, [3]), 1002),
    .init("close with no such code", Client.frame(8, [3, 0xed]), 1002),
    .init("close with code 0", Client.frame(8, [0, 0]), 1002),
    .init("close for a reason that is not UTF-8", Client.frame(8, [3, 0xe8, 0xff]), 1007),
    .init("close", Client.frame(8, [3, 0xe8]), 1000),
    .init("close without a code", Client.frame(8), 1000),
    .init("close with a code of one's own", Client.frame(8, [0x0f, 0xa0]), 4000),
  ]

  @Test(arguments: violations)
  func endsWith(_ violation: Violation) async throws {
    let server = try await LiveServer(Backend())
    let client = try await SocketClient(server.port)
    #expect(await client.next()["type"] == "welcome")
    await client.send(bytes: violation.bytes)
    #expect(await client.closeCode() == violation.code)
    // The close is answered, and then the connection ends.
    await client.send(bytes: Client.frame(8, [3, 0xe8]))
    #expect(await client.closeCode() == -1)
    try await server.stop()
  }

  @Test func fragmentsAreJoinedAndPingsAnsweredBetweenThem() async throws {
    let server = try await LiveServer(Backend())
    let text = Array(#"{"type":"ping","id":"ü"}"#.utf8)
    // Sent with the request: what comes early is not lost.
    let client = try await SocketClient(server.port, early: Client.frame(9, [7]))
    let head = await client.head
    #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
    #expect(!head.lowercased().contains("content-length"))
    #expect(await Set([client.frame() == .pong([7]), client.frame() == .pong([7])]) == [true, false])
    for byte in text.dropLast() {
      await client.send(bytes: Client.frame(byte == text[0] ? 1 : 0, [byte], fin: false))
    }
    await client.send(bytes: Client.frame(9, [1, 2, 3]))
    #expect(await client.frame() == .pong([1, 2, 3]))
    await client.send(bytes: Client.frame(0, [text.last!]))
    let answer = await client.next()
    #expect(answer["type"] == "pong" && answer["id"] == "ü", "\(answer)")
    // As large as it may be.
    let padding = String(repeating: " ", count: (64 << 10) - 15)
    await client.send(bytes: Client.frame(1, Array((#"{"type":"ping"}"# + padding).utf8)))
    #expect(await client.next()["type"] == "pong")
    try await server.stop()
  }

  @Test func halfAFrameIsNoReasonToHangUpNorToStay() async throws {
    let server = try await LiveServer(Backend(), edit: { $0.sockets.silenceTimeout = .milliseconds(600) })
    let client = try await SocketClient(server.port)
    await client.send(bytes: Array(Client.frame(1, Array("{}".utf8)).dropLast()))
    #expect(await client.closeCode() == 4408)
    try await server.stop()
  }
}
