extension Schema {
  /// Access keys, and later what conversations leave behind: no transaction spans this file and the other.
  static let service = Schema(file: "service.db", migrations: [serviceV1])

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
}
