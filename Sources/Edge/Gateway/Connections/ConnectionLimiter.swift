import NIOCore

/// What the handlers of one connection know of each other; used on its event loop alone.
final class ConnectionState {
  /// Why nothing is served on it.
  var refusal: Problem?
  /// Streams of HTTP/2 that are open.
  var openStreams = 0
  /// When the last of them ended.
  var idleSince = NIODeadline.now()
}

/// The first handler of every connection: counts it, and closes it where no protocol comes about, or none goes on.
///
/// HTTP/1.1 has its own deadlines (`ConnectionGate`). Those here are for the time before a protocol was agreed on, and
/// for connections of HTTP/2 whose client answers nothing: what the protocol does politely waits for the client.
final class ConnectionLimiter: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any
  typealias InboundOut = Any

  enum Phase { case negotiating, http1, http2 }

  private let state: ConnectionState
  private let count: ConnectionCount
  private let timeouts: ConnectionGate.Timeouts
  private var phase: Phase
  private var address: IPAddress?
  private var isCounted = false
  private var isDraining = false
  private var deadline: Scheduled<Void>?

  init(
    _ state: ConnectionState, count: ConnectionCount, timeouts: ConnectionGate.Timeouts, phase: Phase
  ) {
    self.state = state
    self.count = count
    self.timeouts = timeouts
    self.phase = phase
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { begin(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  private func begin(_ context: ChannelHandlerContext) {
    guard !isCounted, state.refusal == nil else { return }
    address = context.remoteAddress?.ipAddress.flatMap(IPAddress.init)
    switch count.add(from: address) {
    case .counted: isCounted = true
    case .full: state.refusal = .overloaded
    case .addressFull: state.refusal = .tooManyConnections
    }
    if phase == .negotiating { schedule(context, in: timeouts.header) { $0.close(promise: nil) } }
  }

  /// A protocol was agreed on.
  func became(_ phase: Phase, _ context: ChannelHandlerContext) {
    self.phase = phase
    deadline?.cancel()
    guard phase == .http2 else { return }
    if state.refusal != nil { return context.close(promise: nil) }
    state.idleSince = .now()
    watchStreams(context)
  }

  private func watchStreams(_ context: ChannelHandlerContext) {
    let limit = timeouts.next
    schedule(context, in: limit) { [self] context in
      if state.openStreams == 0, NIODeadline.now() - state.idleSince >= limit {
        context.close(promise: nil)
      } else {
        watchStreams(context)
      }
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent, !isDraining {
      isDraining = true
      switch phase {
      case .negotiating: context.close(promise: nil)
      case .http1: break
      case .http2:
        // Its streams may end; without any, the farewell has a moment to be read.
        let grace = state.openStreams == 0 ? timeouts.linger : timeouts.drain
        schedule(context, in: grace) { $0.close(promise: nil) }
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  private func end() {
    deadline?.cancel()
    deadline = nil
    if isCounted { count.remove(from: address) }
    isCounted = false
  }

  private func schedule(
    _ context: ChannelHandlerContext, in time: TimeAmount,
    _ action: @escaping (ChannelHandlerContext) -> Void
  ) {
    deadline?.cancel()
    deadline = context.eventLoop.assumeIsolated().scheduleTask(in: time) { action(context) }
  }
}

extension Problem {
  static let tooManyConnections = Problem(
    "too_many_connections",
    "Your address has too many connections open; close some, or send more requests on each.")
}
