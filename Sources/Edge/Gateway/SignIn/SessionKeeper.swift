import Domain
import Foundation
import HTTPTypes
import Security

/// Knows who is signed in: reads sessions from the store with every request, so that one that ended in another process
/// has ended here.
final class SessionKeeper: Sendable {
  /// How often a session in use is asked about at the provider.
  static let checkInterval: TimeInterval = 45
  /// Until then those go on who do not ask themselves: a check that is under way is over by then, and a user who was
  /// removed is out within a minute.
  static let overdue: TimeInterval = 55
  /// Longer than a check may take.
  static let lease: TimeInterval = 12
  /// From one call that was not answered to the next.
  static let retryPause: TimeInterval = 10
  /// Sessions of one user at one time; the oldest gives way.
  static let maxPerUser = 20

  let configuration: SignInConfiguration
  let provider: ProviderClient
  let store: any StaffSessionStore
  let sealing: any Sealing
  /// Of what a browser carries while it signs in.
  let cookieSealing: TokenSecretsSealing
  let audit: any AuditLog
  let metrics: SignInMetrics
  let clock: @Sendable () -> Date
  var rules: IssuerConfiguration { provider.issuer.configuration }

  init(
    _ configuration: SignInConfiguration, provider: ProviderClient, services: GatewayServices,
    metrics: SignInMetrics
  ) {
    self.configuration = configuration
    self.provider = provider
    self.metrics = metrics
    store = services.sessions
    sealing = services.sealing
    cookieSealing = TokenSecretsSealing(services.tokenSecrets)
    audit = services.audit
    clock = services.clock
  }

  /// Ties sessions to the provider and client that made them.
  var providerMark: String {
    Digest.hex(Digest.sha256(rules.issuer + "\n" + configuration.clientID).prefix(8))
  }

  // MARK: Requests

  /// Whether a request comes with a session, be it one that has ended.
  func isPresented(_ head: HTTPRequest) -> Bool {
    !SessionCookies.values(of: configuration.cookies.session, in: head.headerFields).isEmpty
  }

  /// Who sent a request.
  ///
  /// - Parameter countsAsUse: false for what a page asks by itself, so that an open page does not keep a session alive.
  /// - Throws: `unauthorized`, `csrf_refused`, `issuer_unavailable`, `forbidden`.
  func principal(for head: HTTPRequest, countsAsUse: Bool) async throws -> Principal {
    let (session, secret) = try await current(head)
    if Self.isWebSocket(head.headerFields) {
      // A GET that opens everything, and that no page can give a header to; browsers always say of which origin it is.
      guard head.headerFields[values: .origin] == [configuration.publicURL] else { throw Problem.csrfRefused }
    } else if Self.mayChange(head.method) {
      try requireOwnPage(head.headerFields, secret)
    }
    let now = clock()
    let step = min(30, configuration.idle.seconds / 20)
    if countsAsUse, now >= session.usedAt.addingTimeInterval(step) {
      // A store that is full must not keep people from reading.
      try? await store.noteUse(ofStaffSession: session.id, at: now)
    }
    guard let principal = principal(of: session) else { throw Problem.noRole }
    return principal
  }

  /// The session of a request, and what the browser holds of it.
  ///
  /// - Throws: `unauthorized`, `issuer_unavailable`.
  func current(_ head: HTTPRequest) async throws -> (StaffSession, SessionSecret) {
    // Two of one name: somebody else's host or page set one of them.
    let values = SessionCookies.values(of: configuration.cookies.session, in: head.headerFields)
    guard values.count == 1, let secret = SessionSecret(presented: values[0]),
      let session = try await store.staffSession(secretHash: secret.hash), isAlive(session, at: clock())
    else { throw Problem.sessionOver }
    return (try await checked(session), secret)
  }

  /// Nil where none of the user's groups has a role.
  func principal(of session: StaffSession) -> Principal? {
    rules.principal(user: session.user, groups: session.groups)
  }

  func isAlive(_ session: StaffSession, at now: Date) -> Bool {
    session.provider == providerMark && now < idleEnd(of: session) && now < end(of: session)
  }

  func idleEnd(of session: StaffSession) -> Date {
    session.usedAt.addingTimeInterval(configuration.idle.seconds)
  }

  /// As the settings now say, where that is earlier.
  func end(of session: StaffSession) -> Date {
    min(session.endsAt, session.createdAt.addingTimeInterval(configuration.lifetime.seconds))
  }

  // MARK: Requests that another site made the browser send

  private static func mayChange(_ method: HTTPRequest.Method) -> Bool {
    ![.get, .head, .options].contains(method)
  }

  private static func isWebSocket(_ headers: HTTPFields) -> Bool {
    headers[.secWebSocketKey] != nil
      || headers[values: .upgrade].contains { $0.lowercased().contains("websocket") }
  }

  /// A page of ours sends the session's token, which no other page can read. What the browser itself says of where the
  /// request comes from is looked at besides, where it says it: proxies and older browsers leave it out, so that it
  /// cannot be all.
  private func requireOwnPage(_ headers: HTTPFields, _ secret: SessionSecret) throws(Problem) {
    let tokens = headers[values: .csrfToken]
    guard tokens.count == 1, secret.isCSRFToken(tokens[0]) else { throw .csrfRefused }
    let sites = headers[values: .secFetchSite]
    // Under our own Referrer-Policy a page's request of mode `same-origin` has the origin `null` (Fetch, section 3.2).
    let own = sites == ["same-origin"] ? [configuration.publicURL, "null"] : [configuration.publicURL]
    guard headers[values: .origin].allSatisfy(own.contains),
      sites.allSatisfy({ ["same-origin", "none"].contains($0) })
    else { throw .csrfRefused }
  }

  // MARK: Beginnings and ends

  func begin(_ identity: ProviderClient.Identity, refreshToken: String) async throws -> SessionSecret {
    let now = clock()
    let secret = SessionSecret()
    let id = UUID().uuidString.lowercased()
    let session = StaffSession(
      id: id, secretHash: secret.hash, provider: providerMark, user: identity.user,
      groups: identity.groups ?? [], sealed: try await sealing.seal(Data(refreshToken.utf8), context: id),
      createdAt: now, usedAt: now, endsAt: now.addingTimeInterval(configuration.lifetime.seconds),
      checkedAt: now)
    try await record("session.sign_in", id, by: identity.user)
    try await store.insert(session, limit: Self.maxPerUser)
    metrics.count(SignInMetrics.Outcome.signedIn)
    await count()
    return secret
  }

  /// Ends a session in every process.
  ///
  /// - Parameter actor: as the audit log names whoever does it; nil for the user of the session.
  /// - Returns: false where it had ended before.
  @discardableResult
  func end(
    _ session: StaffSession, _ reason: SignInMetrics.Ending, action: String, by actor: String? = nil
  ) async throws -> Bool {
    try await audit.record(
      AuditEvent(actor: actor ?? "user:" + session.user, action: action, target: session.id), at: clock())
    let isRemoved = try await store.removeStaffSession(session.id)
    if isRemoved { metrics.count(reason) }
    await count()
    return isRemoved
  }

  /// Tells the provider that its token is not needed any more.
  func revoke(_ session: StaffSession) async {
    guard let token = try? await sealing.open(session.sealed, context: session.id) else { return }
    await provider.revoke(String(decoding: token, as: UTF8.self))
  }

  func record(_ action: String, _ target: String, by user: String?) async throws {
    try await audit.record(
      AuditEvent(actor: user.map { "user:" + $0 } ?? "anonymous", action: action, target: target),
      at: clock())
  }

  /// Removes what nobody used for long enough, or is old enough; until it is cancelled.
  func keepSweeping(every interval: Duration) async {
    repeat { try? await sweep() } while (try? await Task.sleep(for: interval)) != nil
  }

  func sweep() async throws {
    let now = clock()
    let lapsed = try await store.removeStaffSessions(
      unusedSince: now.addingTimeInterval(-configuration.idle.seconds),
      begunBefore: now.addingTimeInterval(-configuration.lifetime.seconds), endingBy: now)
    // After the fact: they had ended before by themselves.
    for session in lapsed {
      metrics.count(SignInMetrics.Ending.lapsed)
      try await record("session.lapse", session.id, by: session.user)
    }
    await count()
  }

  private func count() async {
    if let count = try? await store.countStaffSessions() { metrics.set(sessions: count) }
  }
}

extension HTTPField.Name {
  static let csrfToken = Self("X-CSRF-Token")!
  static let secFetchSite = Self("Sec-Fetch-Site")!
}
