import Foundation
import Security

/// Tells who the bearer of an issuer's JWT is.
final class IssuerVerifier: Sendable {
  let configuration: IssuerConfiguration
  let keys: IssuerKeys
  private let clock: @Sendable () -> Date

  init(
    _ configuration: IssuerConfiguration, fetch: @escaping IssuerKeys.Fetch,
    clock: @escaping @Sendable () -> Date
  ) {
    self.configuration = configuration
    self.clock = clock
    keys = IssuerKeys(issuer: configuration.issuer, fetch: fetch, clock: clock)
  }

  convenience init(_ configuration: IssuerConfiguration, services: GatewayServices) {
    self.init(configuration, fetch: IssuerClient(services).get, clock: services.clock)
  }

  /// Whether a credential has the form of a JWT; keys have none of its dots.
  static func mayBeToken(_ credential: String) -> Bool {
    credential.utf8.count { $0 == UInt8(ascii: ".") } == 2
  }

  /// - Throws: `unauthorized`, `forbidden`, `issuer_unavailable`.
  func principal(presenting text: String) async throws -> Principal {
    guard let token = try await signed(text) else {
      throw Problem.invalidCredential("The token was not signed by the issuer that this server trusts.")
    }
    let rules = IssuedToken.Rules(issuer: configuration.issuer, audience: configuration.audience)
    if let fault = token.fault(under: rules, at: clock()) {
      throw Problem.invalidCredential(
        "The token is not for here or not for now (\(fault.rawValue)); ask for a new one.")
    }
    guard configuration.isStrong(token.claims) else {
      throw Problem.insufficientSignIn(configuration.signIn)
    }
    guard
      let principal = configuration.principal(
        user: configuration.pseudonym(of: token.claims.subject ?? ""),
        groups: configuration.groups(in: token.claims))
    else {
      throw Problem.noRole
    }
    return principal
  }

  /// The claims of an identity token (OpenID Connect Core 1.0, section 3.1.3.7); its nonce is the caller's to compare.
  ///
  /// - Throws: `ProviderClient.Refusal`, `issuer_unavailable`.
  func identity(_ text: String, for clientID: String) async throws -> IssuedToken.Claims {
    guard let token = try await signed(text) else { throw ProviderClient.Refusal(code: "unsigned_id_token") }
    let rules = IssuedToken.Rules(issuer: configuration.issuer, audience: clientID)
    if let fault = token.fault(under: rules, at: clock()) {
      throw ProviderClient.Refusal(code: "id_token_\(fault.rawValue)")
    }
    let claims = token.claims
    guard claims.string("azp") == clientID || (claims.audiences.count == 1 && !claims.has("azp")) else {
      throw ProviderClient.Refusal(code: "id_token_azp")
    }
    return claims
  }

  /// Nil where the issuer did not sign it.
  private func signed(_ text: String) async throws -> IssuedToken? {
    // What does not even say that it is of this issuer makes nobody ask the issuer.
    guard let token = IssuedToken(text), token.algorithm != nil,
      token.claims.issuer == configuration.issuer, let key = try await keys.key(for: token),
      token.isSigned(by: key)
    else { return nil }
    return token
  }
}
