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

  static let sessionNotFound = Problem(
    "session_not_found",
    "There is no session of that id within reach of yours; GET /v1/sessions lists those that are.")

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

  /// One message for unknown, idle, old and ended: a guesser learns nothing.
  static let sessionOver = Problem.unauthorized("The session has ended; sign in again at /v1/session/login.")

  static let noRole = Problem(
    "forbidden", "None of this user's groups has a role here; oidc_roles says which have.")

  static let csrfRefused = Problem(
    "csrf_refused",
    "What may change something is sent by a page of this server, with the session's csrf_token (GET /v1/session) "
      + "as X-CSRF-Token.")

  static let signInOff = Problem(
    "sign_in_off",
    "Nobody signs in here: set public_url, oidc_issuer and oidc_client_id, or send a key as 'Authorization: Bearer KEY'."
  )

  static let invalidLogin = Problem(
    "invalid_login",
    "This answers no sign-in that was begun in this browser within ten minutes; begin again at /v1/session/login."
  )

  static func signInRefused(_ message: String) -> Problem { Problem("sign_in_refused", message) }

  static let publishNeedsAnother = Problem(
    "publish_needs_another",
    """
    What goes to readers is published by another than who wrote it (publish_by_another): send it with \
    'status': 'draft' and let a colleague POST .../publish.
    """)
}
