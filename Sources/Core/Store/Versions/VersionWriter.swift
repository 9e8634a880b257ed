import Domain
import Foundation
import GRDB

/// Writes versions and their states, within one transaction. What readers see follows by `Settlement`.
struct VersionWriter {
  private let db: Database
  /// Microseconds since 1970.
  private let now: Int64

  init(_ db: Database, now: Int64) {
    self.db = db
    self.now = now
  }

  /// Adds the newest version of a document.
  ///
  /// - Parameter before: the newest one until now.
  /// - Returns: its row.
  func insert(
    _ write: DocumentWrite, _ publication: Publication, of document: Int64, after before: StoredVersion?
  ) throws -> Int64 {
    let content = write.content
    let version = (before?.version ?? 0) + 1
    let keptOrigin = write.keepsOrigin ? before : nil
    let stated =
      try keptOrigin?.stated.column
      ?? (write.origin == nil ? nil : StatedPublication(write.publication).column)
    try db.run(
      "INSERT INTO versions (document, version, title, text, created_at) VALUES (?, ?, ?, ?, ?)",
      document, version, content.title.column, content.text.column, now)
    let id = db.lastInsertedRowID
    try db.run(
      """
      INSERT INTO version_details (id, document, version, title, text_bytes, chunk_count, generation, status,
        publish_at, expires_at, stated, created_at, changed_at, author, kind, content_hash, url, language,
        questions, tags, attributes, visibility, origin_root, origin_path, links)
      VALUES (?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      id, document, version, content.title.column, content.text.utf8.count, write.chunks.count,
      publication.status.rawValue, publication.publishAt?.column, publication.expiresAt?.column,
      stated, now, now,
      write.author?.column, content.kind.rawValue, write.contentHash, content.url?.column,
      content.language?.column, JSONColumn.encode(content.questions), JSONColumn.encode(content.tags),
      JSONColumn.encode(content.attributes), content.visibility.column,
      write.origin?.root ?? keptOrigin?.originRoot, write.origin?.path ?? keptOrigin?.originPath,
      try write.links.column)
    try VersionChunks(db).keep(write.chunks, of: id, text: content.text)
    try db.run(
      "UPDATE documents SET latest = ?, content_hash = ?, deleted = 0 WHERE id = ?", version,
      write.contentHash, document)
    let goesLive = publication.isDue(at: Date(column: now))
    if publication.status != .archived, !goesLive {
      for hash in Set(write.chunks.flatMap(\.textHashes)) { try pend(hash, id) }
    }
    return id
  }

  /// - Parameter id: of the version's row.
  func set(_ publication: Publication, of id: Int64) throws {
    try db.run(
      "UPDATE version_details SET status = ?, publish_at = ?, expires_at = ?, changed_at = ? WHERE id = ?",
      publication.status.rawValue, publication.publishAt?.column, publication.expiresAt?.column, now, id)
    guard publication.status != .archived, let chunks = try VersionChunks(db).chunks(of: id) else { return }
    for hash in Set(chunks.flatMap(\.textHashes)) { try pend(hash, id) }
  }

  func set(_ stated: StatedPublication, of id: Int64) throws {
    try db.run("UPDATE version_details SET stated = ? WHERE id = ?", try stated.column, id)
  }

  func addRevision(to document: Int64) throws {
    try db.run("UPDATE documents SET revision = revision + 1 WHERE id = ?", document)
  }

  /// Ends what was published before a version.
  func archivePublished(of document: Int64, before version: Int) throws {
    try db.run(
      """
      UPDATE version_details SET status = 'archived', changed_at = ?
      WHERE document = ? AND status = 'published' AND version < ?
      """, now, document, version)
  }

  /// Ends what is published, is to be, or is being written.
  func archiveAll(of document: Int64) throws {
    try db.run(
      "UPDATE version_details SET status = 'archived', changed_at = ? WHERE document = ? AND status != 'archived'",
      now, document)
  }

  func latestRecord(of document: Int64) throws -> DocumentRecord {
    guard
      let row = try db.row(
        "SELECT \(DocumentColumns.latest) FROM \(DocumentColumns.latestJoin) WHERE d.id = ?", document)
    else { throw StoreError.corrupt("a document vanished while it was read") }
    return try DocumentColumns.record(row)
  }

  private func pend(_ hash: Data, _ id: Int64) throws {
    try db.run("INSERT OR IGNORE INTO pending_texts (id, text_hash) VALUES (?, ?)", id, hash)
  }
}
