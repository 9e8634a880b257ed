extension Schema {
  /// Results of requests that carried a key. status is NULL while one is in work, under the lease of its attempt.
  static let serviceIdempotency = """
    CREATE TABLE idempotency (
      scope BLOB NOT NULL PRIMARY KEY,
      fingerprint BLOB NOT NULL,
      attempt TEXT NOT NULL,
      lease_until INTEGER NOT NULL,
      created_at INTEGER NOT NULL,
      status INTEGER,
      headers TEXT,
      body BLOB
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX idempotency_by_age ON idempotency (created_at);
    """
}
