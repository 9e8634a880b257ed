import Domain
import Foundation
import GRDB

/// Times are kept to the microsecond.
extension SQLiteStore {
  private static let keyColumns = """
    id, name, prefix, secret_hash, role, scopes, knowledge_bases, viewer_groups, created_at, expires_at, \
    revoked_at, overlap_hash, overlap_ends_at, last_used_at
    """

  /// - Throws: `key_exists` where its id or its hash is taken.
  public func insert(_ key: AccessKey) async throws {
    let now = options.now().column
    try await service.write { db in
      try db.run(
        "INSERT OR IGNORE INTO access_keys (\(Self.keyColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        key.id,
        key.name,
        key.prefix,
        key.secretHash,
        key.role.rawValue,
        key.scopes.map(JSONColumn.encode),
        JSONColumn.encode(key.knowledgeBases),
        JSONColumn.encode(key.groups),
        key.createdAt.column,
        key.expiresAt?.column,
        key.revokedAt?.column,
        key.overlap?.secretHash,
        key.overlap?.endsAt.column,
        key.lastUsedAt?.column
      )
      guard db.changesCount == 1 else {
        throw StoreError(.keyExists, "This key is in the store already. Make a new one.")
      }
      try Self.tell(.accessKeyCreated, of: key.id, at: now, db)
    }
  }

  public func accessKey(secretHash: Data) async throws -> AccessKey? {
    try await service.read { db in
      try db.row(
        "SELECT \(Self.keyColumns) FROM access_keys WHERE secret_hash = ?1 OR overlap_hash = ?1", secretHash
      ).map(Self.accessKey)
    }
  }

  public func accessKey(id: String) async throws -> AccessKey? {
    try await service.read { db in
      try db.row("SELECT \(Self.keyColumns) FROM access_keys WHERE id = ?", id).map(Self.accessKey)
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
        "UPDATE access_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", time.column, id)
      if db.changesCount > 0 {
        try Self.tell(.accessKeyRevoked, of: id, at: time.column, db)
        return true
      }
      return try db.exists("SELECT 1 FROM access_keys WHERE id = ?", id)
    }
  }

  public func rotateAccessKey(
    id: String, prefix: String, secretHash: Data, overlapEndsAt: Date?
  ) async throws -> Bool {
    let now = options.now().column
    return try await service.write { db in
      try db.run(
        """
        UPDATE access_keys SET prefix = ?2, secret_hash = ?3,
          overlap_hash = CASE WHEN ?4 IS NULL THEN NULL ELSE secret_hash END, overlap_ends_at = ?4
        WHERE id = ?1 AND revoked_at IS NULL
        """, id, prefix, secretHash, overlapEndsAt?.column)
      guard db.changesCount > 0 else { return false }
      try Self.tell(.accessKeyRotated, of: id, at: now, db)
      return true
    }
  }

  /// Keys belong to no one knowledge base: only endpoints of all hear of them. A key's name may be a person's.
  private static func tell(_ type: EventType, of id: String, at now: Int64, _ db: Database) throws {
    try OutboxWriter(db, now: now).record(type) {
      let role = try db.row("SELECT role FROM access_keys WHERE id = ?", id)?.text(0)
      return ["key_id": .text(id), "role": role.map(OutboxValue.text) ?? .null]
    }
  }

  /// One transaction, however many keys.
  public func noteUses(_ times: [String: Date]) async throws {
    guard !times.isEmpty else { return }
    try await service.write { db in
      for (id, time) in times {
        try db.run(
          "UPDATE access_keys SET last_used_at = max(coalesce(last_used_at, 0), ?2) WHERE id = ?1", id,
          time.column)
      }
    }
  }

  private static func accessKey(_ row: Row) throws -> AccessKey {
    guard let role = AccessKey.Role(rawValue: try row.text(4)) else {
      throw StoreError.corrupt("an access key's role is unknown")
    }
    var overlap: AccessKey.Overlap?
    if let hash = try row.dataIfPresent(11), let endsAt = try row.dateIfPresent(12) {
      overlap = AccessKey.Overlap(secretHash: hash, endsAt: endsAt)
    }
    return AccessKey(
      id: try row.text(0),
      name: try row.text(1),
      prefix: try row.text(2),
      secretHash: try row.data(3),
      role: role,
      scopes: row.hasNull(atIndex: 5) ? nil : try row.strings(5),
      knowledgeBases: try row.strings(6),
      groups: try row.strings(7),
      createdAt: try row.date(8),
      expiresAt: try row.dateIfPresent(9),
      revokedAt: try row.dateIfPresent(10),
      overlap: overlap,
      lastUsedAt: try row.dateIfPresent(13)
    )
  }
}
