import Domain
import Foundation
import GRDB

/// Writes one batch within one transaction.
struct BatchWriter {
  private let batch: IngestBatch
  /// Microseconds since 1970.
  private let now: Int64
  private let db: Database
  private let kb: KnowledgeBaseRow
  private let feed: FeedWriter
  private var vectors: VectorKeeper
  private var documentsAdded = 0
  private var chunksGained = 0

  init(_ batch: IngestBatch, now: Int64, _ db: Database) throws {
    self.batch = batch
    self.now = now
    self.db = db
    kb = try KnowledgeBaseRow.require(batch.knowledgeBase, db)
    feed = FeedWriter(db)
    vectors = VectorKeeper(db)
  }

  mutating func write() throws -> CommitOutcome {
    let missing = try missingVectors()
    guard missing.isEmpty else { return .vectorsMissing(missing) }
    var receipts: [DocumentReceipt] = []
    receipts.reserveCapacity(batch.documents.count)
    for document in batch.documents { receipts.append(try write(document)) }
    try storeVectors()
    try vectors.removeOrphans()
    try KnowledgeBaseRow.count(documents: documentsAdded, chunks: chunksGained, in: kb.id, db)
    try storeSourceFiles()
    return .committed(receipts, generation: try feed.head())
  }

  // MARK: Documents

  private mutating func write(_ document: DocumentWrite) throws -> DocumentReceipt {
    let stored = try StoredDocument.find(document.externalID, in: kb.id, db)
    if let stored, stored.isLive, stored.contentHash == document.contentHash {
      return try keep(stored, document)
    }
    let id = try stored?.id ?? insertDocument(document)
    let generation = try feed.record(document: id, of: kb.id)
    var chunks = ChunkDifference(document: id, db)
    let difference = try chunks.apply(document.chunks, existing: stored?.isLive ?? false, &vectors)
    let version = (stored?.version ?? 0) + 1
    try update(id, document, version: version, generation: generation)
    try db.run(
      "INSERT INTO versions (document, version, title, text, created_at) VALUES (?, ?, ?, ?, ?)",
      id,
      version,
      document.content.title.column,
      document.content.text.column,
      now
    )
    let wasLive = stored?.isLive ?? false
    documentsAdded += wasLive ? 0 : 1
    chunksGained += difference.added - difference.removed
    return DocumentReceipt(
      effect: wasLive ? .changed : .added,
      record: record(
        document,
        id: id,
        version: version,
        generation: generation,
        createdAt: stored?.createdAt ?? now
      ),
      chunksAdded: difference.added,
      chunksKept: difference.kept,
      chunksRemoved: difference.removed
    )
  }

  /// Nothing changed but perhaps where it was found.
  private func keep(_ stored: StoredDocument, _ document: DocumentWrite) throws -> DocumentReceipt {
    if stored.originRoot != document.origin?.root || stored.originPath != document.origin?.path {
      try db.run(
        "UPDATE documents SET origin_root = ?, origin_path = ? WHERE id = ?",
        document.origin?.root,
        document.origin?.path,
        stored.id
      )
      // The index knows documents by their source.
      if DocumentRecord.source(ofRoot: stored.originRoot)
        != DocumentRecord.source(ofRoot: document.origin?.root)
      {
        _ = try feed.record(document: stored.id, of: kb.id)
      }
    }
    let links = try document.links.column
    try db.run(
      "UPDATE documents SET links = ? WHERE id = ? AND links IS NOT ?",
      links,
      stored.id,
      links
    )
    guard let row = try db.row("SELECT \(DocumentColumns.sql) FROM documents d WHERE d.id = ?", stored.id)
    else { throw StoreError.corrupt("a document vanished while it was read") }
    let record = try DocumentColumns.record(row)
    return DocumentReceipt(
      effect: .unchanged,
      record: record,
      chunksAdded: 0,
      chunksKept: record.chunkCount,
      chunksRemoved: 0
    )
  }

  private func insertDocument(_ document: DocumentWrite) throws -> Int64 {
    try db.run(
      """
      INSERT INTO documents (kb, external_id, live, version, generation, content_hash, kind, title, questions,
        tags, attributes, visibility, text_bytes, chunk_count, created_at, updated_at)
      VALUES (?, ?, 0, 0, 0, x'', '', x'', '[]', '[]', '{}', '', 0, 0, ?, ?)
      """,
      kb.id,
      document.externalID,
      now,
      now
    )
    return db.lastInsertedRowID
  }

  private func update(
    _ id: Int64,
    _ document: DocumentWrite,
    version: Int,
    generation: Generation
  ) throws {
    let content = document.content
    try db.run(
      """
      UPDATE documents SET live = 1, version = ?, generation = ?, content_hash = ?, kind = ?, title = ?,
        url = ?, language = ?, questions = ?, tags = ?, attributes = ?, visibility = ?, text_bytes = ?,
        chunk_count = ?, origin_root = ?, origin_path = ?, links = ?, updated_at = ?
      WHERE id = ?
      """,
      version,
      generation.rawValue,
      document.contentHash,
      content.kind.rawValue,
      content.title.column,
      content.url?.column,
      content.language?.column,
      JSONColumn.encode(content.questions),
      JSONColumn.encode(content.tags),
      JSONColumn.encode(content.attributes),
      content.visibility.column,
      content.text.utf8.count,
      document.chunks.count,
      document.origin?.root,
      document.origin?.path,
      try document.links.column,
      now,
      id
    )
  }

  private func record(
    _ document: DocumentWrite,
    id: Int64,
    version: Int,
    generation: Generation,
    createdAt: Int64
  ) -> DocumentRecord {
    let content = document.content
    return DocumentRecord(
      id: DocumentID(rawValue: id),
      knowledgeBase: batch.knowledgeBase,
      externalID: document.externalID,
      version: version,
      kind: content.kind,
      title: content.title,
      url: content.url,
      language: content.language,
      tags: content.tags,
      attributes: content.attributes,
      visibility: content.visibility,
      source: DocumentRecord.source(ofRoot: document.origin?.root),
      textBytes: content.text.utf8.count,
      chunkCount: document.chunks.count,
      generation: generation,
      createdAt: Date(column: createdAt),
      updatedAt: Date(column: now)
    )
  }

  // MARK: Vectors

  /// Vectors of the knowledge base's model that are neither in the batch nor in the store, each once, in order.
  ///
  /// Of its model as it is in this transaction: a writer may not know yet that it was switched.
  /// A document that is as the store has it needs none: nothing of it is written.
  private func missingVectors() throws -> [VectorKey] {
    let model = kb.model
    guard model != KnowledgeBase.noModel else { return [] }
    var seen: Set<Data> = []
    var missing: [VectorKey] = []
    for document in batch.documents {
      let stored = try StoredDocument.find(document.externalID, in: kb.id, db)
      if let stored, stored.isLive, stored.contentHash == document.contentHash { continue }
      for chunk in document.chunks {
        for hash in chunk.textHashes where seen.insert(hash).inserted {
          let key = VectorKey(model: model, textHash: hash)
          if batch.vectors[key] == nil, try !vectors.has(key) { missing.append(key) }
        }
      }
    }
    return missing
  }

  /// In the order of the chunks, so that a rebuild reads vectors in sequence.
  private func storeVectors() throws {
    guard !batch.vectors.isEmpty else { return }
    var rest = batch.vectors
    let models = Set(rest.keys.map(\.model)).sorted()
    for document in batch.documents {
      for chunk in document.chunks {
        for hash in chunk.textHashes {
          for model in models {
            let key = VectorKey(model: model, textHash: hash)
            if let vector = rest.removeValue(forKey: key) { try vectors.insertIfReferenced(vector, for: key) }
          }
        }
      }
    }
    for (key, vector) in rest { try vectors.insertIfReferenced(vector, for: key) }
  }

  // MARK: Source files

  private func storeSourceFiles() throws {
    for (root, files) in batch.sourceFiles {
      for file in files {
        try db.run(
          """
          REPLACE INTO source_files (kb, root, path, fingerprint, document_count) VALUES (?, ?, ?, ?, ?)
          """,
          kb.id,
          root,
          file.path,
          file.fingerprint,
          file.documentCount
        )
      }
    }
  }
}

/// What a write needs to know of the document it replaces.
struct StoredDocument {
  let id: Int64
  let isLive: Bool
  let version: Int
  let contentHash: Data
  let originRoot: String?
  let originPath: String?
  let createdAt: Int64

  static func find(_ externalID: String, in kb: Int64, _ db: Database) throws -> StoredDocument? {
    try db.row(
      """
      SELECT id, live, version, content_hash, origin_root, origin_path, created_at FROM documents
      WHERE kb = ? AND external_id = ?
      """,
      kb,
      externalID
    ).map { row in
      StoredDocument(
        id: try row.integer(0),
        isLive: try row.integer(1) == 1,
        version: try row.int(2),
        contentHash: try row.data(3),
        originRoot: try row.textIfPresent(4),
        originPath: try row.textIfPresent(5),
        createdAt: try row.integer(6)
      )
    }
  }
}
