import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdHTTP2
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL
import NIOTLS

/// Every connection of the server: HTTP/1.1, or over TLS what the client chose of HTTP/2 and HTTP/1.1.
struct GatewayChannel: HTTPChannelHandler {
  typealias HTTP1 = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  enum Negotiated: Sendable {
    case http1(HTTP1)
    case http2(HTTP2Channel, HTTP2Channel.Value)
  }
  struct Value: ServerChildChannelValue {
    let negotiated: EventLoopFuture<Negotiated>
    let channel: any Channel
  }

  let responder: Responder
  let timeouts: ConnectionGate.Timeouts
  let idleTimeout: Duration
  let maxHeaderBytes: Int
  let maxBodyBytes: Int
  let connections: ConnectionCount
  /// Nil speaks plain HTTP.
  let tls: NIOSSLContext?

  private static let http2Name = "h2"
  /// In the order in which they are preferred.
  static let protocols = [http2Name, "http/1.1"]

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let state = ConnectionState()
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(
        ConnectionLimiter(
          state, count: connections, timeouts: timeouts, phase: tls == nil ? .http1 : .negotiating))
      guard let tls else {
        let http1 = try http1(channel, state, logger)
        return Value(negotiated: channel.eventLoop.makeSucceededFuture(.http1(http1)), channel: channel)
      }
      try pipeline.addHandler(NIOSSLServerHandler(context: tls))
      let bound = NIOLoopBound(state, eventLoop: channel.eventLoop)
      let negotiation = NIOTypedApplicationProtocolNegotiationHandler<Negotiated> { result, channel in
        do {
          return try negotiated(result, channel, bound.value, logger)
        } catch {
          return channel.eventLoop.makeFailedFuture(error)
        }
      }
      try pipeline.addHandler(negotiation)
      return Value(negotiated: negotiation.protocolNegotiationResult, channel: channel)
    }
  }

  private func negotiated(
    _ result: ALPNResult, _ channel: any Channel, _ state: ConnectionState, _ logger: Logger
  ) throws -> EventLoopFuture<Negotiated> {
    let limiter = try channel.pipeline.syncOperations.context(handlerType: ConnectionLimiter.self)
    let handler = limiter.handler as? ConnectionLimiter
    guard case .negotiated(Self.http2Name) = result else {
      handler?.became(.http1, limiter)
      return channel.eventLoop.makeSucceededFuture(.http1(try http1(channel, state, logger)))
    }
    handler?.became(.http2, limiter)
    return try http2(channel, state, logger)
  }

  // MARK: HTTP/1.1

  private func http1(_ channel: any Channel, _ state: ConnectionState, _ logger: Logger) throws -> HTTP1 {
    var limits = NIOHTTPDecoderLimitConfiguration()
    limits.maxHeaderFieldSize = maxHeaderBytes
    limits.maxHeaderListSize = maxHeaderBytes
    limits.maxHeaderFieldCount = 200
    let encoder = HTTPResponseEncoder()
    // After a request that became a WebSocket, what was read too far is the socket's.
    let decoder = ByteToMessageHandler(
      HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: limits))
    let (check, codec) = (RequestHeadCheck(), HTTP1ToHTTPServerCodec(secure: tls != nil))
    let gate = ConnectionGate(timeouts: timeouts, state: state, maxBodyBytes: maxBodyBytes)
    let activity = HTTPConnectionStateHandler(idleTimeout: idleTimeout, logger: logger)
    gate.http1 = HTTP1Handlers(decoder: decoder, others: [encoder, check, codec, activity])
    try channel.pipeline.syncOperations.addHandlers([encoder, decoder, check, codec, gate, activity])
    return try HTTP1(
      wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
  }

  // MARK: HTTP/2

  /// NIO's own limits hold: 100 streams, 16 KiB of headers, 200 resets in 30 s, 5 CONTINUATION frames in a row, empty
  /// data frames, and answers to pings and settings that pile up; Hummingbird's those of pings.
  private func http2(
    _ channel: any Channel, _ state: ConnectionState, _ logger: Logger
  ) throws -> EventLoopFuture<Negotiated> {
    try channel.pipeline.syncOperations.addHandler(FlushBeforeClose())
    let bound = NIOLoopBound(state, eventLoop: channel.eventLoop)
    let (timeouts, maxBodyBytes) = (timeouts, maxBodyBytes)
    let http2 = HTTP2Channel(
      responder: responder,
      configuration: .init(
        idleTimeout: idleTimeout, gracefulCloseTimeout: Duration(timeouts.drain),
        streamConfiguration: .init(
          additionalChannelHandlers: [
            ConnectionGate(
              timeouts: timeouts, state: bound.value, isStream: true, maxBodyBytes: maxBodyBytes)
          ], idleTimeout: TimeAmount(idleTimeout))))
    return http2.setup(channel: channel, logger: logger).map { .http2(http2, $0) }
  }

  // MARK: Work

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.negotiated.get() {
      case .http1(let http1): await handleHTTP(asyncChannel: http1, logger: logger)
      case .http2(let http2, let value): await http2.handle(value: value, logger: logger)
      }
    } catch {
      logger.trace("No protocol was agreed on: \(error)")
    }
  }
}

/// Sends what was written before the connection closes.
///
/// While it stops, Hummingbird's connection of HTTP/2 closes when its last stream ends, which is when that stream's last
/// frame is written and not yet flushed: the last response would be lost.
private final class FlushBeforeClose: ChannelOutboundHandler {
  typealias OutboundIn = Any
  typealias OutboundOut = Any

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .all { context.flush() }
    context.close(mode: mode, promise: promise)
  }
}
