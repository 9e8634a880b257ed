import Domain
import Foundation
import GRDB

/// Takes documents out of search or out of the store, within one transaction.
struct DocumentRemover {
  private let db: Database
  private var vectors: VectorKeeper

  init(_ db: Database) {
    self.db = db
    vectors = VectorKeeper(db)
  }

  /// Removes a document's chunks.
  ///
  /// - Returns: how many there were.
  mutating func removeChunks(of document: Int64) throws -> Int {
    try vectors.release(textsOf: "SELECT id FROM chunks WHERE document = ?", document)
    try db.run(
      "DELETE FROM chunk_embeddings WHERE chunk IN (SELECT id FROM chunks WHERE document = ?)",
      document
    )
    try db.run("DELETE FROM chunks WHERE document = ?", document)
    return db.changesCount
  }

  /// Removes everything of a document but its id.
  mutating func erase(_ document: Int64) throws {
    _ = try removeChunks(of: document)
    var pending: [Data] = []
    let versions = "SELECT id FROM versions WHERE document = ?"
    try db.each("SELECT text_hash FROM pending_texts WHERE id IN (\(versions))", [document]) {
      pending.append(try $0.data(0))
    }
    for hash in pending { vectors.release(hash) }
    for table in ["pending_texts", "version_chunks", "version_details"] {
      try db.run("DELETE FROM \(table) WHERE id IN (\(versions))", document)
    }
    try db.run("DELETE FROM publications WHERE document = ?", document)
    try db.run("DELETE FROM versions WHERE document = ?", document)
    try db.run("DELETE FROM documents WHERE id = ?", document)
    try db.run("INSERT OR IGNORE INTO purged_documents (document) VALUES (?)", document)
  }

  /// To be called once at the end of the transaction.
  mutating func removeOrphanedVectors() throws { try vectors.removeOrphans() }
}
