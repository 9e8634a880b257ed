import Domain
import Foundation
import GRDB

/// Writes down since when and until when a version was live.
struct PublicationIntervals {
  private let kb: Int64
  private let now: Int64
  private let generation: Generation
  private let db: Database

  init(kb: Int64, now: Int64, generation: Generation, _ db: Database) {
    self.kb = kb
    self.now = now
    self.generation = generation
    self.db = db
  }

  func begin(_ version: StoredVersion, of document: Int64, chunks: Int) throws {
    try begin(version.version, of: document, chunks: chunks, expiresAt: version.publication.expiresAt?.column)
  }

  private func begin(_ version: Int, of document: Int64, chunks: Int, expiresAt: Int64?) throws {
    try db.run(
      """
      INSERT INTO publications (kb, document, version, chunk_count, expires_at, from_generation, from_time)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """, kb, document, version, chunks, expiresAt, generation.rawValue, now)
  }

  func end(_ document: Int64) throws {
    try db.run(
      """
      UPDATE publications SET until_generation = ?, until_time = ? WHERE document = ? AND until_generation IS NULL
      """, generation.rawValue, now, document)
  }

  /// The same version goes on, with another end.
  func change(expiresAt: Date?, of document: Int64) throws {
    guard
      let row = try db.row(
        "SELECT version, chunk_count FROM publications WHERE document = ? AND until_generation IS NULL",
        document)
    else { return }
    try end(document)
    try begin(row.int(0), of: document, chunks: row.int(1), expiresAt: expiresAt?.column)
  }
}
