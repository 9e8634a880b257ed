import Domain
import Foundation
import GRDB

extension SQLiteStore {
  /// Documents of one transaction of a long deletion.
  private static let deletionStep = 128

  /// A long list goes in several transactions, each whole, so that no other write waits long.
  public func delete(_ externalIDs: [String], from id: KnowledgeBaseID) async throws -> DeleteReceipt {
    var documents = 0
    var chunks = 0
    var generation = Generation.zero
    var start = 0
    repeat {
      let end = min(start + Self.deletionStep, externalIDs.count)
      let step = externalIDs[start..<end]
      let now = options.now().column
      let receipt = try await knowledge.write { db in try Self.delete(step, from: id, now: now, db) }
      documents += receipt.documents
      chunks += receipt.chunks
      generation = receipt.generation
      if receipt.documents > 0 { signals.committed(generation.rawValue) }
      start = end
    } while start < externalIDs.count
    return DeleteReceipt(documents: documents, chunks: chunks, generation: generation)
  }

  private static func delete(
    _ externalIDs: ArraySlice<String>,
    from id: KnowledgeBaseID,
    now: Int64,
    _ db: Database
  ) throws -> DeleteReceipt {
    let kb = try KnowledgeBaseRow.require(id, db)
    let versions = VersionWriter(db, now: now)
    let settlement = Settlement(kb: kb.id, now: now, db)
    var vectors = VectorKeeper(db)
    let outbox = try OutboxWriter(db, now: now)
    var documents = 0
    var chunks = 0
    for externalID in externalIDs {
      guard let stored = try StoredDocument.find(externalID, in: kb.id, db), !stored.isDeleted else {
        continue
      }
      try versions.archiveAll(of: stored.id)
      let settled = try settlement.settle(stored.id, vectors: &vectors)
      chunks += settled.chunks.removed
      try db.run("UPDATE documents SET deleted = 1, chunk_count = 0 WHERE id = ?", stored.id)
      try outbox.record(.documentDeleted, knowledgeBase: kb.name, document: stored.id) {
        [
          "version": .number(Int64(stored.latest.version)),
          "generation": .number(settled.generation.rawValue),
        ]
      }
      documents += 1
    }
    try vectors.removeOrphans()
    return DeleteReceipt(documents: documents, chunks: chunks, generation: try FeedWriter(db).head())
  }

  /// Returns when no byte is left on disk; that waits for readers who hold an older state, for at most
  /// `erasureTimeout`.
  ///
  /// - Throws: `store_busy` where someone reads on: the document is erased all the same, and its bytes leave
  ///   the disk as soon as that reader ends.
  public func purge(_ externalID: String, from id: KnowledgeBaseID) async throws -> Generation? {
    let found = try await knowledge.read { db in
      try StoredDocument.find(externalID, in: try KnowledgeBaseRow.require(id, db).id, db)?.id
    }
    guard let document = found else { return nil }
    // Rather a line too many than one too few.
    let (ledger, lookup, now) = (
      erasureLedger, try await lookup(ofDocument: externalID, in: id), options.now()
    )
    let mark = try await ledgerMark()
    try await Self.blocking { try ledger.append(.document, lookup, by: mark, at: now) }
    try await markQuotesPending(of: document)
    let generation: Generation? = try await knowledge.write { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      guard let stored = try StoredDocument.find(externalID, in: kb.id, db) else { return nil }
      let feed = FeedWriter(db)
      var remover = DocumentRemover(db)
      if stored.isLive {
        let chunks = try remover.removeChunks(of: stored.id)
        try KnowledgeBaseRow.count(documents: -1, chunks: -chunks, in: kb.id, db)
      }
      try remover.erase(stored.id)
      try remover.removeOrphanedVectors()
      try Self.forgetPaths(of: stored, externalID, in: kb.id, db)
      _ = try feed.record(document: stored.id, of: kb.id)
      try OutboxWriter(db, now: now.column).record(
        .documentPurged, knowledgeBase: kb.name, document: stored.id
      ) {
        [:]
      }
      try Eraser.markPending(db)
      return try feed.record(.erase, of: kb.id)
    }
    guard let generation else { return nil }
    signals.committed(generation.rawValue)
    try await withholdQuotes(of: document)
    try await eraser.run()
    return generation
  }

  /// A file's path is the external id of its document, or its beginning.
  private static func forgetPaths(
    of stored: StoredDocument,
    _ externalID: String,
    in kb: Int64,
    _ db: Database
  ) throws {
    let fragment = externalID.utf8.lastIndex(of: UInt8(ascii: "#"))
    let file = fragment.map { String(externalID[..<$0]) } ?? externalID
    try db.run(
      "DELETE FROM source_files WHERE kb = ? AND (path = ? OR path = ? OR (root = ? AND path = ?))",
      kb,
      externalID,
      file,
      stored.latest.originRoot,
      stored.latest.originPath
    )
  }
}
