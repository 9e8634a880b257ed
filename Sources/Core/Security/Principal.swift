import Domain

/// Who is asking, after authentication: what they may do, where, and whose eyes a search uses.
public struct Principal: Hashable, Sendable {
  public let role: AccessKey.Role
  public let viewer: Viewer
  /// Names; empty means all.
  public let knowledgeBases: [String]
  /// Nil for the command line and for loopback without keys.
  public let keyID: String?

  public init(role: AccessKey.Role, viewer: Viewer, knowledgeBases: [String] = [], keyID: String? = nil) {
    self.role = role
    self.viewer = viewer
    self.knowledgeBases = knowledgeBases
    self.keyID = keyID
  }

  /// The bearer of a key. Readers see what anyone sees until `viewing(as:)` says for whom they ask.
  public init(key: AccessKey) {
    self.init(
      role: key.role,
      viewer: key.role == .reader ? .anonymous : .all,
      knowledgeBases: key.knowledgeBases,
      keyID: key.id
    )
  }

  /// Whoever runs commands on the machine itself.
  public static let operatorOfMachine = Principal(role: .owner, viewer: .all)

  public func viewing(as viewer: Viewer) -> Principal {
    Principal(role: role, viewer: viewer, knowledgeBases: knowledgeBases, keyID: keyID)
  }

  public func may(_ permission: Permission) -> Bool { role.may(permission) }

  public func mayReach(kb name: String) -> Bool {
    knowledgeBases.isEmpty || knowledgeBases.contains(name)
  }
}
