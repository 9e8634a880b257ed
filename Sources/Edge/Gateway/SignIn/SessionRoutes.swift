import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

/// Signing in and out with a browser, and the sessions of all.
///
/// None takes a place of the writes: a provider that hangs must not hold those up.
extension GatewayRoutes {
  private static let tag = "Sessions"
  private static let place: PathTemplate = "/v1/session"
  private static let loginErrors = ["sign_in_off", "issuer_unavailable"]

  /// - Parameter signIn: nil where nobody signs in; the routes then say so.
  static func sessions(_ signIn: SignInFlow?) -> [Route] {
    [login(signIn), callback(signIn), whoAmI(signIn), logout(signIn), list(signIn), end(signIn)]
  }

  private static func require(_ signIn: SignInFlow?) throws(Problem) -> SignInFlow {
    guard let signIn else { throw .signInOff }
    return signIn
  }

  private static func login(_ signIn: SignInFlow?) -> Route {
    Route(
      .get, "/v1/session/login", access: .open, lane: .read, cost: 4, errorShape: .page,
      documentation: Documentation(
        id: "login", tag: tag, summary: "Sign in at the identity provider",
        description: """
          For a browser: redirects to the provider (OpenID Connect, authorization code with PKCE), which sends it on to \
          `/v1/session/callback`. The answer must come within ten minutes and in the same browser.
          """,
        query: [
          .init(
            "return_to", .string,
            "A path of this server, where the browser is sent then; `/v1/session` if left out.")
        ],
        responses: [303: .empty("To the provider")], errors: ["invalid_return_to"] + loginErrors)
    ) { call in
      try await require(signIn).begin(returnTo: call.query["return_to"])
    }
  }

  private static func callback(_ signIn: SignInFlow?) -> Route {
    Route(
      .get, "/v1/session/callback", access: .open, lane: .read, cost: 8, errorShape: .page,
      documentation: Documentation(
        id: "loginCallback", tag: tag, summary: "Come back from the identity provider",
        description: """
          Where the provider sends the browser: sets the session's cookie, which no script reads, and redirects to where \
          the sign-in began. No token of the provider reaches the browser. An answer is taken once.
          """,
        query: [
          .init("code", .string, "From the provider."),
          .init("state", .string, "As it was sent to the provider."),
          .init("iss", .string, "The provider (RFC 9207)."),
          .init("error", .string, "Why the provider refused."),
        ],
        responses: [303: .empty("To where the sign-in began")],
        errors: ["invalid_login", "sign_in_refused"] + loginErrors)
    ) { call in
      try await require(signIn).complete(call.head, call.query)
    }
  }

  private static func whoAmI(_ signIn: SignInFlow?) -> Route {
    Route(
      .get, place, access: .session, lane: .read,
      documentation: Documentation(
        id: "getSession", tag: tag, summary: "Who is signed in",
        description: """
          What this browser's session may, and when it ends. `csrf_token` goes as `X-CSRF-Token` with every request of the \
          session that is no GET. Asking does not count as using: the session still ends when nothing else is done.
          """,
        responses: [200: .json("Session")], errors: ["issuer_unavailable"])
    ) { call in
      let keeper = try require(signIn).keeper
      let (session, secret) = try await keeper.current(call.head)
      return .json(
        OwnSessionView(session: SessionView(session, keeper), principal: call.principal, secret: secret))
    }
  }

  private static func logout(_ signIn: SignInFlow?) -> Route {
    Route(
      .post, "/v1/session/logout", access: .session, lane: .read, cost: 4,
      documentation: Documentation(
        id: "logout", tag: tag, summary: "Sign out",
        description: """
          Ends this browser's session in every process, and the provider's refresh token. `logout_url` is where to send \
          the browser to be signed out at the provider, too; null where the provider has no such place.
          """,
        responses: [200: .json("SignedOut")], errors: ["issuer_unavailable", "storage_full"])
    ) { call in
      let signIn = try require(signIn)
      let keeper = signIn.keeper
      let (session, _) = try await keeper.current(call.head)
      try await keeper.end(session, .signedOut, action: "session.sign_out")
      await keeper.revoke(session)
      let cookies = keeper.configuration.cookies
      return .json(
        SignedOutView(logoutURL: await signIn.logoutURL()),
        headers: [.setCookie: cookies.setting(cookies.session, to: "", for: 0)])
    }
  }

  private static func list(_ signIn: SignInFlow?) -> Route {
    Route(
      .get, "/v1/sessions", access: .keyed(.manageKeys), lane: .read,
      documentation: Documentation(
        id: "listSessions", tag: tag, summary: "List sessions",
        description: """
          Of everybody who is signed in, in the order of their making; users by a pseudonym, as in the audit log. Whoever \
          reaches some knowledge bases only finds those sessions that reach no others.
          """,
        responses: [200: .json("SessionList")], errors: ["sign_in_off"])
    ) { call in
      let keeper = try require(signIn).keeper
      let sessions = try await keeper.visible(to: call.principal)
      return .json(SessionListView(sessions: sessions.map { SessionView($0, keeper) }))
    }
  }

  private static func end(_ signIn: SignInFlow?) -> Route {
    Route(
      .delete, "/v1/sessions/{session}", access: .keyed(.manageKeys), lane: .read, cost: 4,
      documentation: Documentation(
        id: "endSession", tag: tag, summary: "End a session",
        description: "At once, in every process. Whoever it was may sign in again: end that at the provider.",
        responses: [204: .empty("Ended")], errors: ["session_not_found", "sign_in_off", "storage_full"])
    ) { call in
      let keeper = try require(signIn).keeper
      let id = PercentEncoding.decode(call.parameters["session"] ?? "") ?? ""
      guard let session = try await keeper.visible(to: call.principal).first(where: { $0.id == id }),
        try await keeper.end(session, .endedByOwner, action: "session.end", by: call.principal.actor)
      else { throw Problem.sessionNotFound }
      await keeper.revoke(session)
      return Response(status: .noContent)
    }
  }
}

extension SessionKeeper {
  /// Sessions that go on, and that reach nothing which this caller does not.
  fileprivate func visible(to caller: Principal) async throws -> [StaffSession] {
    let now = clock()
    return try await store.staffSessions().filter { session in
      guard isAlive(session, at: now) else { return false }
      guard !caller.knowledgeBases.isEmpty else { return true }
      guard let reach = principal(of: session)?.knowledgeBases else { return false }
      return !reach.isEmpty && reach.allSatisfy(caller.mayReach(kb:))
    }
  }
}

struct SessionView: Encodable {
  let id: String
  let user: String
  /// Nil where the settings no longer give one.
  let role: String?
  let knowledgeBases: [String]
  let groups: [String]
  let createdAt: String
  let usedAt: String
  let idleEndsAt: String
  let endsAt: String

  enum CodingKeys: String, CodingKey {
    case id, user, role, groups
    case knowledgeBases = "kbs"
    case createdAt = "created_at"
    case usedAt = "used_at"
    case idleEndsAt = "idle_ends_at"
    case endsAt = "ends_at"
  }

  init(_ session: StaffSession, _ keeper: SessionKeeper) {
    let principal = keeper.principal(of: session)
    id = session.id
    user = "user:" + session.user
    role = principal?.role.rawValue
    knowledgeBases = principal?.knowledgeBases ?? []
    groups = session.groups
    createdAt = Timestamp.text(session.createdAt)
    usedAt = Timestamp.text(session.usedAt)
    idleEndsAt = Timestamp.text(keeper.idleEnd(of: session))
    endsAt = Timestamp.text(keeper.end(of: session))
  }
}

struct SessionListView: Encodable {
  let sessions: [SessionView]
}

struct OwnSessionView: Encodable {
  let session: SessionView
  let permissions: [String]
  let csrfToken: String

  init(session: SessionView, principal: Principal, secret: SessionSecret) {
    self.session = session
    permissions = Permission.allCases.filter(principal.permissions.contains).map(\.rawValue)
    csrfToken = secret.csrfToken
  }

  enum CodingKeys: String, CodingKey {
    case session, permissions
    case csrfToken = "csrf_token"
  }
}

struct SignedOutView: Encodable {
  let logoutURL: String?

  enum CodingKeys: String, CodingKey {
    case logoutURL = "logout_url"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(logoutURL, forKey: .logoutURL)
  }
}
