extension Schema {
  /// Sessions of the staff while they last, and answered sign-ins until they would be too late anyway.
  static let serviceSessions = """
    CREATE TABLE staff_sessions (
      id TEXT NOT NULL PRIMARY KEY,
      secret_hash BLOB NOT NULL UNIQUE,
      provider TEXT NOT NULL,
      user TEXT NOT NULL,
      viewer_groups TEXT NOT NULL,
      sealed BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      used_at INTEGER NOT NULL,
      ends_at INTEGER NOT NULL,
      checked_at INTEGER NOT NULL,
      unanswered_since INTEGER,
      lease_until INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX staff_sessions_by_user ON staff_sessions (user, created_at);
    CREATE TABLE used_logins (
      state BLOB NOT NULL PRIMARY KEY,
      until INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    """
}
