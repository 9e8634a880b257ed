import Domain

/// Who is asking, after authentication: what they may do, where, and whose eyes a search uses.
public struct Principal: Hashable, Sendable {
  public let role: AccessKey.Role
  public let permissions: Set<Permission>
  public let viewer: Viewer
  /// Names; empty means all.
  public let knowledgeBases: [String]
  /// Nil for the command line and for loopback without keys.
  public let keyID: String?
  /// A pseudonym of whoever an issuer's token is about.
  public let userID: String?
  /// The company's own id of the customer that a token was made for.
  public let customer: String?

  /// - Parameter permissions: nil for those of the role.
  public init(
    role: AccessKey.Role, permissions: Set<Permission>? = nil, viewer: Viewer, knowledgeBases: [String] = [],
    keyID: String? = nil, userID: String? = nil, customer: String? = nil
  ) {
    self.role = role
    self.permissions = permissions ?? role.grant.permissions
    self.viewer = viewer
    self.knowledgeBases = knowledgeBases
    self.keyID = keyID
    self.userID = userID
    self.customer = customer
  }

  /// The bearer of a key.
  ///
  /// Whoever changes documents sees every document that it reaches, so that no write tells what a read may not.
  /// Others see what is public, what is for whoever is signed in, and what is for the key's groups.
  public init(key: AccessKey) { self.init(bearing: key, keyID: key.id, userID: nil) }

  /// Someone whom an issuer vouches for, with what such a key would have.
  public init(user: String, like key: AccessKey) { self.init(bearing: key, keyID: nil, userID: user) }

  private init(bearing key: AccessKey, keyID: String?, userID: String?) {
    let permissions = key.permissions
    self.init(
      role: key.role, permissions: permissions,
      viewer: permissions.isDisjoint(with: Self.seeingAll) ? .signedIn(groups: Set(key.groups)) : .all,
      knowledgeBases: key.knowledgeBases, keyID: keyID, userID: userID)
  }

  /// Who acts, as the audit log and versions name them; nil without a key.
  public var actor: String? { keyID.map { "key:" + $0 } ?? userID.map { "user:" + $0 } }

  private static let seeingAll: Set<Permission> = [
    .readAllDocuments, .writeDocuments, .publishDocuments, .deleteDocuments, .purgeDocuments,
  ]

  /// Whoever runs commands on the machine itself.
  public static let operatorOfMachine = Principal(role: .owner, viewer: .all)

  public func viewing(as viewer: Viewer) -> Principal {
    Principal(
      role: role, permissions: permissions, viewer: viewer, knowledgeBases: knowledgeBases, keyID: keyID,
      userID: userID, customer: customer)
  }

  public func may(_ permission: Permission) -> Bool { permissions.contains(permission) }

  public func mayReach(kb name: String) -> Bool {
    knowledgeBases.isEmpty || knowledgeBases.contains(name)
  }

  /// Whether all that a key reaches is within reach: else it is not there for this caller.
  public func mayReach(_ key: AccessKey) -> Bool {
    if knowledgeBases.isEmpty { return true }
    return !key.knowledgeBases.isEmpty && key.knowledgeBases.allSatisfy(mayReach(kb:))
  }

  /// Whether this caller has whatever a key would give: permissions, knowledge bases and groups.
  public func mayGrant(_ key: AccessKey) -> Bool {
    guard key.permissions.isSubset(of: permissions), mayReach(key) else { return false }
    return Principal(key: key).viewer.isWithin(viewer)
  }
}

extension Viewer {
  /// Whether everything that this one sees the other sees, too.
  public func isWithin(_ other: Viewer) -> Bool {
    switch (self, other) {
    case (_, .all), (.anonymous, _): true
    case (.signedIn(let own), .signedIn(let others)): own.isSubset(of: others)
    case (.all, _), (.signedIn, .anonymous): false
    }
  }
}
