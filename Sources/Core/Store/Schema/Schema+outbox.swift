extension Schema {
  /// Events on their way out, the same in both files: each is written by the transaction that it tells of.
  ///
  /// data: JSON without text, titles or external ids. document: its external id is looked up when the event is sent,
  /// so that a purge leaves nothing of it here.
  private static let outbox = """
    CREATE TABLE outbox (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL,
      type TEXT NOT NULL,
      kb TEXT,
      document INTEGER,
      data BLOB NOT NULL,
      occurred_at INTEGER NOT NULL
    ) STRICT;
    """

  /// outbox_interests: what endpoints, which live in the other file, want of this one; at times more, never less.
  static let knowledgeOutbox =
    outbox + """

      CREATE TABLE outbox_interests (
        webhook TEXT NOT NULL PRIMARY KEY,
        types TEXT NOT NULL,
        kbs TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
      """

  /// Endpoints and deliveries. secret, overlap_secret: sealed. next_at: NULL but for what is pending.
  static let serviceOutbox =
    outbox + """

      CREATE TABLE webhooks (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        url TEXT NOT NULL,
        types TEXT NOT NULL,
        kbs TEXT NOT NULL,
        enabled INTEGER NOT NULL,
        disabled_reason TEXT,
        secret BLOB NOT NULL,
        overlap_secret BLOB,
        overlap_ends_at INTEGER,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL
      ) STRICT;
      CREATE VIEW outbox_interests AS SELECT id AS webhook, types, kbs FROM webhooks WHERE enabled = 1;
      CREATE TABLE webhook_deliveries (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        webhook TEXT NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
        message TEXT NOT NULL,
        type TEXT NOT NULL,
        document INTEGER,
        data BLOB NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_at INTEGER,
        attempt TEXT,
        last_status INTEGER,
        last_error TEXT,
        occurred_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        UNIQUE (webhook, message)
      ) STRICT;
      CREATE INDEX webhook_deliveries_due ON webhook_deliveries (webhook, next_at, sequence)
        WHERE state = 'pending';
      CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (webhook, state, sequence);
      CREATE INDEX webhook_deliveries_settled ON webhook_deliveries (state, updated_at);
      """
}
