import Domain
import Foundation
import GRDB

/// Keeps a vector exactly as long as some live chunk's text, or that of a version that may go live, is addressed by
/// its hash.
///
/// Texts that lose a chunk are remembered and looked at once, at the end of the transaction, since a later
/// document of the same batch may need them again.
struct VectorKeeper {
  private let db: Database
  private var released: Set<Data> = []

  init(_ db: Database) { self.db = db }

  /// - Parameter chunks: a query for ids of chunks that are about to go, with one argument.
  mutating func release(textsOf chunks: String, _ argument: Int64) throws {
    var hashes: [Data] = []
    try db.each("SELECT text_hash FROM chunk_embeddings WHERE chunk IN (\(chunks))", [argument]) {
      hashes.append(try $0.data(0))
    }
    released.formUnion(hashes)
  }

  /// - Parameter text: of a version that goes live no more, or has gone live.
  mutating func release(_ text: Data) { released.insert(text) }

  mutating func removeOrphans() throws {
    for hash in released {
      try db.run(
        """
        DELETE FROM vectors WHERE text_hash = ?1
          AND NOT EXISTS (SELECT 1 FROM chunk_embeddings WHERE text_hash = ?1)
          AND NOT EXISTS (SELECT 1 FROM pending_texts WHERE text_hash = ?1)
        """,
        hash
      )
    }
    released.removeAll()
  }

  func has(_ key: VectorKey) throws -> Bool {
    try db.exists("SELECT 1 FROM vectors WHERE text_hash = ? AND model = ?", key.textHash, key.model)
  }

  func insert(_ vector: HalfVector, for key: VectorKey) throws {
    try db.run(
      "INSERT OR IGNORE INTO vectors (text_hash, model, half_values) VALUES (?, ?, ?)",
      key.textHash,
      key.model,
      vector.column
    )
  }

  /// Stores a vector only where a chunk, or a version that may go live, refers to its text.
  func insertIfReferenced(_ vector: HalfVector, for key: VectorKey) throws {
    try db.run(
      """
      INSERT OR IGNORE INTO vectors (text_hash, model, half_values)
      SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM chunk_embeddings WHERE text_hash = ?1)
        OR EXISTS (SELECT 1 FROM pending_texts WHERE text_hash = ?1)
      """,
      key.textHash,
      key.model,
      vector.column
    )
  }
}
