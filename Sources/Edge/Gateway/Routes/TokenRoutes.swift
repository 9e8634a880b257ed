import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

/// Tokens for browsers, for the back end of a site.
extension GatewayRoutes {
  /// How long a token lives where nothing is said, seconds.
  private static let standardLifetime: Int64 = 900

  /// - Parameter ownerKey: the configured one, which is not in the store.
  static func tokens(ownerKey: String?) -> [Route] {
    let ownerKeyHash = ownerKey.map(AccessKeySecret.hash)
    return [
      Route(
        .post, "/v1/tokens", access: .keyed(.mintTokens), lane: .read, body: .json,
        documentation: Documentation(
          id: "createToken", tag: "Keys", summary: "Make a token for a browser",
          description: """
            For the back end of a site: the browser gets this token, never a key. It opens `POST /v1/search` \
            (`search`) or `POST /v1/answers` and conversations (`chat`), in the knowledge bases of `kbs`, from pages of \
            `origin` alone, for `ttl_seconds`. With `customer` it sees what is for whoever is signed in, and what is for \
            the `groups` named, which must be the key's own. It ends with its key. Nothing is stored of it.
            """,
          request: "CreateToken", responses: [201: .json("Token")],
          errors: [
            "invalid_json", "missing_field", "invalid_field", "invalid_scope", "invalid_origin",
            "grant_refused",
            "kb_not_found",
          ])
      ) { call in
        let now = Date()
        var fields = try call.fields()
        let wanted = fields.wantedToken()
        try fields.finish()
        for name in wanted.knowledgeBases {
          try call.requireReach(name)
          guard try await call.services.store.knowledgeBase(named: name) != nil else {
            throw Problem.knowledgeBaseNotFound(name)
          }
        }
        guard let keyID = call.principal.keyID else {
          throw Problem("forbidden", "A browser's token is made with a key, so that it can end with it.")
        }
        let secrets = try call.services.tokenSecrets.secretsToSign()
        // Only the configured key has no record that could be revoked.
        let mark = call.principal == .keyOwner ? ownerKeyHash.flatMap { secrets.marks(of: $0).first } : nil
        let token = BrowserToken(
          scope: wanted.scope, origin: wanted.origin, customer: wanted.customer, groups: wanted.groups,
          knowledgeBases: wanted.knowledgeBases, keyID: keyID, keyMark: mark, at: now,
          lifetimeSeconds: wanted.lifetime)
        try call.principal.requireGrant(of: token)
        return .json(TokenView(token: token, text: try secrets.sign(token)), status: .created)
      }
    ]
  }

  fileprivate struct WantedToken {
    var scope = BrowserToken.Scope.search
    var origin = ""
    var customer: String?
    var groups: [String] = []
    var knowledgeBases: [String] = []
    var lifetime = standardLifetime
  }
}

extension Principal {
  /// - Throws: `grant_refused` where a token would give more than this caller has.
  fileprivate func requireGrant(of token: BrowserToken) throws(Problem) {
    let missing = token.scope.permissions.subtracting(permissions)
    guard missing.isEmpty else {
      let names = Permission.allCases.filter(missing.contains).map(\.rawValue).joined(separator: ", ")
      throw .grantRefused("it lacks \(names).")
    }
    guard token.viewer.isWithin(viewer) else {
      throw .grantRefused("it does not see those groups' documents.")
    }
  }
}

extension FieldReader {
  fileprivate mutating func wantedToken() -> GatewayRoutes.WantedToken {
    var wanted = GatewayRoutes.WantedToken()
    for field in ["scope", "origin", "kbs"] where !has(field) {
      fail(field, "it is missing.", code: "missing_field")
    }
    if let scope: BrowserToken.Scope = choice("scope", code: "invalid_scope") { wanted.scope = scope }
    if let origin = string("origin", code: "invalid_origin", maxBytes: 256) {
      wanted.origin = origin
      if !WebOrigin.isValid(origin) {
        fail(
          "origin",
          "it must be as browsers send it: scheme, host and a port that is not the scheme's own, such as "
            + "https://www.example.com.", code: "invalid_origin")
      }
    }
    wanted.customer = string("customer", maxBytes: 256)
    wanted.groups = strings("groups", maxCount: 100, maxBytes: 256) ?? []
    if wanted.customer == nil, !wanted.groups.isEmpty {
      fail("groups", "they need a 'customer' who is in them.")
    }
    wanted.knowledgeBases = strings("kbs", maxCount: 20, maxBytes: 64) ?? []
    if has("kbs"), wanted.knowledgeBases.isEmpty { fail("kbs", "it must name one knowledge base or more.") }
    let range = 1...BrowserToken.maxLifetimeSeconds
    if let seconds = integer("ttl_seconds", in: range, code: "invalid_field") { wanted.lifetime = seconds }
    return wanted
  }
}

struct TokenView: Encodable {
  let token: BrowserToken
  let text: String

  enum CodingKeys: String, CodingKey {
    case token, scope, origin, customer, groups, kbs
    case expiresAt = "expires_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(text, forKey: .token)
    try container.encode(token.scope.rawValue, forKey: .scope)
    try container.encode(token.origin, forKey: .origin)
    try container.encode(token.customer, forKey: .customer)
    try container.encode(token.groups, forKey: .groups)
    try container.encode(token.knowledgeBases, forKey: .kbs)
    let end = Date(timeIntervalSince1970: TimeInterval(token.expiresAt))
    try container.encode(Timestamp.text(end), forKey: .expiresAt)
  }
}
