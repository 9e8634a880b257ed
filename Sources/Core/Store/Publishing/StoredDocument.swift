import Domain
import Foundation
import GRDB

/// What a write needs to know of the document it replaces.
struct StoredDocument {
  let id: Int64
  let isLive: Bool
  let isDeleted: Bool
  /// The live one's; where none is live the newest one's.
  let version: Int
  let latest: StoredVersion
  let createdAt: Int64

  static func find(_ externalID: String, in kb: Int64, _ db: Database) throws -> StoredDocument? {
    guard
      let row = try db.row(
        """
        SELECT id, live, deleted, version, latest, created_at FROM documents WHERE kb = ? AND external_id = ?
        """,
        kb,
        externalID
      )
    else { return nil }
    let id = try row.integer(0)
    guard let latest = try StoredVersion.find(row.int(4), of: id, db) else {
      throw StoreError.corrupt("a document has no versions")
    }
    return StoredDocument(
      id: id, isLive: try row.integer(1) == 1, isDeleted: try row.integer(2) == 1, version: try row.int(3),
      latest: latest, createdAt: try row.integer(5))
  }
}

/// What a write needs to know of a version.
struct StoredVersion {
  /// Of its row.
  let id: Int64
  let version: Int
  let publication: Publication
  let stated: StatedPublication
  /// Nil where it was not kept.
  let contentHash: Data?
  let originRoot: String?
  let originPath: String?

  static func find(_ version: Int, of document: Int64, _ db: Database) throws -> StoredVersion? {
    try db.row("SELECT \(sql) FROM version_details WHERE document = ? AND version = ?", document, version)
      .map(Self.init)
  }

  /// Versions of a document that are live, or will be, the newest first.
  static func published(of document: Int64, _ db: Database) throws -> [StoredVersion] {
    var found: [StoredVersion] = []
    try db.each(
      """
      SELECT \(sql) FROM version_details WHERE document = ? AND status = 'published' ORDER BY version DESC
      """, [document]
    ) { found.append(try StoredVersion($0)) }
    return found
  }

  private static let sql = """
    id, version, status, publish_at, expires_at, stated, content_hash, origin_root, origin_path
    """

  private init(_ row: Row) throws {
    id = try row.integer(0)
    version = try row.int(1)
    publication = try DocumentColumns.publication(row, at: 2)
    stated = try row.textIfPresent(5).map { try StatedPublication(column: $0) } ?? StatedPublication(.keep)
    contentHash = try row.dataIfPresent(6)
    originRoot = try row.textIfPresent(7)
    originPath = try row.textIfPresent(8)
  }
}
