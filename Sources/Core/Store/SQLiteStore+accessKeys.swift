import Domain
import Foundation
import GRDB

/// Times are kept to the microsecond.
extension SQLiteStore {
  private static let keyColumns = """
    id, name, prefix, secret_hash, role, knowledge_bases, created_at, expires_at, revoked_at
    """

  /// - Throws: `key_exists` where its id or its hash is taken.
  public func insert(_ key: AccessKey) async throws {
    try await service.write { db in
      try db.run(
        "INSERT OR IGNORE INTO access_keys (\(Self.keyColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        key.id,
        key.name,
        key.prefix,
        key.secretHash,
        key.role.rawValue,
        JSONColumn.encode(key.knowledgeBases),
        key.createdAt.column,
        key.expiresAt?.column,
        key.revokedAt?.column
      )
      guard db.changesCount == 1 else {
        throw StoreError(.keyExists, "This key is in the store already. Make a new one.")
      }
    }
  }

  public func accessKey(secretHash: Data) async throws -> AccessKey? {
    try await service.read { db in
      try db.row("SELECT \(Self.keyColumns) FROM access_keys WHERE secret_hash = ?", secretHash)
        .map(Self.accessKey)
    }
  }

  /// In the order of their making.
  public func accessKeys() async throws -> [AccessKey] {
    try await service.read { db in
      var keys: [AccessKey] = []
      try db.each("SELECT \(Self.keyColumns) FROM access_keys ORDER BY created_at, id", []) {
        keys.append(try Self.accessKey($0))
      }
      return keys
    }
  }

  /// A key that was revoked before keeps its first time.
  public func revokeAccessKey(id: String, at time: Date) async throws -> Bool {
    try await service.write { db in
      try db.run(
        "UPDATE access_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
        time.column,
        id
      )
      return db.changesCount > 0
    }
  }

  private static func accessKey(_ row: Row) throws -> AccessKey {
    guard let role = AccessKey.Role(rawValue: try row.text(4)) else {
      throw StoreError.corrupt("an access key's role is unknown")
    }
    return AccessKey(
      id: try row.text(0),
      name: try row.text(1),
      prefix: try row.text(2),
      secretHash: try row.data(3),
      role: role,
      knowledgeBases: try row.strings(5),
      createdAt: try row.date(6),
      expiresAt: row.hasNull(atIndex: 7) ? nil : try row.date(7),
      revokedAt: row.hasNull(atIndex: 8) ? nil : try row.date(8)
    )
  }
}
