import NIOCore
import NIOWebSocket

/// Joins a client's frames to messages, by the rules of RFC 6455, sections 5 to 7.
struct SocketMessageReader {
  enum Incoming {
    /// UTF-8, and looked at.
    case text(ByteBuffer)
    case ping(ByteBuffer)
    case pong
    /// - Parameter code: nil where the client gave none.
    case close(code: UInt16?)
    /// More of the message is to come.
    case fragment
  }

  private let maxBytes: Int
  private var partial: ByteBuffer?

  init(maxBytes: Int) { self.maxBytes = maxBytes }

  /// - Throws: what the connection is closed with.
  mutating func read(_ frame: WebSocketFrame) throws(SocketClosure) -> Incoming {
    guard frame.maskKey != nil else { throw .protocolError("a frame of a client is masked") }
    guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
      throw .protocolError("no extension was agreed on that would set a reserved bit")
    }
    let data = frame.unmaskedData
    switch frame.opcode {
    case .text:
      guard partial == nil else { throw .protocolError("a message began within another") }
      return try add(data, to: ByteBuffer(), isLast: frame.fin)
    case .continuation:
      guard let begun = partial else { throw .protocolError("nothing is there to go on with") }
      partial = nil
      return try add(data, to: begun, isLast: frame.fin)
    case .binary:
      throw SocketClosure(.unacceptable, "only text is understood")
    case .ping: return .ping(data)
    case .pong: return .pong
    case .connectionClose: return .close(code: try Self.closeCode(data))
    default: throw .protocolError("a frame of that kind is not known")
    }
  }

  private mutating func add(
    _ data: ByteBuffer, to begun: ByteBuffer, isLast: Bool
  ) throws(SocketClosure) -> Incoming {
    guard begun.readableBytes + data.readableBytes <= maxBytes else {
      throw SocketClosure(.tooLarge, "a message may have at most \(maxBytes) bytes")
    }
    guard isLast else {
      // Its own bytes: a slice would keep the whole read buffer.
      var joined = begun
      joined.writeImmutableBuffer(data)
      partial = joined
      return .fragment
    }
    var whole = data
    if begun.readableBytes > 0 {
      whole = begun
      whole.writeImmutableBuffer(data)
    }
    guard Self.isUTF8(whole) else { throw SocketClosure(.notUTF8, "text must be UTF-8") }
    return .text(whole)
  }

  private static func closeCode(_ data: ByteBuffer) throws(SocketClosure) -> UInt16? {
    guard data.readableBytes > 0 else { return nil }
    guard let code = data.getInteger(at: data.readerIndex, as: UInt16.self) else {
      throw .protocolError("a reason for closing begins with two bytes")
    }
    let isKnown = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014].contains(code)
    guard isKnown || (3000...4999).contains(code) else {
      throw .protocolError("there is no such code for closing")
    }
    let reason = data.getSlice(at: data.readerIndex + 2, length: data.readableBytes - 2) ?? ByteBuffer()
    guard isUTF8(reason) else { throw SocketClosure(.notUTF8, "text must be UTF-8") }
    return code
  }

  private static func isUTF8(_ bytes: ByteBuffer) -> Bool {
    bytes.withUnsafeReadableBytes { String(validating: $0, as: UTF8.self) != nil }
  }
}

/// Why a socket ends.
struct SocketClosure: Error, Sendable, Equatable {
  /// RFC 6455, section 7.4.1, and ours from 4400 on, which are HTTP's statuses.
  enum Code: UInt16, Sendable, CaseIterable {
    case normal = 1000
    case goingAway = 1001
    case protocolError = 1002
    case unacceptable = 1003
    case notUTF8 = 1007
    case tooLarge = 1009
    /// The credential has ended, or gives something else now.
    case unauthorized = 4401
    /// Nothing came from the client in time, or it took nothing.
    case timedOut = 4408
    case tooManyFrames = 4429

    fileprivate var label: String {
      switch self {
      case .normal: "normal"
      case .goingAway: "going_away"
      case .protocolError: "protocol_error"
      case .unacceptable: "not_text"
      case .notUTF8: "not_utf8"
      case .tooLarge: "too_large"
      case .unauthorized: "unauthorized"
      case .timedOut: "timed_out"
      case .tooManyFrames: "too_many_frames"
      }
    }
  }
  let code: Code
  /// At most 123 bytes of UTF-8.
  let reason: String
  /// For metrics; one of few.
  let label: String

  init(_ code: Code, _ reason: String, label: String? = nil) {
    self.code = code
    self.reason = reason
    self.label = label ?? code.label
  }

  static func protocolError(_ reason: String) -> SocketClosure { SocketClosure(.protocolError, reason) }
  static let goingAway = SocketClosure(.goingAway, "the server is stopping")
  static let unauthorized = SocketClosure(.unauthorized, "the key or token has ended or was changed")
  static let silent = SocketClosure(.timedOut, "nothing came in time", label: "silent")
  static let idle = SocketClosure(.timedOut, "no message in a long time", label: "idle")
  static let slow = SocketClosure(.timedOut, "too little was read in time", label: "slow_reader")
  static let tooManyFrames = SocketClosure(.tooManyFrames, "too many frames in too short a time")
}
