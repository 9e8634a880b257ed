extension Schema {
  /// Access keys, the audit log, and later what conversations leave behind: no transaction spans this file
  /// and the other.
  static let service = Schema(
    file: "service.db", migrations: [serviceV1, serviceV2, serviceIdempotency, serviceJobs])

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
}
