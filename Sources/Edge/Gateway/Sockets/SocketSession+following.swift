import Conversation
import Domain
import Foundation
import NIOCore
import Security

/// How far a client has come in one conversation.
final class Following {
  /// The newest message that was sent.
  var sent: Int
  /// The newest message that is known of.
  var known: Int
  /// There may be more than is known of.
  var isBehind = false
  /// The store is being read; nothing is sent from elsewhere meanwhile.
  var isReading = true
  var subscription: ConversationFeed.Subscription?

  init(after sequence: Int) {
    sent = sequence
    known = sequence
  }
}

extension SocketSession {
  func subscribe(_ request: SocketRequest) throws {
    let (id, after) = try (request.conversation(), request.after())
    guard followed[id] != nil || followed.count < hub.limits.maxSubscriptions else {
      throw Problem(
        "too_many_subscriptions",
        "A socket follows at most \(hub.limits.maxSubscriptions) conversations; unsubscribe from some.")
    }
    forget(id)
    let following = Following(after: after)
    followed[id] = following
    // First listen, then look how far it is: what is said between is heard of.
    listen(to: id, following)
    let (call, conversations) = (identity.call, hub.conversations)
    work(request, in: .subscriptions, cost: 1) {
      let found = try await conversations.conversation(id, for: call.principal)
      guard after <= found.lastSequence else {
        throw Problem(
          "invalid_field",
          "after: the newest message of this conversation is \(found.lastSequence); follow it from there or before."
        )
      }
      try await call.recordReading(of: found)
      return found
    } then: { session, found in
      guard session.followed[id] === following else { return }
      following.known = max(following.known, found.lastSequence)
      following.isReading = false
      session.output.send(
        request.answer(
          "subscribed",
          ["conversation": SocketFrame.json(ConversationView(found)), "after": .integer(Int64(after))]))
      session.pump(id, following)
    } orElse: { session in
      if session.followed[id] === following { session.forget(id) }
    }
  }

  private func listen(to id: String, _ following: Following) {
    let loop = output.eventLoop
    let bound = NIOLoopBound((self, following), eventLoop: loop)
    following.subscription = hub.feed.listen(to: id) { event in
      loop.execute {
        let (session, following) = bound.value
        if session.followed[id] === following { session.heard(event, id, following) }
      }
    }
  }

  func forget(_ id: String) {
    followed.removeValue(forKey: id)?.subscription?.cancel()
  }

  private func heard(_ event: ConversationFeed.Event, _ id: String, _ following: Following) {
    switch event {
    case .behind: following.isBehind = true
    case .message(let message):
      following.known = max(following.known, message.sequence)
      // What quotes documents is read through the service, which looks who may see them.
      if message.answer != nil {
        following.isBehind = true
      } else if !following.isReading, message.sequence == following.sent + 1, output.isTaking {
        following.sent = message.sequence
        output.send(SocketFrame.message(message, in: id))
        // Who holds it has changed, and so may have who may read it: the next look at the store tells.
        if message.status != nil { following.isBehind = true }
      }
    }
    pump(id, following)
  }

  /// The connection takes more.
  func goOn() { for (id, following) in followed { pump(id, following) } }

  /// Reads what was not sent yet, where the connection takes it.
  private func pump(_ id: String, _ following: Following) {
    guard !hasEnded, !following.isReading, following.isBehind || following.known > following.sent,
      output.isTaking
    else { return }
    following.isReading = true
    following.isBehind = false
    let (hub, principal, after) = (hub, identity.call.principal, following.sent)
    let loop = output.eventLoop
    let bound = NIOLoopBound((self, following), eventLoop: loop)
    Task {
      let result = await hub.messages(of: id, after: after, for: principal)
      loop.execute {
        let (session, following) = bound.value
        guard !session.hasEnded, session.followed[id] === following else { return }
        session.took(result, id, following)
      }
    }
  }

  private func took(_ result: Result<[Message], any Error>, _ id: String, _ following: Following) {
    switch result {
    case .success(let messages):
      following.isReading = false
      for message in messages where message.sequence > following.sent {
        guard output.isTaking else { break }
        following.sent = message.sequence
        output.write(SocketFrame.message(message, in: id))
      }
      output.flush()
      following.known = max(following.known, following.sent)
      // Where the store has nothing more, what was known of was erased.
      if messages.isEmpty { following.known = following.sent }
      if messages.count == SocketHub.pageSize { following.isBehind = true }
      pump(id, following)
    case .failure(let error as ConversationError):
      forget(id)
      output.send(SocketFrame.unsubscribed(from: id, Problem(describing: error)))
    case .failure:
      // Busy or stopping: asked again, since the client was promised it.
      let bound = NIOLoopBound((self, following), eventLoop: output.eventLoop)
      output.eventLoop.scheduleTask(in: .seconds(1)) {
        let (session, following) = bound.value
        guard !session.hasEnded, session.followed[id] === following else { return }
        following.isReading = false
        following.isBehind = true
        session.pump(id, following)
      }
    }
  }
}

extension SocketHub {
  /// Messages that are read from the store at one time.
  fileprivate static let pageSize = 50

  fileprivate func messages(
    of conversation: String, after sequence: Int, for principal: Principal
  ) async -> Result<[Message], any Error> {
    do {
      let place = try await reads.enter()
      defer { place.leave() }
      return .success(
        try await conversations.messages(
          of: conversation, after: sequence, limit: Self.pageSize, for: principal))
    } catch { return .failure(error) }
  }
}
