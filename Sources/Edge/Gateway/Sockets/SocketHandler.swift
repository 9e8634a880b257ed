import Foundation
import NIOCore
import NIOWebSocket

/// One WebSocket: frames in and out, heartbeat, and how it ends. Used on its event loop alone.
///
/// What is to be sent goes to the connection while it takes it, then to a bounded queue; a client that lets that queue
/// run over, or takes nothing for too long, is dropped. Messages of conversations never wait there: they wait in the
/// store (`SocketSession`).
final class SocketHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private enum Phase {
    case opening, open
    /// The server stops: what is in work is finished.
    case draining
    /// A close frame was sent.
    case closing
    case closed
  }

  let eventLoop: any EventLoop
  private let hub: SocketHub
  private let identity: SocketIdentity
  private var place: SocketHub.Place?
  private var session: SocketSession?
  private var membership: UInt64?
  private var reader: SocketMessageReader
  private var context: ChannelHandlerContext?
  private var phase = Phase.opening

  private var queue = CircularBuffer<ByteBuffer>()
  private var queuedBytes = 0
  private var bucket: TokenBucket
  private var refusals = 0
  private var isTooFast = false

  private let opened = NIODeadline.now()
  private var lastHeard = NIODeadline.now()
  private var lastPing = NIODeadline.now()
  private var lastMessage = NIODeadline.now()
  private var blockedSince: NIODeadline?
  private var tick: Scheduled<Void>?
  private var ending: Scheduled<Void>?
  private var endLabel: (label: String, code: UInt16?)?

  /// How long a client has to answer a close frame.
  private static let closeTimeout = TimeAmount.seconds(2)
  /// Frames without a pause that come too fast before the socket is closed.
  private static let maxRefusals = 200

  init(_ hub: SocketHub, _ identity: SocketIdentity, _ place: SocketHub.Place, on eventLoop: any EventLoop) {
    self.hub = hub
    self.identity = identity
    self.place = place
    self.eventLoop = eventLoop
    reader = SocketMessageReader(maxBytes: hub.limits.maxMessageBytes)
    bucket = TokenBucket(hub.frameRate, at: .now)
  }

  // MARK: Life

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // The handlers of HTTP are still there, and leave at once.
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.execute { bound.value.begin() }
  }

  private func begin() {
    guard phase == .opening, let context, context.channel.isActive else { return ended() }
    phase = .open
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let loop = eventLoop
    membership = hub.join(identity.credential, identity.call.principal) { closure in
      loop.execute { bound.value.close(closure) }
    }
    let session = SocketSession(hub, identity, output: self)
    self.session = session
    send(session.welcome)
    scheduleTick()
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { ended() }

  private func ended() {
    guard phase != .closed else { return }
    phase = .closed
    tick?.cancel()
    ending?.cancel()
    letGo()
    place = nil
    context = nil
    let end = endLabel ?? ("dropped", nil)
    hub.logEnd(identity.call.requestID, end.label, code: end.code, open: NIODeadline.now() - opened)
  }

  private func letGo() {
    if let membership { hub.leave(membership) }
    membership = nil
    session?.end()
    session = nil
    queue = CircularBuffer()
    queuedBytes = 0
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent: drain()
    // Half of a WebSocket is none.
    case ChannelEvent.inputClosed: context.close(promise: nil)
    default: break
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func drain() {
    guard phase == .open || phase == .opening, let session else { return shut() }
    phase = .draining
    send(session.goingAway)
    session.drain()
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ending = eventLoop.scheduleTask(in: TimeAmount(hub.drainTimeout)) { bound.value.close(.goingAway) }
    workEnded()
  }

  /// Told by the session when nothing is in work any more.
  func workEnded() {
    if phase == .draining, session?.isWorking != true { close(.goingAway) }
  }

  // MARK: In

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard phase != .closed else { return }
    lastHeard = .now()
    do {
      let incoming = try reader.read(unwrapInboundIn(data))
      if phase == .closing {
        if case .close = incoming { shut() }
        return
      }
      if case .close(let code) = incoming { return answerClose(code) }
      guard admits() else { return }
      switch incoming {
      case .text(let text):
        lastMessage = .now()
        hub.counters.framesIn.increment(by: 1)
        session?.received(text)
      case .ping(let data):
        // A client that takes nothing gets no pongs to pile up.
        if context.channel.isWritable { write(.pong, data, flush: true) }
      case .pong, .fragment, .close: break
      }
    } catch {
      close(error)
    }
  }

  /// Counts a frame of any kind.
  private func admits() -> Bool {
    guard let wait = bucket.take(1, of: hub.frameRate, at: .now) else {
      isTooFast = false
      // Only a pause makes up for it: else one frame in time would excuse hundreds.
      if bucket.level > hub.limits.frameBurst / 2 { refusals = 0 }
      return true
    }
    refusals += 1
    hub.counters.refused.increment(by: 1)
    if !isTooFast, let session { send(session.tooFast(retryAfter: wait)) }
    isTooFast = true
    if refusals > Self.maxRefusals { close(.tooManyFrames) }
    return false
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case NIOWebSocketError.invalidFrameLength:
      close(SocketClosure(.tooLarge, "a message may have at most \(hub.limits.maxMessageBytes) bytes"))
    case is NIOWebSocketError: close(.protocolError("a control frame is whole, and of at most 125 bytes"))
    default: shut()
    }
  }

  // MARK: Out

  /// Whether what is sent now goes out at once.
  var isTaking: Bool {
    (phase == .open || phase == .draining) && queue.isEmpty && context?.channel.isWritable == true
  }

  /// Sends a message as soon as the client takes it, in order.
  func send(_ text: ByteBuffer) {
    guard phase == .open || phase == .draining else { return }
    if isTaking { return write(.text, text, flush: true) }
    queue.append(text)
    queuedBytes += text.readableBytes
    if queue.count > hub.limits.maxQueuedFrames || queuedBytes > hub.limits.maxQueuedBytes { close(.slow) }
  }

  /// Sends one of several messages, while `isTaking`; `flush` ends them.
  func write(_ text: ByteBuffer) { write(.text, text, flush: false) }
  func flush() { context?.flush() }

  private func write(_ opcode: WebSocketOpcode, _ data: ByteBuffer, flush: Bool) {
    guard let context else { return }
    if opcode == .text {
      lastMessage = .now()
      hub.counters.framesOut.increment(by: 1)
    }
    let frame = wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data))
    if flush { context.writeAndFlush(frame, promise: nil) } else { context.write(frame, promise: nil) }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      blockedSince = nil
      while context.channel.isWritable, let text = queue.popFirst() {
        queuedBytes -= text.readableBytes
        write(.text, text, flush: false)
      }
      context.flush()
      if isTaking { session?.goOn() }
    } else if blockedSince == nil {
      blockedSince = .now()
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Heartbeat

  private func scheduleTick() {
    let limits = hub.limits
    let interval = min(limits.pingInterval, limits.silenceTimeout, limits.stallTimeout) / 2
    tick = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(interval)) { self.look() }
  }

  private func look() {
    let (limits, now) = (hub.limits, NIODeadline.now())
    func isOver(_ since: NIODeadline, _ limit: Duration) -> Bool { now - since >= TimeAmount(limit) }
    guard phase == .open || phase == .draining else { return }
    if let blockedSince, isOver(blockedSince, limits.stallTimeout) { return close(.slow) }
    if isOver(lastHeard, limits.silenceTimeout) { return close(.silent) }
    if limits.idleTimeout > .zero, isOver(lastMessage, limits.idleTimeout) { return close(.idle) }
    if isOver(lastPing, limits.pingInterval), context?.channel.isWritable == true {
      lastPing = now
      write(.ping, ByteBuffer(), flush: true)
    }
    scheduleTick()
  }

  // MARK: The end

  /// Tells the client why, and closes when it has answered, or soon.
  func close(_ closure: SocketClosure) {
    guard phase != .closing, phase != .closed, context != nil else { return }
    // What was promised before goes first, except to whom takes nothing.
    if closure != .slow { for text in queue { write(.text, text, flush: false) } }
    phase = .closing
    endLabel = (closure.label, closure.code.rawValue)
    writeClose(closure.code.rawValue, closure.reason)
    letGo()
    tick?.cancel()
    ending?.cancel()
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    ending = eventLoop.scheduleTask(in: Self.closeTimeout) { bound.value.shut() }
  }

  private func answerClose(_ code: UInt16?) {
    phase = .closing
    endLabel = ("client", code)
    writeClose(code ?? SocketClosure.Code.normal.rawValue, "")
    letGo()
    shut()
  }

  private func writeClose(_ code: UInt16, _ reason: String) {
    var data = ByteBuffer()
    data.writeInteger(code)
    data.writeString(reason)
    write(.connectionClose, data, flush: true)
  }

  private func shut() { context?.close(promise: nil) }
}

extension SocketHub {
  var frameRate: TokenBucket.Size {
    TokenBucket.Size(rate: limits.framesPerSecond, burst: limits.frameBurst)
  }
}
