import Foundation

/// How the staff signs in with a browser, at the issuer that is trusted anyway.
public struct SignInConfiguration: Sendable, Hashable {
  /// Where browsers reach this server, as an origin.
  public let publicURL: String
  public let clientID: String
  /// Nil for a public client, which has none.
  let clientSecret: Secret?
  /// What the provider is asked for; `openid` among them.
  public let scopes: [String]
  /// How long a session may go unused.
  public var idle: Duration = .seconds(900)
  /// When it ends whatever happens.
  public var lifetime: Duration = .seconds(43_200)
  /// How long a session goes on, from the provider's last word, while the provider does not answer.
  public var grace: Duration = .seconds(300)

  /// - Throws: `GatewayError` with `invalid_issuer`.
  public init(
    publicURL: String, clientID: String, clientSecret: String? = nil, scopes: [String] = ["openid"]
  ) throws {
    self.publicURL = publicURL
    self.clientID = clientID
    self.clientSecret = clientSecret.flatMap { $0.isEmpty ? nil : Secret($0) }
    self.scopes = scopes
    guard WebOrigin.isValid(publicURL), let url = URL(string: publicURL), IssuerConfiguration.isSafe(url)
    else {
      throw GatewayError(
        .invalidIssuer,
        "Sign-in needs public_url: where browsers reach this server, such as https://desk.example.com, without a path "
          + "(http on this machine alone).")
    }
    guard scopes.contains("openid") else {
      throw GatewayError(.invalidIssuer, "oidc_scopes must name openid.")
    }
  }

  /// Registered with the provider.
  public var callbackURL: String { publicURL + "/v1/session/callback" }

  var cookies: SessionCookies { SessionCookies(isSecure: publicURL.hasPrefix("https://")) }
}
