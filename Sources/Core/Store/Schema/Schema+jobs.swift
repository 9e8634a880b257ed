extension Schema {
  /// Long work. A part's input is there until it is done, its result from then on.
  static let serviceJobs = """
    CREATE TABLE jobs (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      kind TEXT NOT NULL,
      kb TEXT NOT NULL,
      author TEXT,
      state TEXT NOT NULL,
      cancelling INTEGER NOT NULL DEFAULT 0,
      done INTEGER NOT NULL DEFAULT 0,
      failed INTEGER NOT NULL DEFAULT 0,
      total INTEGER NOT NULL,
      error_code TEXT,
      error_message TEXT,
      attempt TEXT,
      lease_until INTEGER NOT NULL DEFAULT 0,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX jobs_unfinished ON jobs (sequence) WHERE state IN ('queued', 'running');
    CREATE TABLE job_parts (
      job INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
      part INTEGER NOT NULL,
      first_line INTEGER NOT NULL,
      input BLOB,
      result BLOB,
      PRIMARY KEY (job, part)
    ) STRICT, WITHOUT ROWID;
    """
}
