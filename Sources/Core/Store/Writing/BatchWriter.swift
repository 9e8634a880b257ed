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
  private let versions: VersionWriter
  private let settlement: Settlement
  private let outbox: OutboxWriter
  private var vectors: VectorKeeper

  init(_ batch: IngestBatch, now: Int64, _ db: Database) throws {
    self.batch = batch
    self.now = now
    self.db = db
    kb = try KnowledgeBaseRow.require(batch.knowledgeBase, db)
    feed = FeedWriter(db)
    vectors = VectorKeeper(db)
    versions = VersionWriter(db, now: now)
    settlement = Settlement(kb: kb.id, now: now, db)
    outbox = try OutboxWriter(db, now: now)
  }

  mutating func write() throws -> CommitOutcome {
    let missing = try missingVectors()
    guard missing.isEmpty else { return .vectorsMissing(missing) }
    var receipts: [DocumentReceipt] = []
    receipts.reserveCapacity(batch.documents.count)
    for document in batch.documents { receipts.append(try write(document)) }
    try storeVectors()
    try vectors.removeOrphans()
    try storeSourceFiles()
    return .committed(receipts, generation: try feed.head())
  }

  // MARK: Documents

  private func plan(
    _ document: DocumentWrite, over stored: StoredDocument?
  ) throws -> (plan: WritePlan, stored: StoredDocument?) {
    let live = try stored.flatMap { stored in
      stored.isLive ? try StoredVersion.find(stored.version, of: stored.id, db) : nil
    }
    return (WritePlan(document, over: stored, live: live, now: Date(column: now)), stored)
  }

  private mutating func write(_ document: DocumentWrite) throws -> DocumentReceipt {
    let (plan, stored) = try plan(
      document, over: StoredDocument.find(document.externalID, in: kb.id, db))
    switch plan {
    case .nothing:
      guard let stored else { throw StoreError.corrupt("a document vanished while it was read") }
      return try keep(stored, document)
    case .state(let publication):
      guard let stored else { throw StoreError.corrupt("a document vanished while it was read") }
      try versions.set(publication, of: stored.latest.id)
      if document.origin != nil {
        try versions.set(StatedPublication(document.publication), of: stored.latest.id)
      }
      try versions.addRevision(to: stored.id)
      if publication.status == .archived { try versions.archiveAll(of: stored.id) }
      return try settle(stored.id, effect: .changed)
    case .version(let publication):
      let id = try stored?.id ?? insertDocument(document)
      let row = try versions.insert(
        document, publication, of: id, after: stored?.latest)
      // It is the document that is put away, not this text alone.
      if publication.status == .archived { try versions.archiveAll(of: id) }
      return try settle(
        id, known: (row, document.chunks), effect: stored?.isDeleted == false ? .changed : .added)
    }
  }

  private mutating func settle(
    _ id: Int64, known: (id: Int64, chunks: [ChunkWrite])? = nil, effect: DocumentReceipt.Effect
  ) throws -> DocumentReceipt {
    let isNewVersion = known != nil
    let settled = try settlement.settle(id, known: known, vectors: &vectors)
    let record = try versions.latestRecord(of: id)
    let told: EventType =
      switch (effect, isNewVersion, settled.hasChanged) {
      case (.added, _, _): .documentCreated
      case (_, false, true): record.liveVersion == nil ? .documentUnpublished : .documentPublished
      default: .documentUpdated
      }
    try outbox.record(told, id, of: kb.name, generation: settled.generation, record)
    return DocumentReceipt(
      effect: effect, record: record, chunksAdded: settled.chunks.added,
      chunksKept: settled.chunks.kept, chunksRemoved: settled.chunks.removed)
  }

  /// Nothing changed but perhaps where it was found.
  private func keep(_ stored: StoredDocument, _ document: DocumentWrite) throws -> DocumentReceipt {
    let latest = stored.latest
    // What readers see keeps its origin while another version is being written.
    let isShown = latest.version == stored.version
    if isShown, !document.keepsOrigin,
      latest.originRoot != document.origin?.root || latest.originPath != document.origin?.path
    {
      for (table, id) in [("documents", stored.id), ("version_details", latest.id)] {
        try db.run(
          "UPDATE \(table) SET origin_root = ?, origin_path = ? WHERE id = ?",
          document.origin?.root,
          document.origin?.path,
          id
        )
      }
      // The index knows documents by their source.
      if DocumentRecord.source(ofRoot: latest.originRoot)
        != DocumentRecord.source(ofRoot: document.origin?.root)
      {
        _ = try feed.record(document: stored.id, of: kb.id)
      }
    }
    if isShown {
      let links = try document.links.column
      for (table, id) in [("documents", stored.id), ("version_details", latest.id)] {
        try db.run("UPDATE \(table) SET links = ? WHERE id = ? AND links IS NOT ?", links, id, links)
      }
    }
    let record = try versions.latestRecord(of: stored.id)
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
      switch try plan(document, over: StoredDocument.find(document.externalID, in: kb.id, db)).plan {
      case .nothing: continue
      // What is archived is not found by anything.
      case .state(let publication), .version(let publication):
        if publication.status == .archived { continue }
      }
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
