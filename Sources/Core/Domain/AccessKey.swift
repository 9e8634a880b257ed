import Foundation

/// An API key as it is stored: the secret itself is shown once and never kept.
public struct AccessKey: Hashable, Sendable {
  public enum Role: String, Sendable, CaseIterable, Codable {
    /// Search, ask and verify.
    case reader
    /// Also documents and knowledge bases.
    case editor
    /// Everything.
    case owner
  }
  public let id: String
  public let name: String
  /// The first characters of the key, to recognise it by.
  public let prefix: String
  /// sha256 of the whole key (keys carry 256 random bits, so a slow hash adds nothing).
  public let secretHash: Data
  public let role: Role
  /// Knowledge bases it reaches by name; empty means all.
  public let knowledgeBases: [String]
  public let createdAt: Date
  public let expiresAt: Date?
  public let revokedAt: Date?

  public init(
    id: String, name: String, prefix: String, secretHash: Data, role: Role, knowledgeBases: [String],
    createdAt: Date, expiresAt: Date?, revokedAt: Date?
  ) {
    self.id = id
    self.name = name
    self.prefix = prefix
    self.secretHash = secretHash
    self.role = role
    self.knowledgeBases = knowledgeBases
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }
}

/// Where API keys live (the service half of the store).
public protocol AccessKeyStore: Sendable {
  func insert(_ key: AccessKey) async throws
  /// - Returns: the key with this hash, revoked and expired ones included: the caller decides.
  func accessKey(secretHash: Data) async throws -> AccessKey?
  func accessKeys() async throws -> [AccessKey]
  /// - Returns: false where no such key exists.
  func revokeAccessKey(id: String, at: Date) async throws -> Bool
}
