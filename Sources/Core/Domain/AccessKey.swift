import Foundation

/// An API key as it is stored: the secret itself is shown once and never kept.
public struct AccessKey: Hashable, Sendable {
  /// What its bearer is to the company; `Permission` has the table of what each may.
  public enum Role: String, Sendable, CaseIterable, Codable {
    /// Everything, keys included.
    case owner
    /// Writes and publishes documents, and looks after knowledge bases.
    case editor
    /// Publishes what others wrote.
    case publisher
    /// An agent who also looks after the others.
    case supervisor
    /// Answers customers. A person, never the program.
    case agent
    /// Measures, without personal data.
    case analyst
    /// Reads the audit log.
    case auditor
    /// Exports and erases personal data.
    case privacyOfficer = "privacy_officer"
    /// A program of the company's own that speaks for its customers, such as its site's back end.
    case service
    /// One customer, or a page that customers read.
    case customer
    /// A program that reads only: what `customer` may, and lists, explanations and metrics.
    case reader
  }

  /// The secret before the newest one, which works on for a while after a rotation.
  public struct Overlap: Hashable, Sendable {
    public let secretHash: Data
    /// The first moment at which it opens nothing.
    public let endsAt: Date
    public init(secretHash: Data, endsAt: Date) {
      self.secretHash = secretHash
      self.endsAt = endsAt
    }
  }

  public let id: String
  public let name: String
  /// The first characters of the key, to recognise it by.
  public let prefix: String
  /// sha256 of the whole key (keys carry 256 random bits, so a slow hash adds nothing).
  public let secretHash: Data
  public let role: Role
  /// Names of permissions that it is narrowed to; nil for all that its role has by itself.
  public let scopes: [String]?
  /// Knowledge bases it reaches by name; empty means all.
  public let knowledgeBases: [String]
  /// Groups whose documents it sees, where it does not see every document.
  public let groups: [String]
  public let createdAt: Date
  public let expiresAt: Date?
  public let revokedAt: Date?
  /// Nil where its secret was never changed, or the old one was to end at once.
  public let overlap: Overlap?
  /// To the minute; nil where it was never used.
  public let lastUsedAt: Date?

  public init(
    id: String, name: String, prefix: String, secretHash: Data, role: Role, scopes: [String]? = nil,
    knowledgeBases: [String], groups: [String] = [], createdAt: Date, expiresAt: Date?, revokedAt: Date?,
    overlap: Overlap? = nil, lastUsedAt: Date? = nil
  ) {
    self.id = id
    self.name = name
    self.prefix = prefix
    self.secretHash = secretHash
    self.role = role
    self.scopes = scopes
    self.knowledgeBases = knowledgeBases
    self.groups = groups
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
    self.overlap = overlap
    self.lastUsedAt = lastUsedAt
  }
}

/// Where API keys live (the service half of the store).
public protocol AccessKeyStore: Sendable {
  func insert(_ key: AccessKey) async throws
  /// - Returns: the key whose secret, or secret before a rotation, has this hash; revoked and expired ones
  ///   included: the caller decides.
  func accessKey(secretHash: Data) async throws -> AccessKey?
  func accessKey(id: String) async throws -> AccessKey?
  func accessKeys() async throws -> [AccessKey]
  /// - Returns: false where no such key exists.
  func revokeAccessKey(id: String, at: Date) async throws -> Bool
  /// Gives a key another secret.
  ///
  /// - Parameter overlapEndsAt: until when the secret that it has now works on; nil ends it at once, and the one
  ///   before it always ends.
  /// - Returns: false where no such key exists, or it is revoked.
  func rotateAccessKey(id: String, prefix: String, secretHash: Data, overlapEndsAt: Date?) async throws
    -> Bool
  /// Notes when keys were last used; ids that are not there are left out, and no time goes back.
  func noteUses(_ times: [String: Date]) async throws
}
