import Domain
import Security

extension Problem {
  /// A key or token that opens nothing.
  static func invalidCredential(_ message: String) -> Problem {
    .unauthorized(message, challenge: "Bearer realm=\"frontdesk\", error=\"invalid_token\"")
  }

  static func lacking(_ permission: Permission, _ principal: Principal) -> Problem {
    let needed = "This needs the permission '\(permission.rawValue)'"
    guard !principal.role.may(permission) else {
      return Problem(
        "forbidden", "\(needed), which the scopes of this key or token leave out; use another one.")
    }
    let roles = AccessKey.Role.having(permission).map(\.rawValue).joined(separator: ", ")
    return Problem(
      "forbidden",
      "\(needed), which the role '\(principal.role.rawValue)' does not have; these have: \(roles).")
  }

  static let originMismatch = Problem(
    "origin_mismatch",
    "This token is for pages of another origin; a browser sends Origin by itself, elsewhere use a key.")

  static func grantRefused(_ what: String) -> Problem {
    Problem("grant_refused", "A key gives no more than it has itself: \(what)")
  }

  static let keyNotFound = Problem(
    "key_not_found", "There is no key of that id within reach of this one; GET /v1/keys lists those that are."
  )

  /// Asks for a stronger way of signing in (RFC 9470, section 3).
  static func insufficientSignIn(_ ways: [String]) -> Problem {
    .unauthorized(
      "Sign in more strongly, by one of: \(ways.joined(separator: ", ")).",
      challenge: "Bearer realm=\"frontdesk\", error=\"insufficient_user_authentication\", "
        + "acr_values=\"\(ways.joined(separator: " "))\"")
  }

  static func issuerUnavailable(_ cause: (any Error)?) -> Problem {
    Problem(
      "issuer_unavailable", "The issuer of this token cannot be asked for its keys now; try again shortly.",
      cause: cause)
  }

  static let publishNeedsAnother = Problem(
    "publish_needs_another",
    """
    What goes to readers is published by another than who wrote it (publish_by_another): send it with \
    'status': 'draft' and let a colleague POST .../publish.
    """)
}
