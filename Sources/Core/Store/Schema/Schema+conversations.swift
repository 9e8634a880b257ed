extension Schema {
  /// Data keys, customers, conversations and what is said in them.
  ///
  /// A lookup is a pseudonym (`KeyRing.pseudonym`); `sealed` and `body` hold sealed values (`KeyRing.seal`).
  static let serviceConversations = """
    CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

    CREATE TABLE data_keys (
      number INTEGER NOT NULL PRIMARY KEY,
      purpose TEXT NOT NULL,
      master BLOB NOT NULL,
      wrapped BLOB NOT NULL,
      created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE customers (
      id INTEGER NOT NULL PRIMARY KEY,
      lookup BLOB NOT NULL UNIQUE,
      sealed BLOB NOT NULL,
      restricted_at INTEGER,
      -- A sealed reason.
      hold BLOB,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE conversations (
      id INTEGER NOT NULL PRIMARY KEY,
      name TEXT NOT NULL UNIQUE,
      kb TEXT NOT NULL,
      channel TEXT NOT NULL,
      customer INTEGER REFERENCES customers (id),
      opener TEXT,
      status TEXT NOT NULL,
      last_sequence INTEGER NOT NULL DEFAULT 0,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX conversations_by_customer ON conversations (customer) WHERE customer IS NOT NULL;
    CREATE INDEX conversations_by_time ON conversations (updated_at);

    -- client: the lookup of the sender's own name for it.
    CREATE TABLE messages (
      position INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
      conversation INTEGER NOT NULL REFERENCES conversations (id),
      sequence INTEGER NOT NULL,
      id TEXT NOT NULL,
      author TEXT NOT NULL,
      client BLOB,
      in_reply_to INTEGER,
      status TEXT,
      body BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      UNIQUE (conversation, sequence)
    ) STRICT;
    CREATE UNIQUE INDEX messages_by_client ON messages (conversation, client) WHERE client IS NOT NULL;
    -- Of a job about one customer: their lookup.
    ALTER TABLE jobs ADD COLUMN subject BLOB;

    CREATE UNIQUE INDEX replies ON messages (conversation, in_reply_to) WHERE in_reply_to IS NOT NULL;
    """
}
