import Conversation
import Domain
import HTTPTypes
import Hummingbird
import NIOCore
import Security

/// The one route that is no request and response.
enum SocketRoute {
  static let access = Authenticator.Requirement.keyed(.readConversations)

  /// - Parameter hub: nil where nothing listens, as in descriptions.
  static func route(_ hub: SocketHub?, origins: OriginPolicy) -> Route {
    Route(
      .get, "/v1/ws", access: access, lane: .direct, cost: 2, upgrades: true,
      documentation: Documentation(
        id: "socket", tag: "Conversations",
        summary: "Follow conversations, and speak in them, over a WebSocket",
        description: """
          RFC 6455 over HTTP/1.1, text frames of JSON: a client sends one of `SocketClientFrame`, the server one of \
          `SocketServerFrame`. A browser brings its token in `Sec-WebSocket-Protocol: frontdesk.v1, bearer.TOKEN`; \
          the server answers `frontdesk.v1`. After a reconnect, `subscribe` with the last `seq` that was seen brings \
          all that was said since, once. The handbook's page on WebSockets tells it in full.
          """,
        responses: [101: .empty("The connection is a WebSocket now")],
        errors: ["upgrade_required", "invalid_upgrade", "origin_not_allowed", "overloaded"])
    ) { call in
      let handshake = try SocketHandshake(call.head)
      // A token brings its own origin, and a session counts for the pages of one; both were compared.
      if !Authenticator.hasToken(call.head), !Authenticator.hasSession(call.head, call.principal) {
        try origins.check(socket: call.head)
      }
      guard let hub, let channel = call.channel else { throw Problem.upgradeRequired }
      let place = try hub.enter()
      let identity = SocketIdentity(call: call, credential: credential(of: call.head))
      try await ConnectionGate.prepare(channel) { channel in
        SocketUpgrade(
          maxFrameBytes: hub.limits.maxMessageBytes,
          handler: SocketHandler(hub, identity, place, on: channel.eventLoop))
      }
      return handshake.response
    }
  }

  /// What of a request tells who asks.
  private static func credential(of head: HTTPRequest) -> HTTPRequest {
    var fields: HTTPFields = [:]
    fields[values: .authorization] = head.headerFields[values: .authorization]
    fields[values: .origin] = head.headerFields[values: .origin]
    fields[values: .cookie] = head.headerFields[values: .cookie]
    return HTTPRequest(
      method: .get, scheme: nil, authority: head.authority, path: "/v1/ws", headerFields: fields)
  }
}

extension OriginPolicy {
  /// Pages that this very server shows may use it too: their socket says the host that it was asked for.
  fileprivate func check(socket head: HTTPRequest) throws(Problem) {
    if let origin = head.headerFields[.origin], let separator = origin.firstRange(of: "://"),
      let authority = head.authority, origin[separator.upperBound...].lowercased() == authority.lowercased()
    {
      return
    }
    try check(head.headerFields)
  }
}
