import Foundation
import NIOCore
import NIOPosix
import Synchronization

/// A web server that sends exactly what a script says, also what no well-behaved one would.
final class StandIn: Sendable {
  struct Request: Sendable {
    /// Request line and headers.
    let head: String
    /// As far as `Content-Length` says.
    var body = ""
    var target: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }

    func header(_ name: String) -> String? {
      for line in head.split(separator: "\r\n").dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts[0].lowercased() == name.lowercased() { return parts[1].trimmingCharacters(in: .whitespaces) }
      }
      return nil
    }
  }

  enum Step: Sendable {
    case text(String)
    case bytes([UInt8])
    case pause(Duration)
    /// Again and again, until the other side has gone.
    case endlessly(String, every: Duration)
  }

  let port: Int
  private let seen: Seen
  private let running: Task<Void, any Error>

  private final class Seen: Sendable {
    let requests = Mutex<[Request]>([])
    let sentBytes = Mutex(0)
  }

  /// - Parameter script: what to send for the n-th request, from 0; then the connection is closed.
  init(_ script: @escaping @Sendable (Request, Int) -> [Step]) async throws {
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
        }
      }
    port = server.channel.localAddress?.port ?? 0
    let seen = Seen()
    self.seen = seen
    running = Task {
      try await withThrowingDiscardingTaskGroup { group in
        try await server.executeThenClose { clients in
          for try await client in clients {
            group.addTask { try? await Self.serve(client, seen, script) }
          }
        }
      }
    }
  }

  deinit { running.cancel() }

  var requests: [Request] { seen.requests.withLock { $0 } }
  var sentBytes: Int { seen.sentBytes.withLock { $0 } }
  var url: String { "http://127.0.0.1:\(port)" }

  /// - Returns: nil where more is to come.
  private static func request(in bytes: [UInt8]) -> Request? {
    guard let end = Data(bytes).range(of: Data("\r\n\r\n".utf8))?.upperBound else { return nil }
    var request = Request(head: String(decoding: bytes[..<end], as: UTF8.self))
    let length = request.header("Content-Length").flatMap { Int($0) } ?? 0
    guard bytes.count - end >= length else { return nil }
    request.body = String(decoding: bytes[end...].prefix(length), as: UTF8.self)
    return request
  }

  private static func serve(
    _ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ seen: Seen,
    _ script: @Sendable (Request, Int) -> [Step]
  ) async throws {
    try await client.executeThenClose { inbound, outbound in
      var received: [UInt8] = []
      var complete: Request?
      for try await part in inbound {
        received += part.readableBytesView
        complete = Self.request(in: received)
        if complete != nil { break }
      }
      guard let request = complete else { return }
      let number = seen.requests.withLock { requests in
        requests.append(request)
        return requests.count - 1
      }
      func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
        seen.sentBytes.withLock { $0 += text.utf8.count }
      }
      for step in script(request, number) {
        switch step {
        case .text(let text): try await send(text)
        case .bytes(let bytes): try await outbound.write(ByteBuffer(bytes: bytes))
        case .pause(let pause): try await Task.sleep(for: pause)
        case .endlessly(let text, let interval):
          while true {
            try await send(text)
            if interval > .zero { try await Task.sleep(for: interval) }
          }
        }
      }
    }
  }
}

extension [StandIn.Step] {
  /// A complete response.
  static func response(
    _ status: Int = 200, type: String? = "text/html", headers: [String: String] = [:], _ body: String = ""
  ) -> Self {
    var head = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n"
    if let type { head += "Content-Type: \(type)\r\n" }
    for (name, value) in headers { head += "\(name): \(value)\r\n" }
    return [.text(head + "\r\n" + body)]
  }

  static func response(_ body: String) -> Self { response(200, body) }

  static func redirect(_ status: Int = 302, to location: String) -> Self {
    response(status, headers: ["Location": location])
  }
}
