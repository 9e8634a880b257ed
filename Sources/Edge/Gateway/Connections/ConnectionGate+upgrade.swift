import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOWebSocket

/// The handlers that make HTTP/1.1 of bytes; those that leave when the connection becomes something else.
struct HTTP1Handlers {
  let decoder: ByteToMessageHandler<HTTPRequestDecoder>
  let others: [any RemovableChannelHandler]
}

/// What a connection becomes.
struct SocketUpgrade {
  let maxFrameBytes: Int
  let handler: SocketHandler
}

extension ConnectionGate {
  /// Prepares the connection of a request to become a WebSocket with the response to it.
  ///
  /// - Throws: where the connection is none of HTTP/1.1, or has other requests in work.
  static func prepare(
    _ channel: any Channel, _ make: @escaping @Sendable (any Channel) -> SocketUpgrade
  ) async throws {
    try await channel.eventLoop.submit {
      let gate = try channel.pipeline.syncOperations.handler(type: ConnectionGate.self)
      guard gate.mayUpgrade else { throw Problem.upgradeRequired }
      gate.upgrade = make(channel)
    }.get()
  }

  private var mayUpgrade: Bool { http1 != nil && requestsInWork == 1 && !isReadingRequest && !isDraining }

  /// Puts the WebSocket in the place of HTTP. What came in since the request goes to it.
  func become(_ upgrade: SocketUpgrade, _ context: ChannelHandlerContext) {
    guard let http1 else { return context.close(promise: nil) }
    self.upgrade = nil
    let pipeline = context.pipeline.syncOperations
    do {
      try pipeline.addHandlers(
        [
          WebSocketFrameEncoder(),
          ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: upgrade.maxFrameBytes)),
          upgrade.handler,
        ], position: .after(http1.decoder))
    } catch {
      return context.close(promise: nil)
    }
    self.http1 = nil
    for handler in http1.others { pipeline.removeHandler(handler, promise: nil) }
    pipeline.removeHandler(context: context, promise: nil)
    // Last: what it has not parsed goes to the handler after it.
    pipeline.removeHandler(http1.decoder, promise: nil)
  }
}
