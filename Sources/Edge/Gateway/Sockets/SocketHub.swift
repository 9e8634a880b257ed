import Conversation
import Domain
import Foundation
import HTTPTypes
import Logging
import Metrics
import NIOCore
import Security
import Synchronization

/// What all WebSockets of this process share: their number, their place in the queues of work, and the look at their
/// credentials.
final class SocketHub: Sendable {
  let limits: GatewayConfiguration.Sockets
  let readTimeout: Duration
  let drainTimeout: Duration
  let conversations: ConversationService
  let feed: ConversationFeed
  let reads: Admission
  let work: WorkInFlight
  let limiter: RateLimiter
  let counters: SocketCounters
  private let authenticator: Authenticator
  private let logger: Logger

  private struct Member {
    /// What was presented, and nothing else of the request.
    let credential: HTTPRequest
    let principal: Principal
    let end: @Sendable (SocketClosure) -> Void
  }
  private struct State {
    var open = 0
    var nextID: UInt64 = 0
    var members: [UInt64: Member] = [:]
  }
  private let state = Mutex(State())

  init(
    services: GatewayServices, configuration: GatewayConfiguration, authenticator: Authenticator,
    reads: Admission, work: WorkInFlight, limiter: RateLimiter, logger: Logger
  ) {
    limits = configuration.sockets
    readTimeout = configuration.limits.readTimeout
    drainTimeout = configuration.limits.drainTimeout
    conversations = services.conversations
    feed = services.conversations.makeFeed(logger: logger)
    counters = SocketCounters(services.metrics)
    self.authenticator = authenticator
    self.reads = reads
    self.work = work
    self.limiter = limiter
    self.logger = logger
    let maxOpen = limits.maxOpen
    services.metrics.gauge("frontdesk_sockets_open") { [weak self] in Double(self?.open ?? 0) }
    services.metrics.gauge("frontdesk_sockets_limit") { Double(maxOpen) }
    services.metrics.gauge("frontdesk_socket_subscriptions") { [feed] in Double(feed.listenerCount) }
  }

  // MARK: Number

  /// Room for one socket; free again when nobody holds it.
  final class Place: Sendable {
    private let hub: SocketHub
    fileprivate init(_ hub: SocketHub) { self.hub = hub }
    deinit { hub.state.withLock { $0.open -= 1 } }
  }

  /// - Throws: `overloaded` where all places are taken.
  func enter() throws(Problem) -> Place {
    let hasRoom = state.withLock { state in
      guard state.open < limits.maxOpen else { return false }
      state.open += 1
      return true
    }
    guard hasRoom else {
      throw Problem("overloaded", "As many WebSockets are open as this server holds; try again shortly.")
    }
    return Place(self)
  }

  var open: Int { state.withLock { $0.open } }

  // MARK: Credentials

  /// Watches over a socket's credential until it leaves.
  func join(
    _ credential: HTTPRequest, _ principal: Principal, end: @escaping @Sendable (SocketClosure) -> Void
  ) -> UInt64 {
    state.withLock { state in
      state.nextID += 1
      state.members[state.nextID] = Member(credential: credential, principal: principal, end: end)
      return state.nextID
    }
  }

  func leave(_ id: UInt64) {
    // Let go outside of the lock.
    let member = state.withLock { $0.members.removeValue(forKey: id) }
    _ = member
  }

  /// Ends what a socket may no longer do, until it is cancelled: one look for all sockets of one credential.
  func keepRechecking() async {
    while (try? await Task.sleep(for: limits.recheckInterval)) != nil { await recheck() }
  }

  func recheck() async {
    let groups = Dictionary(
      grouping: state.withLock { $0.members.values.map { $0 } }, by: \.credential)
    // Keys and tokens are looked up here; what a session needs from its provider keeps none of them waiting.
    let (own, sessions) = (
      groups.filter { $0.key.headerFields[.authorization] != nil },
      groups.filter { $0.key.headerFields[.authorization] == nil }
    )
    for (credential, members) in own { await recheck(credential, members) }
    await withTaskGroup(of: Void.self) { tasks in
      for (index, (credential, members)) in sessions.enumerated() {
        if index >= Self.concurrentRechecks { await tasks.next() }
        tasks.addTask { await self.recheck(credential, members) }
      }
    }
  }

  private static let concurrentRechecks = 16

  private func recheck(_ credential: HTTPRequest, _ members: [Member]) async {
    do {
      // A page that is left open keeps nobody signed in.
      let now = try await authenticator.principal(
        for: credential, requirement: SocketRoute.access, countsAsUse: false)
      for member in members where member.principal != now { member.end(.unauthorized) }
    } catch let problem as Problem where [401, 403].contains(problem.row.status) {
      for member in members { member.end(.unauthorized) }
    } catch {
      // A store that cannot tell opens nothing new, and is asked again.
      logger.warning("credentials of WebSockets cannot be looked at", metadata: ["error": "\(error)"])
    }
  }

  // MARK: Log

  func logEnd(_ session: String, _ label: String, code: UInt16?, open duration: TimeAmount) {
    counters.ended(label)
    var metadata: Logger.Metadata = [
      "http.request.id": .string(session), "http.route": "/v1/ws", "event.action": "socket-closed",
      "event.reason": .string(label), "event.duration": .stringConvertible(duration.nanoseconds),
    ]
    if let code { metadata["frontdesk.socket.code"] = .stringConvertible(code) }
    logger.info("socket closed", metadata: metadata)
  }
}

/// What sockets count, made once: frames are many.
struct SocketCounters: Sendable {
  let framesIn: any CounterHandler
  let framesOut: any CounterHandler
  let refused: any CounterHandler
  private let registry: PrometheusRegistry

  init(_ registry: PrometheusRegistry) {
    self.registry = registry
    func frames(_ direction: String) -> any CounterHandler {
      registry.makeCounter(label: Self.frames, dimensions: [("direction", direction)])
    }
    (framesIn, framesOut) = (frames("in"), frames("out"))
    refused = registry.makeCounter(label: Self.refusedFrames, dimensions: [])
    registry.describe(Self.frames, "Messages over WebSockets.")
    registry.describe(Self.refusedFrames, "Messages over WebSockets that came too fast and were not read.")
    registry.describe(Self.closed, "WebSockets that ended, by reason.")
  }

  func ended(_ reason: String) {
    registry.makeCounter(label: Self.closed, dimensions: [("reason", reason)]).increment(by: 1)
  }

  private static let frames = "frontdesk_socket_frames_total"
  private static let refusedFrames = "frontdesk_socket_frames_refused_total"
  private static let closed = "frontdesk_sockets_closed_total"
}
