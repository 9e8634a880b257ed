import Foundation
import Security

@testable import Gateway

/// A WebSocket client that can break every rule.
actor SocketClient {
  enum Frame: Equatable {
    case text(JSONValue)
    case ping([UInt8])
    case pong([UInt8])
    /// - Parameter code: nil where none was given; -1 where the connection just ended.
    case close(code: Int?)
  }
  struct Refused: Error {
    let status: Int
    let reply: String
  }

  let connection: RawConnection
  private(set) var head = ""
  private var buffer: [UInt8] = []

  /// - Parameter early: bytes that are sent with the request, before its answer.
  init(
    _ port: Int, key: String? = Backend.ownerKey, headers: [String: String] = [:], path: String = "/v1/ws",
    early: [UInt8] = [], receiveBuffer: Int32? = nil
  ) async throws {
    connection = try RawConnection(port: port, receiveBuffer: receiveBuffer)
    var fields = [
      "Host": "localhost", "Upgrade": "websocket", "Connection": "keep-alive, Upgrade",
      "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    ]
    if let key { fields["Authorization"] = "Bearer \(key)" }
    fields.merge(headers) { $1 }
    let lines = fields.filter { !$0.value.isEmpty }.map { "\($0.key): \($0.value)\r\n" }.joined()
    await connection.send(Array("GET \(path) HTTP/1.1\r\n\(lines)\r\n".utf8) + early)
    while !Self.hasHead(buffer) {
      guard let more = await connection.receive(within: .seconds(10)), !more.isEmpty else { break }
      buffer += more
    }
    let end = Self.end(of: buffer)
    head = String(decoding: buffer[..<end], as: UTF8.self)
    let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    guard status == 101 else {
      let rest = await connection.readToEnd(within: .seconds(5))
      throw Refused(
        status: status, reply: String(decoding: buffer, as: UTF8.self) + rest.text + (rest.closed ? "" : "…"))
    }
    buffer.removeFirst(end)
  }

  private static func hasHead(_ bytes: [UInt8]) -> Bool { end(of: bytes) > 0 }
  private static func end(of bytes: [UInt8]) -> Int {
    bytes.indices.first { bytes[$0...].starts(with: [13, 10, 13, 10]) }.map { $0 + 4 } ?? 0
  }

  // MARK: Out

  static func frame(
    _ opcode: UInt8, _ data: [UInt8] = [], fin: Bool = true, reserved: UInt8 = 0, masked: Bool = true
  ) -> [UInt8] {
    var bytes: [UInt8] = [(fin ? 0x80 : 0) | reserved | opcode]
    let mask: UInt8 = masked ? 0x80 : 0
    switch data.count {
    case ..<126: bytes.append(mask | UInt8(data.count))
    case ..<65536: bytes += [mask | 126, UInt8(data.count >> 8), UInt8(data.count & 255)]
    default:
      bytes += [mask | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: data.count >> ($0 * 8)) }
    }
    let key: [UInt8] = [1, 2, 3, 4]
    if masked { bytes += key }
    return bytes + (masked ? data.enumerated().map { $1 ^ key[$0 % 4] } : data)
  }

  @discardableResult
  func send(bytes: [UInt8]) async -> Bool { await connection.send(bytes) }

  @discardableResult
  func send(_ json: JSONValue) async -> Bool {
    await send(bytes: Self.frame(1, [UInt8](JSONText.data(json))))
  }

  // MARK: In

  /// The next frame of any kind; nil where none comes in time.
  func frame(within timeout: Duration = .seconds(20)) async -> Frame? {
    let end = ContinuousClock.now + timeout
    while true {
      if let frame = parse() { return frame }
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero, let more = await connection.receive(within: left) else { return nil }
      if more.isEmpty { return .close(code: -1) }
      buffer += more
    }
  }

  private func parse() -> Frame? {
    guard buffer.count >= 2 else { return nil }
    var (length, start) = (Int(buffer[1] & 0x7f), 2)
    if length >= 126 {
      let size = length == 126 ? 2 : 8
      guard buffer.count >= 2 + size else { return nil }
      length = buffer[2..<2 + size].reduce(0) { $0 << 8 | Int($1) }
      start += size
    }
    guard buffer.count >= start + length else { return nil }
    let (opcode, data) = (buffer[0] & 0x0f, Array(buffer[start..<start + length]))
    buffer.removeFirst(start + length)
    switch opcode {
    case 1: return .text((try? JSONParser.parse(Data(data))) ?? .null)
    case 8: return .close(code: data.count >= 2 ? Int(data[0]) << 8 | Int(data[1]) : nil)
    case 9: return .ping(data)
    default: return .pong(data)
    }
  }

  /// The next message; pings are answered on the way. Null where the socket closes or nothing comes.
  func next(within timeout: Duration = .seconds(20)) async -> JSONValue {
    while let frame = await frame(within: timeout) {
      switch frame {
      case .text(let json): return json
      case .ping(let data): await send(bytes: Self.frame(10, data))
      case .pong: continue
      case .close: return .null
      }
    }
    return .null
  }

  /// Skips to the next message of a type.
  func next(_ type: String) async -> JSONValue {
    while true {
      let json = await next()
      if json == .null || json["type"]?.text == type { return json }
    }
  }

  /// What the server closes with; messages before that are skipped.
  func closeCode(within timeout: Duration = .seconds(20)) async -> Int? {
    let end = ContinuousClock.now + timeout
    while let frame = await frame(within: ContinuousClock.now.duration(to: end)) {
      if case .close(let code) = frame { return code }
    }
    return nil
  }

  /// Opens a conversation.
  func open() async -> String {
    await send(["type": "open"])
    return await next("opened").at("conversation.id")?.text ?? ""
  }

  func subscribe(_ conversation: String, after: Int = 0) async -> JSONValue {
    await send([
      "type": "subscribe", "conversation_id": .string(conversation), "after": .integer(Int64(after)),
    ])
    while true {
      let json = await next()
      if json == .null || json["type"] == "subscribed" || json["type"] == "error" { return json }
    }
  }

  func say(_ text: String, _ clientID: String, in conversation: String) async {
    await send([
      "type": "message", "conversation_id": .string(conversation), "client_id": .string(clientID),
      "text": .string(text),
    ])
  }
}
