import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

/// Signs the staff in at the identity provider (OpenID Connect, authorization code with PKCE).
///
/// browser -> begin -> provider -> complete -> session. What the browser carries in between is sealed and short-lived, and
/// each answer is taken once.
struct SignInFlow: Sendable {
  let keeper: SessionKeeper
  static let standardPlace = "/v1/session"

  init(keeper: SessionKeeper) { self.keeper = keeper }

  /// Nil where it is not configured.
  init?(_ configuration: SignInConfiguration?, issuer: IssuerVerifier?, services: GatewayServices) {
    guard let configuration, let issuer else { return nil }
    let provider = ProviderClient(
      configuration: configuration, issuer: issuer, client: IssuerClient(services))
    self.init(
      keeper: SessionKeeper(
        configuration, provider: provider, services: services, metrics: SignInMetrics(services.metrics)))
  }

  private var configuration: SignInConfiguration { keeper.configuration }
  private var provider: ProviderClient { keeper.provider }
  private var rules: IssuerConfiguration { keeper.rules }

  /// Sends a browser to the provider.
  ///
  /// - Throws: `invalid_return_to`, `issuer_unavailable`.
  func begin(returnTo: String?) async throws -> Response {
    let place = returnTo ?? Self.standardPlace
    guard LocalPath.isValid(place) else {
      throw Problem.invalidParameter(
        "return_to", "return_to is a path of this server, such as /docs.", code: "invalid_return_to")
    }
    let discovery = try await counting { try await provider.issuer.keys.discovery() }
    guard let endpoint = IssuerDiscovery.safe(discovery.authorizationEndpoint) else {
      throw Problem.issuerUnavailable(IssuerClient.Malformed(what: "authorization_endpoint"))
    }
    let login = PendingLogin(returnTo: place, at: keeper.clock())
    keeper.metrics.count(SignInMetrics.Outcome.begun)
    return redirect(
      to: endpoint + (endpoint.contains("?") ? "&" : "?") + query(of: login, discovery),
      cookies: [
        configuration.cookies.setting(
          configuration.cookies.login, to: try login.sealed(by: keeper.cookieSealing),
          for: Int(PendingLogin.lifetime))
      ])
  }

  private func query(of login: PendingLogin, _ discovery: IssuerDiscovery) -> String {
    var items = [
      ("response_type", "code"), ("client_id", configuration.clientID),
      ("redirect_uri", configuration.callbackURL), ("scope", configuration.scopes.joined(separator: " ")),
      ("state", login.state), ("nonce", login.nonce), ("code_challenge", login.challenge),
      ("code_challenge_method", "S256"),
    ]
    // Some providers refuse to be asked for a way that they do not know.
    let ways = rules.signIn.filter { discovery.acrValues?.contains($0) ?? true }
    if !ways.isEmpty { items.append(("acr_values", ways.joined(separator: " "))) }
    return items.map { $0.0 + "=" + PercentEncoding.encode($0.1) }.joined(separator: "&")
  }

  /// Takes a browser back from the provider, as somebody who is signed in.
  ///
  /// - Throws: `invalid_login`, `sign_in_refused`, `issuer_unavailable`.
  func complete(_ head: HTTPRequest, _ query: QueryParameters) async throws -> Response {
    let login = try await counting { try await answered(head, query) }
    do {
      let secret = try await counting { try await session(of: login, query) }
      await endOldSession(of: head)
      return redirect(
        to: login.returnTo,
        cookies: [
          configuration.cookies.setting(configuration.cookies.session, to: secret.text), noLogin,
        ])
    } catch var problem as Problem {
      problem.headers[values: .setCookie].append(noLogin)
      throw problem
    }
  }

  /// The sign-in that an answer of the provider is to, and which is over with it.
  private func answered(_ head: HTTPRequest, _ query: QueryParameters) async throws -> PendingLogin {
    let now = keeper.clock()
    let cookies = SessionCookies.values(of: configuration.cookies.login, in: head.headerFields)
    guard cookies.count == 1, let login = try PendingLogin(cookies[0], by: keeper.cookieSealing, at: now),
      let state = query["state"], ConstantTime.equal(Data(state.utf8), Data(login.state.utf8))
    else { throw Problem.invalidLogin }
    // Of a provider that this sign-in was not begun at (RFC 9207).
    if let issuer = query["iss"] {
      guard issuer == rules.issuer else { throw Problem.invalidLogin }
    } else if try await provider.issuer.keys.discovery().namesItself == true {
      throw Problem.invalidLogin
    }
    guard
      try await keeper.store.useLogin(
        Digest.sha256(state), until: login.begunAt.addingTimeInterval(PendingLogin.lifetime), at: now)
    else { throw Problem.invalidLogin }
    return login
  }

  private func session(of login: PendingLogin, _ query: QueryParameters) async throws -> SessionSecret {
    do {
      if query["error"] != nil { throw ProviderClient.Refusal(code: "provider") }
      guard let code = query["code"], !code.isEmpty else { throw Problem.invalidLogin }
      let tokens = try await provider.exchange(code: code, verifier: login.verifier)
      let claims = try await provider.claims(of: tokens, nonce: login.nonce)
      let identity = try await provider.identity(claims, tokens)
      try await requireRole(identity, claims)
      guard let refreshToken = tokens.refreshToken else {
        throw Refused(
          .refused,
          "The identity provider gave no refresh token, so that it could not be asked whether you still may; its "
            + "administrator allows one, or oidc_scopes asks for it (often offline_access).")
      }
      return try await keeper.begin(identity, refreshToken: refreshToken)
    } catch let refusal as ProviderClient.Refusal {
      // An error in the address anybody can write: it is counted, and not kept for good.
      if query["error"] == nil { try await keeper.record("session.refuse", refusal.known, by: nil) }
      throw Refused(.refused, "The identity provider did not sign you in; try again.")
    }
  }

  private func requireRole(_ identity: ProviderClient.Identity, _ claims: IssuedToken.Claims) async throws {
    guard rules.isStrong(claims) else {
      try await keeper.record("session.refuse", "weak", by: identity.user)
      throw Refused(
        .weak, "Sign in more strongly, by one of: \(rules.signIn.joined(separator: ", ")).")
    }
    guard rules.principal(user: identity.user, groups: identity.groups ?? []) != nil else {
      try await keeper.record("session.refuse", "no_role", by: identity.user)
      throw Refused(
        .noRole,
        "You are signed in at the identity provider, but none of your groups has a role here. Ask whoever runs this "
          + "server (oidc_roles).")
    }
  }

  /// A browser has one session: the one before ends, so that none is left behind.
  private func endOldSession(of head: HTTPRequest) async {
    let values = SessionCookies.values(of: configuration.cookies.session, in: head.headerFields)
    for secret in values.prefix(2).compactMap(SessionSecret.init(presented:)) {
      guard let old = try? await keeper.store.staffSession(secretHash: secret.hash) else { continue }
      // Its refresh token is not revoked: to some providers that is the end of all that the user has here.
      _ = try? await keeper.end(old, .replaced, action: "session.end")
    }
  }

  /// Where a browser may go to be signed out at the provider, too; nil where the provider has no such place.
  ///
  /// Without `id_token_hint`: no token of the provider reaches a browser, and so the provider may ask its user.
  func logoutURL() async -> String? {
    guard let discovery = try? await provider.issuer.keys.discovery(),
      let endpoint = IssuerDiscovery.safe(discovery.endSessionEndpoint)
    else { return nil }
    return endpoint + (endpoint.contains("?") ? "&" : "?") + "client_id="
      + PercentEncoding.encode(configuration.clientID) + "&post_logout_redirect_uri="
      + PercentEncoding.encode(configuration.publicURL + "/")
  }

  private var noLogin: String {
    configuration.cookies.setting(configuration.cookies.login, to: "", for: 0)
  }

  private func redirect(to location: String, cookies: [String]) -> Response {
    var headers: HTTPFields = [.location: location, .contentLength: "0"]
    headers[values: .setCookie] = cookies
    return Response(status: .seeOther, headers: headers)
  }

  /// Why somebody whom the provider knows, or does not, is not signed in.
  private struct Refused: Error {
    let outcome: SignInMetrics.Outcome
    let message: String

    init(_ outcome: SignInMetrics.Outcome, _ message: String) {
      self.outcome = outcome
      self.message = message
    }
  }

  /// Counts what a step came to where it fails, and tells it as the browser is to see it.
  private func counting<T: Sendable>(_ step: () async throws -> T) async throws -> T {
    do { return try await step() } catch let refused as Refused {
      keeper.metrics.count(refused.outcome)
      throw Problem.signInRefused(refused.message)
    } catch let problem as Problem {
      let isUnavailable = problem.code == "issuer_unavailable"
      keeper.metrics.count(isUnavailable ? SignInMetrics.Outcome.unavailable : .invalid)
      throw problem
    }
  }
}

extension ProviderClient.Refusal {
  /// For the audit log: a provider's own words are not written there.
  fileprivate var known: String {
    let isWord =
      (1...40).contains(code.utf8.count) && code.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }
    return isWord ? code : "other"
  }
}
