extension Schema {
  /// Documents, versions, chunks, vectors and the change feed.
  static let knowledge = Schema(
    file: "knowledge.db", migrations: [knowledgeV1, knowledgeV2, knowledgeV3, knowledgeOutbox])

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

  /// Editors' versions: what each version said of itself, who could read it when, and how it was cut.
  private static let knowledgeV3 = """
    -- latest: the newest version; version, with the columns that describe it, is the live one, or where none is
    -- live the newest. status: of the newest. publish_at, expires_at: of the live one. deleted: a plain delete.
    -- due_at: when the next version goes live or the live one expires. revision: changes of state alone.
    ALTER TABLE documents ADD COLUMN latest INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE documents ADD COLUMN status TEXT NOT NULL DEFAULT 'published';
    ALTER TABLE documents ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE documents ADD COLUMN publish_at INTEGER;
    ALTER TABLE documents ADD COLUMN expires_at INTEGER;
    ALTER TABLE documents ADD COLUMN due_at INTEGER;
    ALTER TABLE documents ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
    UPDATE documents SET latest = version, deleted = 1 - live;
    CREATE INDEX documents_due ON documents (due_at) WHERE due_at IS NOT NULL;
    CREATE INDEX documents_unpublished ON documents (kb, status, external_id)
      WHERE deleted = 0 AND status != 'published';

    -- What a version says of itself; kind and what follows it are NULL where that was not kept (schema 2).
    -- stated: what the source said of its publication, as JSON. live_at: when it was first live.
    CREATE TABLE version_details (
      id INTEGER PRIMARY KEY REFERENCES versions (id),
      document INTEGER NOT NULL REFERENCES documents (id),
      version INTEGER NOT NULL,
      title BLOB NOT NULL,
      text_bytes INTEGER NOT NULL,
      chunk_count INTEGER NOT NULL,
      generation INTEGER NOT NULL,
      status TEXT NOT NULL,
      publish_at INTEGER,
      expires_at INTEGER,
      stated TEXT,
      live_at INTEGER,
      created_at INTEGER NOT NULL,
      changed_at INTEGER NOT NULL,
      author BLOB,
      kind TEXT,
      content_hash BLOB,
      url BLOB,
      language BLOB,
      questions TEXT,
      tags TEXT,
      attributes TEXT,
      visibility TEXT,
      origin_root TEXT,
      origin_path TEXT,
      links BLOB,
      UNIQUE (document, version)
    ) STRICT;
    INSERT INTO version_details (id, document, version, title, text_bytes, chunk_count, generation, status, live_at,
      created_at, changed_at)
    SELECT id, document, version, title, length(text), 0, 0, 'archived', created_at, created_at, created_at
    FROM versions;
    UPDATE version_details SET chunk_count = d.chunk_count, generation = d.generation,
      status = CASE d.live WHEN 1 THEN 'published' ELSE 'archived' END, kind = d.kind,
      content_hash = d.content_hash, url = d.url, language = d.language, questions = d.questions, tags = d.tags,
      attributes = d.attributes, visibility = d.visibility, origin_root = d.origin_root,
      origin_path = d.origin_path, links = d.links
    FROM documents d WHERE d.id = version_details.document AND d.version = version_details.version;

    -- How a version was cut, as JSON of StoredChunk; none where that was not kept.
    CREATE TABLE version_chunks (
      id INTEGER PRIMARY KEY REFERENCES versions (id),
      chunks BLOB NOT NULL
    ) STRICT;

    -- Texts of versions that may go live: their vectors are kept for that.
    CREATE TABLE pending_texts (
      id INTEGER NOT NULL REFERENCES versions (id),
      text_hash BLOB NOT NULL,
      PRIMARY KEY (id, text_hash)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pending_texts_by_text ON pending_texts (text_hash);

    -- Which version was live from when until when: what a search of the past reads. No text.
    CREATE TABLE publications (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      kb INTEGER NOT NULL REFERENCES knowledge_bases (id),
      document INTEGER NOT NULL REFERENCES documents (id),
      version INTEGER NOT NULL,
      chunk_count INTEGER NOT NULL,
      expires_at INTEGER,
      from_generation INTEGER NOT NULL,
      from_time INTEGER NOT NULL,
      until_generation INTEGER,
      until_time INTEGER
    ) STRICT;
    CREATE INDEX publications_by_kb ON publications (kb, from_generation);
    CREATE INDEX publications_by_document ON publications (document, until_generation);
    INSERT INTO publications (kb, document, version, chunk_count, from_generation, from_time)
    SELECT kb, id, version, chunk_count, generation, updated_at FROM documents WHERE live = 1;

    -- From where on the history is whole.
    INSERT INTO meta (key, value)
    SELECT 'history_generation', CAST(coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'changes'), 0) AS TEXT);
    INSERT INTO meta (key, value)
    SELECT 'history_time', CASE WHEN EXISTS (SELECT 1 FROM knowledge_bases)
      THEN CAST(CAST(strftime('%s', 'now') AS INTEGER) * 1000000 AS TEXT) ELSE '0' END;
    """
}
