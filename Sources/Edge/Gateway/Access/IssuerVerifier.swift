import AsyncHTTPClient
import Foundation
import NIOCore
import Security

/// Tells who the bearer of an issuer's JWT is.
final class IssuerVerifier: Sendable {
  private let configuration: IssuerConfiguration
  private let keys: IssuerKeys
  private let clock: @Sendable () -> Date

  init(
    _ configuration: IssuerConfiguration, fetch: @escaping IssuerKeys.Fetch = IssuerVerifier.get,
    clock: @escaping @Sendable () -> Date
  ) {
    self.configuration = configuration
    self.clock = clock
    keys = IssuerKeys(issuer: configuration.issuer, fetch: fetch, clock: clock)
  }

  /// Whether a credential has the form of a JWT; keys have none of its dots.
  static func mayBeToken(_ credential: String) -> Bool {
    credential.utf8.count { $0 == UInt8(ascii: ".") } == 2
  }

  /// - Throws: `unauthorized`, `forbidden`, `issuer_unavailable`.
  func principal(presenting text: String) async throws -> Principal {
    // What does not even say that it is of this issuer makes nobody ask the issuer.
    guard let token = IssuedToken(text), token.algorithm != nil,
      token.claims.issuer == configuration.issuer, let key = try await keys.key(for: token),
      token.isSigned(by: key)
    else {
      throw Problem.invalidCredential("The token was not signed by the issuer that this server trusts.")
    }
    let rules = IssuedToken.Rules(issuer: configuration.issuer, audience: configuration.audience)
    if let fault = token.fault(under: rules, at: clock()) {
      throw Problem.invalidCredential(
        "The token is not for here or not for now (\(fault.rawValue)); ask for a new one.")
    }
    let ways = Set(token.claims.strings("acr") + token.claims.strings("amr"))
    guard configuration.signIn.isEmpty || !ways.isDisjoint(with: configuration.signIn) else {
      throw Problem.insufficientSignIn(configuration.signIn)
    }
    guard
      let principal = configuration.principal(
        subject: token.claims.subject ?? "", groups: token.claims.strings(configuration.groupsClaim))
    else {
      throw Problem("forbidden", "None of this user's groups has a role here; oidc_roles says which have.")
    }
    return principal
  }

  /// One GET without redirects, of at most a megabyte, within five seconds.
  static let get: IssuerKeys.Fetch = { url in
    var request = HTTPClientRequest(url: url.absoluteString)
    request.headers.add(name: "accept", value: "application/json")
    let response = try await client.execute(request, timeout: .seconds(5))
    guard response.status == .ok else { throw IssuerKeys.Malformed(what: "status \(response.status.code)") }
    return Data(buffer: try await response.body.collect(upTo: 1 << 20))
  }

  /// Shared as long as the process lives: it fetches twice in ten minutes.
  private static let client = HTTPClient(
    eventLoopGroupProvider: .singleton,
    configuration: HTTPClient.Configuration(redirectConfiguration: .disallow))
}
