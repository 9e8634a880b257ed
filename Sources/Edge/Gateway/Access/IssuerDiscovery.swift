import Foundation

/// What an issuer says of itself (OpenID Connect Discovery 1.0, section 3), as far as it is used.
struct IssuerDiscovery: Sendable, Decodable {
  let issuer: String
  let jwksURI: String
  let authorizationEndpoint: String?
  let tokenEndpoint: String?
  let userinfoEndpoint: String?
  let revocationEndpoint: String?
  let introspectionEndpoint: String?
  let endSessionEndpoint: String?
  let tokenAuthMethods: [String]?
  /// Ways of signing in that it may be asked for; nil where it does not say.
  let acrValues: [String]?
  /// Whether every answer to a sign-in names the issuer (RFC 9207).
  let namesItself: Bool?

  enum CodingKeys: String, CodingKey {
    case issuer
    case jwksURI = "jwks_uri"
    case authorizationEndpoint = "authorization_endpoint"
    case tokenEndpoint = "token_endpoint"
    case userinfoEndpoint = "userinfo_endpoint"
    case revocationEndpoint = "revocation_endpoint"
    case introspectionEndpoint = "introspection_endpoint"
    case endSessionEndpoint = "end_session_endpoint"
    case tokenAuthMethods = "token_endpoint_auth_methods_supported"
    case acrValues = "acr_values_supported"
    case namesItself = "authorization_response_iss_parameter_supported"
  }

  /// - Returns: nil for an endpoint that is absent, or that could be changed on its way.
  static func safe(_ endpoint: String?) -> String? {
    endpoint.flatMap { text in URL(string: text).flatMap { IssuerConfiguration.isSafe($0) ? text : nil } }
  }
}
