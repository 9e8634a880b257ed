import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Guards one connection where the server itself would wait for ever.
///
/// - A first request head that does not come in time, or a body that drips, closes the connection.
/// - A stop signal closes a connection at once where no request is in work, and after a grace where one is.
/// - A body that ends early fails its reader: cut short it would read as complete.
/// - A response that says `Connection: close` closes, but lets the client read it first.
/// - Bytes that are no HTTP, and connections beyond the limit, are told so.
/// - A response that nobody reads closes it.
/// - A request that was agreed to become a WebSocket takes the connection with it.
///
/// On HTTP/2 there is one of these for each stream; the connection itself has its `ConnectionLimiter`.
final class ConnectionGate: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let timeouts: Timeouts
  private let state: ConnectionState
  private let isStream: Bool
  private let maxBodyBytes: Int
  private var hasBegun = false
  private(set) var isReadingRequest = false
  private(set) var requestsInWork = 0
  private(set) var isDraining = false
  private var closesAfterResponse = false
  private var isLingering = false
  /// The last part of a closing response is on its way out.
  private var isFlushing = false
  /// A head that may not be worked on; told when those before it are answered.
  private var pendingRefusal: Problem?
  /// Whether the request in work asked for another protocol: the parser reads nothing more after it.
  private var asksForUpgrade = false
  /// The pipeline's other handlers; nil on a stream.
  var http1: HTTP1Handlers?
  /// What the connection becomes with the response 101.
  var upgrade: SocketUpgrade?
  private var closePromise: EventLoopPromise<Void>?
  private var deadline: Scheduled<Void>?
  private var drainDeadline: Scheduled<Void>?
  private var stallDeadline: Scheduled<Void>?

  /// - Parameters:
  ///   - isStream: whether this is one stream of an HTTP/2 connection.
  ///   - maxBodyBytes: a declared length beyond it is not invited with `100 Continue`.
  init(timeouts: Timeouts, state: ConnectionState, isStream: Bool = false, maxBodyBytes: Int) {
    self.timeouts = timeouts
    self.state = state
    self.isStream = isStream
    self.maxBodyBytes = maxBodyBytes
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { begin(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard !hasBegun, !isLingering else { return }
    hasBegun = true
    if isStream { state.openStreams += 1 }
    if let problem = state.refusal, !isStream {
      refuse(context, with: problem)
      return
    }
    schedule(context, in: timeouts.header) { $0.close(promise: nil) }
  }

  func channelInactive(context: ChannelHandlerContext) {
    if isReadingRequest { context.fireErrorCaught(IncompleteBody()) }
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  private func end() {
    deadline?.cancel()
    drainDeadline?.cancel()
    stallDeadline?.cancel()
    isReadingRequest = false
    if hasBegun, isStream {
      state.openStreams -= 1
      state.idleSince = .now()
    }
    hasBegun = false
    closePromise?.succeed()
    closePromise = nil
  }

  // MARK: In

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      isReadingRequest = true
      requestsInWork += 1
      asksForUpgrade = head.headerFields[.upgrade] != nil
      guard !isLingering else { break }
      schedule(context, in: timeouts.body) { context in
        context.fireErrorCaught(BodyTimeout())
        // Its reader answers 408; where nobody reads, this closes.
        self.linger(context)
      }
      invite(head, context)
    case .body:
      break
    case .end:
      isReadingRequest = false
      deadline?.cancel()
      if isLingering { context.close(promise: nil) }
    }
    context.fireChannelRead(data)
  }

  /// Clients such as curl hold back large bodies until they are asked for (RFC 9110, section 10.1.1).
  private func invite(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
    guard !isStream, head.headerFields[.expect]?.lowercased() == "100-continue", requestsInWork == 1 else {
      return
    }
    if let length = head.headerFields[.contentLength].flatMap({ Int($0) }), length > maxBodyBytes { return }
    context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent where isStream:
      // The connection says goodbye for all of its streams, which end by themselves.
      return
    case is ChannelShouldQuiesceEvent:
      isDraining = true
      if requestsInWork == 0 {
        context.close(promise: nil)
      } else {
        // A body that still comes in has moments, a request that is worked on has the grace.
        if isReadingRequest, !isLingering {
          schedule(context, in: timeouts.linger) { $0.close(promise: nil) }
        }
        drainDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeouts.drain) {
          context.close(promise: nil)
        }
      }
    case ChannelEvent.inputClosed where isReadingRequest:
      context.fireErrorCaught(IncompleteBody())
    default:
      break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let refusal = error as? RequestHeadCheck.Refusal, !isLingering {
      if requestsInWork == 0 {
        refuse(context, with: refusal.problem)
      } else {
        pendingRefusal = refusal.problem
      }
      return
    }
    guard let error = error as? HTTPParserError, requestsInWork == 0, !isLingering else {
      context.fireErrorCaught(error)
      return
    }
    // The rest of a body whose request was answered: there is nothing to add.
    guard !isReadingRequest else { return context.close(promise: nil) }
    let problem =
      error == .headerOverflow
      ? Problem("headers_too_large", "The request line and headers are too long.")
      : Problem("invalid_request", "What was sent is not an HTTP/1.1 request.")
    refuse(context, with: problem)
  }

  /// Answers without a request, and closes.
  private func refuse(_ context: ChannelHandlerContext, with problem: Problem) {
    isLingering = true
    let requestID = RequestID.new()
    var response = problem.response(requestID: requestID)
    response.headers[.connection] = "close"
    response.headers[.requestID] = requestID
    let body = ByteBuffer(bytes: JSONText.data(problem.json(requestID: requestID)))
    context.write(wrapOutboundOut(.head(response.head)), promise: nil)
    context.write(wrapOutboundOut(.body(body)), promise: nil)
    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
    context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.close(promise: nil) }
  }

  // MARK: Out

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      if head.status == .switchingProtocols, upgrade != nil {
        head.headerFields[.contentLength] = nil
        return context.write(wrapOutboundOut(.head(head)), promise: promise)
      }
      upgrade = nil
      if isStream { return writeHead(ofStream: head, context, promise) }
      if isDraining || asksForUpgrade { head.headerFields[.connection] = "close" }
      if head.headerFields[.connection]?.lowercased() == "close" { closesAfterResponse = true }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body:
      context.write(data, promise: promise)
    case .end:
      requestsInWork -= 1
      if let upgrade {
        let written = promise ?? context.eventLoop.makePromise()
        context.writeAndFlush(data, promise: written)
        become(upgrade, context)
        return
      }
      if let problem = pendingRefusal, requestsInWork == 0 {
        pendingRefusal = nil
        context.writeAndFlush(data, promise: promise)
        refuse(context, with: problem)
        return
      }
      guard closesAfterResponse || isDraining else {
        // What is still to come of a body that nobody reads is thrown away, though not for ever.
        let wait = isReadingRequest ? timeouts.linger : timeouts.next
        if isReadingRequest || (requestsInWork == 0 && !isStream) {
          schedule(context, in: wait) { $0.close(promise: nil) }
        }
        context.write(data, promise: promise)
        return
      }
      isFlushing = true
      let written = promise ?? context.eventLoop.makePromise()
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      written.futureResult.assumeIsolated().whenComplete { _ in
        self.isFlushing = false
        self.linger(bound.value)
      }
      context.writeAndFlush(data, promise: written)
    }
  }

  /// HTTP/2 has no `Connection`: a request that was not read to its end closes its stream alone.
  private func writeHead(
    ofStream head: HTTPResponse, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?
  ) {
    var head = head
    if head.headerFields[.connection]?.lowercased() == "close" { closesAfterResponse = isReadingRequest }
    head.headerFields[.connection] = nil
    head.headerFields[.upgrade] = nil
    context.write(wrapOutboundOut(.head(head)), promise: promise)
  }

  /// A client that takes nothing of its response holds its place, too.
  func channelWritabilityChanged(context: ChannelHandlerContext) {
    stallDeadline?.cancel()
    stallDeadline = nil
    if !context.channel.isWritable {
      stallDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: timeouts.stall) {
        context.close(mode: .all, promise: nil)
      }
    }
    context.fireChannelWritabilityChanged()
  }

  /// Waits for a response that is still being written: closing now would cut it short.
  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard isFlushing, mode == .all else {
      context.close(mode: mode, promise: promise)
      return
    }
    guard let promise else { return }
    if let closePromise {
      closePromise.futureResult.cascade(to: promise)
    } else {
      closePromise = promise
    }
  }

  /// Closes, once what the client has still to say was read: closing on unread bytes would reset the
  /// connection, and the client would lose the response.
  private func linger(_ context: ChannelHandlerContext) {
    guard isReadingRequest else {
      context.close(promise: closePromise)
      closePromise = nil
      return
    }
    isLingering = true
    schedule(context, in: timeouts.linger) { $0.close(promise: nil) }
  }

  private func schedule(
    _ context: ChannelHandlerContext, in time: TimeAmount,
    _ action: @escaping (ChannelHandlerContext) -> Void
  ) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { action(context) }
  }
}
