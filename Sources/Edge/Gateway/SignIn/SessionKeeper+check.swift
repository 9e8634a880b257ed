import Domain
import Foundation
import Security

/// Holds sessions against the provider: whoever is removed there, or loses their role, is out here within a minute.
extension SessionKeeper {
  /// - Throws: `unauthorized` where the provider no longer vouches for the user, `issuer_unavailable` where it has not
  ///   answered for longer than the grace.
  func checked(_ session: StaffSession) async throws -> StaffSession {
    let now = clock()
    if now < session.checkedAt.addingTimeInterval(Self.checkInterval) { return session }
    let isMine: Bool
    do {
      isMine = try await store.claimCheck(
        ofStaffSession: session.id, seen: session.checkedAt, until: now.addingTimeInterval(Self.lease),
        at: now)
    } catch {
      // A store that takes no writes keeps nobody from reading, for as long as a provider may be silent.
      guard (try? withinGrace(session, cause: nil)) != nil else { throw error }
      return session
    }
    // A caller that goes away takes no check with it: a provider may give each token once.
    guard isMine else { return try await awaitCheck(of: session.id) }
    return try await Task {
      // As it is now that nobody else changes it.
      guard let held = try await store.staffSession(id: session.id) else { throw Problem.sessionOver }
      return try await check(held)
    }.value
  }

  private func check(_ session: StaffSession) async throws -> StaffSession {
    var session = session
    do {
      guard let token = try await sealing.open(session.sealed, context: session.id) else {
        try await end(session, .unreadable, action: "session.end")
        throw Problem.sessionOver
      }
      let now = clock()
      let before = session
      session = try await TimeLimit.run(until: .now + provider.client.timeouts.check) { [self] in
        try await asked(before, String(decoding: token, as: UTF8.self))
      }
      guard principal(of: session) != nil else {
        try await end(session, .noRole, action: "session.refuse")
        throw Problem.noRole
      }
      session.checkedAt = now
      session.unansweredSince = nil
      try await store.settleCheck(of: session)
      return session
    } catch is ProviderClient.Refusal {
      try await end(session, .refused, action: "session.refuse")
      throw Problem.sessionOver
    } catch let problem as Problem where problem.code != "issuer_unavailable" {
      throw problem
    } catch {
      let now = clock()
      try? await store.noteUnanswered(
        ofStaffSession: session.id, since: now, until: now.addingTimeInterval(Self.retryPause))
      return try withinGrace(session, cause: error)
    }
  }

  /// The session as the provider now describes it.
  private func asked(_ session: StaffSession, _ token: String) async throws -> StaffSession {
    var session = session
    let tokens = try await provider.refresh(token)
    if let next = tokens.refreshToken, next != token {
      session.sealed = try await sealing.seal(Data(next.utf8), context: session.id)
      // Written down before anything else can fail: the one before may open nothing any more.
      try await store.reseal(session.sealed, ofStaffSession: session.id)
    } else {
      // Secrets rotate; what is in use is always under the newest.
      session.sealed = try await sealing.seal(Data(token.utf8), context: session.id)
    }
    let identity = try await provider.identity(afterRefresh: tokens)
    guard identity.user == session.user else { throw ProviderClient.Refusal(code: "another_subject") }
    if let groups = identity.groups { session.groups = groups }
    return session
  }

  /// Another request, or another process, asks.
  private func awaitCheck(of id: String) async throws -> StaffSession {
    let deadline = ContinuousClock.now + provider.client.timeouts.check
    while true {
      let now = clock()
      guard let session = try await store.staffSession(id: id), isAlive(session, at: now) else {
        throw Problem.sessionOver
      }
      if now < session.checkedAt.addingTimeInterval(Self.overdue) { return session }
      if session.unansweredSince != nil { return try withinGrace(session, cause: nil) }
      guard ContinuousClock.now < deadline else { throw Problem.issuerUnavailable(nil) }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  private func withinGrace(_ session: StaffSession, cause: (any Error)?) throws -> StaffSession {
    guard clock() < session.checkedAt.addingTimeInterval(configuration.grace.seconds) else {
      throw Problem.issuerUnavailable(cause)
    }
    return session
  }
}
