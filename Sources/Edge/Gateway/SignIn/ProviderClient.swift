import Foundation
import HTTPTypes
import Security

/// Asks the identity provider who somebody is, and whether they still are (OpenID Connect Core 1.0).
struct ProviderClient: Sendable {
  struct Tokens: Sendable, Decodable {
    let idToken: String?
    let accessToken: String?
    let refreshToken: String?

    enum CodingKeys: String, CodingKey {
      case idToken = "id_token"
      case accessToken = "access_token"
      case refreshToken = "refresh_token"
    }
  }

  struct Identity: Sendable {
    /// A pseudonym.
    let user: String
    /// Nil where the provider did not say.
    let groups: [String]?
  }

  /// The provider's own word that it will not, as opposed to not answering.
  struct Refusal: Error { let code: String }

  let configuration: SignInConfiguration
  let issuer: IssuerVerifier
  let client: IssuerClient

  // MARK: Tokens

  func exchange(code: String, verifier: String) async throws -> Tokens {
    try await tokens([
      ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", configuration.callbackURL),
      ("code_verifier", verifier),
    ])
  }

  /// - Throws: `Refusal` where the provider no longer vouches for the user, `issuer_unavailable`.
  func refresh(_ token: String) async throws -> Tokens {
    do { return try await tokens([("grant_type", "refresh_token"), ("refresh_token", token)]) } catch let
      problem as Problem
    {
      // Some refuse without a word that says so. Asked for the token's state, they tell.
      if problem.cause is IssuerClient.Malformed, await isInactive(token) { throw Refusal(code: "inactive") }
      throw problem
    }
  }

  /// Whether the provider says that a token is over (RFC 7662); false where it says nothing.
  private func isInactive(_ token: String) async -> Bool {
    guard let discovery = try? await issuer.keys.discovery(),
      let endpoint = IssuerDiscovery.safe(discovery.introspectionEndpoint),
      let response = try? await post(
        [("token", token), ("token_type_hint", "refresh_token")], to: endpoint, discovery),
      response.head.status == 200
    else { return false }
    struct State: Decodable { let active: Bool }
    return (try? JSONDecoder().decode(State.self, from: response.body))?.active == false
  }

  /// As well as it goes: a session that has ended here has ended, whatever the provider keeps (RFC 7009).
  func revoke(_ token: String) async {
    guard let discovery = try? await issuer.keys.discovery(),
      let endpoint = IssuerDiscovery.safe(discovery.revocationEndpoint)
    else { return }
    _ = try? await post(
      [("token", token), ("token_type_hint", "refresh_token")], to: endpoint, discovery)
  }

  /// - Throws: `Refusal`, `issuer_unavailable`.
  private func tokens(_ form: [(String, String)]) async throws -> Tokens {
    let discovery = try await issuer.keys.discovery()
    guard let endpoint = IssuerDiscovery.safe(discovery.tokenEndpoint) else {
      throw Problem.issuerUnavailable(IssuerClient.Malformed(what: "token_endpoint"))
    }
    let response = try await post(form, to: endpoint, discovery)
    if response.head.status == 200 {
      guard let tokens = try? JSONDecoder().decode(Tokens.self, from: response.body) else {
        throw Problem.issuerUnavailable(IssuerClient.Malformed(what: "tokens"))
      }
      return tokens
    }
    // Only the error that a token endpoint must name (RFC 6749, section 5.2) says something of the user; what says
    // something of this server, or comes from a proxy before the provider, does not.
    guard [400, 401, 403].contains(response.head.status),
      let code = IssuedToken.Claims(json: response.body)?.string("error"), !Self.ours.contains(code)
    else { throw Problem.issuerUnavailable(IssuerClient.Malformed(what: "status \(response.head.status)")) }
    throw Refusal(code: code)
  }

  private static let ours: Set = [
    "invalid_client", "unauthorized_client", "unsupported_grant_type", "temporarily_unavailable",
    "server_error",
  ]

  private func post(
    _ form: [(String, String)], to endpoint: String, _ discovery: IssuerDiscovery
  ) async throws -> OutgoingResponse {
    var form = form
    var headers = [("Content-Type", "application/x-www-form-urlencoded")]
    let methods = discovery.tokenAuthMethods ?? ["client_secret_basic"]
    switch configuration.clientSecret?.text {
    case let secret? where methods.contains("client_secret_basic"):
      let pair = PercentEncoding.encode(configuration.clientID) + ":" + PercentEncoding.encode(secret)
      headers.append(("Authorization", "Basic " + Data(pair.utf8).base64EncodedString()))
    case let secret?:
      form += [("client_id", configuration.clientID), ("client_secret", secret)]
    case nil:
      form.append(("client_id", configuration.clientID))
    }
    let body = form.map { $0.0 + "=" + PercentEncoding.encode($0.1) }.joined(separator: "&")
    do {
      return try await client.send(
        .post, endpoint, headers: headers, body: Data(body.utf8), isIdempotent: false)
    } catch { throw Problem.issuerUnavailable(error) }
  }

  // MARK: Who it is

  /// The claims of a new sign-in.
  ///
  /// - Throws: `Refusal` where the token is none of this provider's, for this client and this sign-in;
  ///   `issuer_unavailable`.
  func claims(of tokens: Tokens, nonce: String) async throws -> IssuedToken.Claims {
    guard let text = tokens.idToken else { throw Refusal(code: "no_id_token") }
    let claims = try await issuer.identity(text, for: configuration.clientID)
    guard let said = claims.string("nonce"), ConstantTime.equal(Data(said.utf8), Data(nonce.utf8)) else {
      throw Refusal(code: "wrong_nonce")
    }
    return claims
  }

  /// - Parameter claims: of an identity token; nil where a refresh brought none.
  /// - Throws: `Refusal`, `issuer_unavailable`.
  func identity(_ claims: IssuedToken.Claims?, _ tokens: Tokens) async throws -> Identity {
    let rules = issuer.configuration
    let user = claims?.subject.map(rules.pseudonym)
    if let claims, let user, rules.tellsGroups(claims) {
      return Identity(user: user, groups: rules.groups(in: claims))
    }
    guard let said = try await userinfo(tokens.accessToken) else {
      guard let user else {
        throw Problem.issuerUnavailable(IssuerClient.Malformed(what: "nobody is named"))
      }
      return Identity(user: user, groups: nil)
    }
    guard let subject = said.subject, user == nil || user == rules.pseudonym(of: subject) else {
      throw Refusal(code: "another_subject")
    }
    return Identity(
      user: rules.pseudonym(of: subject),
      groups: rules.tellsGroups(said) ? rules.groups(in: said) : nil)
  }

  /// Whoever a refresh is about.
  func identity(afterRefresh tokens: Tokens) async throws -> Identity {
    var claims: IssuedToken.Claims?
    if let text = tokens.idToken {
      claims = try await issuer.identity(text, for: configuration.clientID)
    }
    return try await identity(claims, tokens)
  }

  /// Nil where the provider has no such endpoint.
  private func userinfo(_ accessToken: String?) async throws -> IssuedToken.Claims? {
    let discovery = try await issuer.keys.discovery()
    guard let accessToken, let endpoint = IssuerDiscovery.safe(discovery.userinfoEndpoint) else { return nil }
    let response: OutgoingResponse
    do {
      response = try await client.send(
        .get, endpoint, headers: [("Authorization", "Bearer " + accessToken)], body: nil, isIdempotent: true)
    } catch { throw Problem.issuerUnavailable(error) }
    switch response.head.status {
    case 200:
      guard let claims = IssuedToken.Claims(json: response.body) else {
        throw Problem.issuerUnavailable(IssuerClient.Malformed(what: "userinfo"))
      }
      return claims
    case 401, 403: throw Refusal(code: "userinfo_refused")
    default: throw Problem.issuerUnavailable(IssuerClient.Malformed(what: "userinfo \(response.head.status)"))
    }
  }
}
