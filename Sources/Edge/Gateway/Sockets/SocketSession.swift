import Conversation
import Domain
import Foundation
import HTTPTypes
import NIOCore
import Security

/// Who is at the other end of a socket.
struct SocketIdentity: Sendable {
  /// As of a request without a body: frames fill it in.
  let call: Call
  /// What is looked at again while the socket is open.
  let credential: HTTPRequest
}

/// What a client does over a socket: it follows conversations and speaks in them. Used on its event loop alone.
///
/// A message that a client is to be shown waits in the store until the connection takes it. Of each conversation the
/// session knows only the number of the newest message that was sent, and the newest that there is: nothing is lost or
/// sent twice, and a slow client costs no memory.
final class SocketSession {
  /// What is worked on one after the other.
  enum Lane: Hashable { case messages, subscriptions }

  private struct Queue {
    var waiting = CircularBuffer<SocketRequest>()
    var isBusy = false
  }

  let hub: SocketHub
  let identity: SocketIdentity
  unowned let output: SocketHandler
  var followed: [String: Following] = [:]
  private var lanes: [Lane: Queue] = [:]
  private var isDraining = false
  private(set) var hasEnded = false

  init(_ hub: SocketHub, _ identity: SocketIdentity, output: SocketHandler) {
    self.hub = hub
    self.identity = identity
    self.output = output
  }

  /// Hears and sends nothing more. What is in work goes on: what was taken in is answered in the store.
  func end() {
    hasEnded = true
    for following in followed.values { following.subscription?.cancel() }
    followed = [:]
    lanes = [:]
  }

  /// Whether a message is being worked on.
  var isWorking: Bool { lanes[.messages]?.isBusy == true }

  /// Takes no more messages; those that wait are refused, so that they are sent again elsewhere.
  func drain() {
    isDraining = true
    guard let waiting = lanes[.messages]?.waiting else { return }
    lanes[.messages]?.waiting = CircularBuffer()
    for request in waiting { refuse(request, Problem.shuttingDown) }
  }

  // MARK: Requests

  func received(_ text: ByteBuffer) {
    let request = SocketRequest(text)
    do {
      switch try request.kind() {
      case .ping: output.send(request.answer("pong"))
      case .unsubscribe:
        let id = try request.conversation()
        forget(id)
        output.send(request.answer("unsubscribed", ["conversation_id": .string(id)]))
      case .subscribe: try enqueue(request, in: .subscriptions)
      case .message, .open: try enqueue(request, in: .messages)
      }
    } catch {
      refuse(request, error)
    }
  }

  private func enqueue(_ request: SocketRequest, in lane: Lane) throws(Problem) {
    if isDraining { throw .shuttingDown }
    guard lanes.values.reduce(0, { $0 + $1.waiting.count }) < hub.limits.maxPendingWork else {
      throw Problem("overloaded", "Too much of what you sent is still waiting; send it again shortly.")
    }
    lanes[lane, default: Queue()].waiting.append(request)
    next(in: lane)
  }

  private func next(in lane: Lane) {
    guard !hasEnded, lanes[lane]?.isBusy != true, let request = lanes[lane]?.waiting.popFirst() else {
      return
    }
    lanes[lane]?.isBusy = true
    do {
      switch try request.kind() {
      case .subscribe: try subscribe(request)
      case .message: try say(request)
      case .open: open(request)
      case .ping, .unsubscribe: done(in: lane)
      }
    } catch {
      refuse(request, error)
      done(in: lane)
    }
  }

  func done(in lane: Lane) {
    lanes[lane]?.isBusy = false
    next(in: lane)
    if lane == .messages { output.workEnded() }
  }

  func refuse(_ request: SocketRequest, _ error: any Error) {
    output.send(request.error(Problem(describing: error)))
  }

  /// Works off the event loop, under the same limits as a request over REST, and comes back to it.
  func work<Result: Sendable>(
    _ request: SocketRequest, in lane: Lane, cost: Int,
    _ operation: @escaping @Sendable () async throws -> Result,
    then: @escaping (SocketSession, Result) -> Void,
    orElse: @escaping (SocketSession) -> Void = { _ in }
  ) {
    let loop = output.eventLoop
    let bound = NIOLoopBound((self, then, orElse), eventLoop: loop)
    let (hub, caller) = (hub, identity.call.caller)
    Task {
      let result: Swift.Result<Result, any Error>
      do { result = .success(try await hub.run(operation, cost: cost, for: caller)) } catch {
        result = .failure(error)
      }
      loop.execute {
        let (session, then, orElse) = bound.value
        guard !session.hasEnded else { return }
        switch result {
        case .success(let value): then(session, value)
        case .failure(let error):
          orElse(session)
          session.refuse(request, error)
        }
        session.done(in: lane)
      }
    }
  }

  // MARK: Speaking

  private func open(_ request: SocketRequest) {
    var call = identity.call.with(body: request.opening)
    // Sent again after a lost answer, under the same client_id, it opens nothing twice: as over REST.
    if let clientID = request.clientID { call.head.headerFields[.idempotencyKey] = clientID }
    work(request, in: .messages, cost: 4) { [call] in
      try await call.openConversationOnce()
    } then: { session, conversation in
      session.output.send(request.answer("opened", ["conversation": conversation]))
    }
  }

  private func say(_ request: SocketRequest) throws {
    let call = identity.call.with(body: request.body)
    let id = try request.conversation()
    let (text, clientID) = try call.newMessage()
    guard clientID != nil else {
      throw Problem("missing_field", "client_id: it is missing; make a new one for each message.")
    }
    let loop = output.eventLoop
    let bound = NIOLoopBound(self, eventLoop: loop)
    work(request, in: .messages, cost: 8) { [conversations = hub.conversations] in
      try await conversations.say(
        text, clientID: clientID, in: id, for: call.principal,
        kept: { message in
          loop.execute {
            let session = bound.value
            guard !session.hasEnded else { return }
            session.output.send(request.answer("ack", ["seq": .integer(Int64(message.sequence))]))
          }
        }
      ) { try await call.answer($0) }
    } then: { session, turn in
      session.output.send(
        request.answer(
          "reply",
          [
            "in_reply_to": .integer(Int64(turn.message.sequence)),
            "seq": turn.reply.map { .integer(Int64($0.sequence)) } ?? .null,
          ]))
    }
  }
}

extension SocketHub {
  /// - Throws: `rate_limited`, `overloaded`, `request_timeout`, `shutting_down`, and what the operation throws.
  func run<Result: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Result, cost: Int, for caller: RateLimiter.Caller
  ) async throws -> Result {
    _ = try limiter.charge(caller.scope, caller.name, cost: cost)
    let place = try await reads.enter()
    return try await work.run(timeout: readTimeout) {
      defer { place.leave() }
      return try await operation()
    }
  }
}
