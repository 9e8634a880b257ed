import Foundation
import HTTPTypes
import Hummingbird
import Security

/// What a client asks for when it asks for a WebSocket (RFC 6455, section 4).
struct SocketHandshake: Sendable {
  /// The one protocol that is spoken.
  static let subprotocol = "frontdesk.v1"
  /// Begins the entry in which a browser, which can set no header, brings its token.
  static let credentialPrefix = "bearer."

  private let key: String
  private let offersSubprotocol: Bool

  /// - Throws: `upgrade_required`, `invalid_upgrade`.
  init(_ head: HTTPRequest) throws(Problem) {
    let headers = head.headerFields
    guard head.method == .get, Self.tokens(headers[values: .upgrade]).contains("websocket"),
      Self.tokens(headers[values: .connection]).contains("upgrade")
    else { throw .upgradeRequired }
    guard headers[values: .secWebSocketVersion] == ["13"] else { throw .upgradeRequired }
    let keys = headers[values: .secWebSocketKey]
    guard keys.count == 1, Data(base64Encoded: keys[0])?.count == 16 else {
      throw .invalidUpgrade("Sec-WebSocket-Key must be 16 bytes in base64, once.")
    }
    guard headers[.transferEncoding] == nil, headers[.contentLength].map({ $0 == "0" }) ?? true else {
      throw .invalidUpgrade("The request for a WebSocket has no body.")
    }
    key = keys[0]
    let offered = Self.offered(headers)
    guard offered.isEmpty || offered.contains(Self.subprotocol) else {
      throw .invalidUpgrade("Offer '\(Self.subprotocol)' in Sec-WebSocket-Protocol, or nothing.")
    }
    offersSubprotocol = !offered.isEmpty
  }

  /// What tells the client that the connection is a WebSocket now.
  var response: Response {
    var headers: HTTPFields = [
      .upgrade: "websocket", .connection: "Upgrade", .secWebSocketAccept: Self.accept(key),
    ]
    if offersSubprotocol { headers[.secWebSocketProtocol] = Self.subprotocol }
    return Response(status: .switchingProtocols, headers: headers)
  }

  static func accept(_ key: String) -> String {
    Digest.sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").base64EncodedString()
  }

  /// The head with the credential that came as a protocol in the place where every other request has it.
  ///
  /// - Throws: `invalid_upgrade` where there are two.
  static func authorized(_ head: HTTPRequest) throws(Problem) -> HTTPRequest {
    let credentials = offered(head.headerFields).filter { $0.hasPrefix(credentialPrefix) }
    guard let credential = credentials.first else { return head }
    guard credentials.count == 1, head.headerFields[.authorization] == nil else {
      throw .invalidUpgrade("Send one credential: as Authorization, or as '\(credentialPrefix)TOKEN'.")
    }
    var head = head
    head.headerFields[.authorization] = "Bearer " + credential.dropFirst(credentialPrefix.count)
    head.headerFields[.secWebSocketProtocol] = subprotocol
    return head
  }

  private static func offered(_ headers: HTTPFields) -> [String] {
    headers[values: .secWebSocketProtocol].joined(separator: ",").split(separator: ",").prefix(16)
      .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }

  private static func tokens(_ values: [String]) -> Set<String> {
    Set(
      values.joined(separator: ",").split(separator: ",").map {
        $0.trimmingCharacters(in: .whitespaces).lowercased()
      })
  }
}

extension Problem {
  static let upgradeRequired = Problem(
    "upgrade_required",
    "This is a WebSocket: ask for it over HTTP/1.1 with 'Upgrade: websocket', version 13.",
    headers: [.upgrade: "websocket", .secWebSocketVersion: "13"])

  static func invalidUpgrade(_ message: String) -> Problem { Problem("invalid_upgrade", message) }
}
