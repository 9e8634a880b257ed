extension Schema {
  /// Access keys, the audit log, and later what conversations leave behind: no transaction spans this file
  /// and the other.
  static let service = Schema(
    file: "service.db",
    migrations: [
      serviceV1, serviceV2, serviceV3, serviceIdempotency, serviceJobs, serviceConversations,
      serviceOutbox, serviceSessions,
    ])

  private static let serviceV1 = """
    CREATE TABLE access_keys (
      id TEXT NOT NULL PRIMARY KEY,
      name TEXT NOT NULL,
      prefix TEXT NOT NULL,
      secret_hash BLOB NOT NULL UNIQUE,
      role TEXT NOT NULL,
      knowledge_bases TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      expires_at INTEGER,
      revoked_at INTEGER
    ) STRICT, WITHOUT ROWID;
    """

  private static let serviceV2 = """
    CREATE TABLE audit (
      sequence INTEGER NOT NULL PRIMARY KEY,
      time INTEGER NOT NULL,
      actor BLOB NOT NULL,
      action BLOB NOT NULL,
      target BLOB NOT NULL,
      hash BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_entries_stay BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit entries stay'); END;
    CREATE TRIGGER audit_entries_stay_the_same BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit entries stay'); END;
    """

  private static let serviceV3 = """
    -- scopes: a JSON array of permissions, NULL for all that the role has. overlap_hash: of the secret before the
    -- newest, until overlap_ends_at. last_used_at: to the minute.
    ALTER TABLE access_keys ADD COLUMN scopes TEXT;
    ALTER TABLE access_keys ADD COLUMN viewer_groups TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE access_keys ADD COLUMN overlap_hash BLOB;
    ALTER TABLE access_keys ADD COLUMN overlap_ends_at INTEGER;
    ALTER TABLE access_keys ADD COLUMN last_used_at INTEGER;
    CREATE UNIQUE INDEX access_keys_by_overlap ON access_keys (overlap_hash) WHERE overlap_hash IS NOT NULL;
    """
}
