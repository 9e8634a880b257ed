import Foundation
import Glibc

/// A TCP connection that sends exactly the bytes it is told to, as no well-behaved client would.
///
/// Calls block, on a queue of their own.
final class RawConnection: Sendable {
  struct Failure: Error { let call: String }
  private let descriptor: Int32
  private let queue = DispatchQueue(label: "raw connection")

  /// - Parameter receiveBuffer: bytes that the system keeps for a reader that does not read.
  init(port: Int, receiveBuffer: Int32? = nil) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure(call: "socket") }
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(call: "connect") }
  }

  deinit { close(descriptor) }

  /// - Returns: false where the server has closed.
  @discardableResult
  func send(_ text: String) async -> Bool { await send(Array(text.utf8)) }

  @discardableResult
  func send(_ bytes: [UInt8]) async -> Bool {
    await run { descriptor in
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count <= 0 { return false }
        sent += count
      }
      return true
    }
  }

  /// Tells the server that nothing more comes.
  func finishSending() async { await run { _ = shutdown($0, Int32(SHUT_WR)) } }

  /// Reads until the server closes, or the time is over.
  ///
  /// - Returns: what came, and whether the server closed.
  func readToEnd(within timeout: Duration) async -> (text: String, closed: Bool) {
    await run { descriptor in
      let end = ContinuousClock.now + timeout
      var received: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 65536)
      while true {
        guard Self.isReadable(descriptor, until: end) else {
          return (String(decoding: received, as: UTF8.self), false)
        }
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count <= 0 { return (String(decoding: received, as: UTF8.self), true) }
        received += chunk[..<count]
      }
    }
  }

  /// Reads until `text` has come, or the time is over.
  func read(until text: String, within timeout: Duration) async -> String {
    await run { descriptor in
      let end = ContinuousClock.now + timeout
      var received = ""
      var chunk = [UInt8](repeating: 0, count: 65536)
      while !received.contains(text), Self.isReadable(descriptor, until: end) {
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count <= 0 { break }
        received += String(decoding: chunk[..<count], as: UTF8.self)
      }
      return received
    }
  }

  /// Reads what is there, or comes in time.
  ///
  /// - Returns: empty where the server has closed, nil where nothing came.
  func receive(within timeout: Duration) async -> [UInt8]? {
    await run { descriptor in
      guard Self.isReadable(descriptor, until: ContinuousClock.now + timeout) else { return nil }
      var chunk = [UInt8](repeating: 0, count: 65536)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      return count > 0 ? Array(chunk[..<count]) : []
    }
  }

  private static func isReadable(_ descriptor: Int32, until end: ContinuousClock.Instant) -> Bool {
    let left = ContinuousClock.now.duration(to: end)
    guard left > .zero else { return false }
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&poll, 1, Int32(left / .milliseconds(1))) > 0
  }

  private func run<Value: Sendable>(_ body: @escaping @Sendable (Int32) -> Value) async -> Value {
    await withCheckedContinuation { continuation in
      queue.async { [descriptor] in continuation.resume(returning: body(descriptor)) }
    }
  }
}
