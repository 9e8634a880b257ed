extension Schema {
  /// Documents, versions, chunks, vectors and the change feed.
  static let knowledge = Schema(file: "knowledge.db", migrations: [knowledgeV1, knowledgeV2])

  private static let knowledgeV1 = """
    -- epoch: names this life of the store. erasure_pending: there while erased bytes may remain on disk.
    -- erasure_slice: rewritten by each step of an erasure.
    CREATE TABLE meta (
      key TEXT NOT NULL PRIMARY KEY,
      value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    -- name is NULL while a deleted one's documents are still being removed.
    CREATE TABLE knowledge_bases (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      name TEXT UNIQUE,
      model TEXT NOT NULL,
      created_at INTEGER NOT NULL,
      document_count INTEGER NOT NULL DEFAULT 0,
      chunk_count INTEGER NOT NULL DEFAULT 0
    ) STRICT;

    -- The feed. seq only grows and is never used twice. A document has one row, that of its newest change
    -- (UNIQUE, and REPLACE on insert), so that the feed stays as small as the store and is never trimmed.
    -- Rows without a document are about the knowledge base: kb_created, model, kb_deleted, or requests for
    -- maintenance (rebuild, compact, erase); of each kind the newest is kept.
    CREATE TABLE changes (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      kb INTEGER NOT NULL,
      document INTEGER UNIQUE,
      kind TEXT NOT NULL
    ) STRICT;
    CREATE INDEX changes_by_kb ON changes (kb, seq);
    CREATE INDEX changes_of_kb ON changes (kb, kind) WHERE document IS NULL;

    -- One row an external id, also after a plain delete (live = 0): the id and the version count go on.
    CREATE TABLE documents (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kb INTEGER NOT NULL REFERENCES knowledge_bases (id),
      external_id TEXT NOT NULL,
      live INTEGER NOT NULL,
      version INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      content_hash BLOB NOT NULL,
      kind TEXT NOT NULL,
      title BLOB NOT NULL,
      url BLOB,
      language BLOB,
      questions TEXT NOT NULL,
      tags TEXT NOT NULL,
      attributes TEXT NOT NULL,
      visibility TEXT NOT NULL,
      text_bytes INTEGER NOT NULL,
      chunk_count INTEGER NOT NULL,
      origin_root TEXT,
      origin_path TEXT,
      created_at INTEGER NOT NULL,
      updated_at INTEGER NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX documents_by_external_id ON documents (kb, external_id);
    CREATE INDEX documents_live ON documents (kb, live);
    CREATE INDEX documents_by_root ON documents (kb, origin_root) WHERE origin_root IS NOT NULL;

    -- Every version's text, for citations; the newest of a live document is the one searched.
    CREATE TABLE versions (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      document INTEGER NOT NULL REFERENCES documents (id),
      version INTEGER NOT NULL,
      title BLOB NOT NULL,
      text BLOB NOT NULL,
      created_at INTEGER NOT NULL,
      UNIQUE (document, version)
    ) STRICT;

    -- Chunks of live documents only.
    CREATE TABLE chunks (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      document INTEGER NOT NULL REFERENCES documents (id),
      ordinal INTEGER NOT NULL,
      span_start INTEGER NOT NULL,
      span_end INTEGER NOT NULL,
      content_hash BLOB NOT NULL,
      heading_path TEXT NOT NULL,
      text BLOB NOT NULL
    ) STRICT;
    CREATE INDEX chunks_by_document ON chunks (document, ordinal);

    -- Which texts were embedded for a chunk: a vector lives as long as a row here names its text.
    CREATE TABLE chunk_embeddings (
      chunk INTEGER NOT NULL REFERENCES chunks (id),
      ordinal INTEGER NOT NULL,
      text_hash BLOB NOT NULL,
      PRIMARY KEY (chunk, ordinal)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX chunk_embeddings_by_text ON chunk_embeddings (text_hash);

    -- half_values: IEEE half precision, little endian. Rows are in the order of writing, which is that of
    -- chunks, so that a rebuild reads them in sequence.
    CREATE TABLE vectors (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      text_hash BLOB NOT NULL,
      model TEXT NOT NULL,
      half_values BLOB NOT NULL,
      UNIQUE (text_hash, model)
    ) STRICT;

    -- What is left of an erased document, so that its citations read `purged`.
    CREATE TABLE purged_documents (
      document INTEGER PRIMARY KEY
    ) STRICT;

    -- Files as ingest last saw them.
    CREATE TABLE source_files (
      kb INTEGER NOT NULL REFERENCES knowledge_bases (id),
      root TEXT NOT NULL,
      path TEXT NOT NULL,
      fingerprint BLOB NOT NULL,
      document_count INTEGER NOT NULL,
      PRIMARY KEY (kb, root, path)
    ) STRICT, WITHOUT ROWID;
    """

  /// links: JSON of DocumentLinks; NULL where version 1 wrote the document.
  private static let knowledgeV2 = """
    ALTER TABLE documents ADD COLUMN links BLOB;

    -- What guides searches beside the documents, as JSON. kind: rules (synonyms and curations) or calibration.
    CREATE TABLE guidance (
      kb INTEGER NOT NULL REFERENCES knowledge_bases (id),
      kind TEXT NOT NULL,
      value TEXT NOT NULL,
      PRIMARY KEY (kb, kind)
    ) STRICT, WITHOUT ROWID;
    """
}
