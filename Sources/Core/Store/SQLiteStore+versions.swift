import Domain
import Foundation
import GRDB

extension SQLiteStore {
  public func latestDocument(
    _ externalID: String, in id: KnowledgeBaseID
  ) async throws -> DocumentRecord? {
    try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      return try db.row(
        """
        SELECT \(DocumentColumns.latest) FROM \(DocumentColumns.latestJoin)
        WHERE d.kb = ? AND d.external_id = ? AND d.deleted = 0
        """, kb.id, externalID
      ).map { try DocumentColumns.record($0) }
    }
  }

  public func latestDocuments(
    in id: KnowledgeBaseID, status: DocumentStatus?, after: String?, limit: Int
  ) async throws -> [DocumentRecord] {
    guard limit > 0 else { return [] }
    let condition = status.map { "AND d.status = '\($0.rawValue)'" } ?? ""
    return try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      var documents: [DocumentRecord] = []
      try db.each(
        """
        SELECT \(DocumentColumns.latest) FROM \(DocumentColumns.latestJoin)
        WHERE d.kb = ? AND d.external_id > ? AND d.deleted = 0 \(condition)
        ORDER BY d.external_id LIMIT ?
        """, [kb.id, after ?? "", limit]
      ) { documents.append(try DocumentColumns.record($0)) }
      return documents
    }
  }

  public func versions(
    of externalID: String, in id: KnowledgeBaseID, before: Int?, limit: Int
  ) async throws -> [VersionRecord] {
    guard limit > 0 else { return [] }
    let now = options.now().column
    return try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      var versions: [VersionRecord] = []
      try db.each(
        """
        SELECT \(Self.recordColumns("?1")) FROM documents d JOIN version_details v ON v.document = d.id
        WHERE d.kb = ?2 AND d.external_id = ?3 AND v.version < ?4 ORDER BY v.version DESC LIMIT ?5
        """, [now, kb.id, externalID, before ?? Int.max, limit]
      ) { versions.append(try Self.versionRecord($0)) }
      return versions
    }
  }

  public func keptVersion(
    _ version: Int, of externalID: String, in id: KnowledgeBaseID
  ) async throws -> KeptVersion? {
    let now = options.now().column
    return try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      let row = try db.row(
        """
        SELECT \(Self.recordColumns("?1")), v.content_hash, v.links, t.text, v.id
        FROM documents d JOIN version_details v ON v.document = d.id JOIN versions t ON t.id = v.id
        WHERE d.kb = ?2 AND d.external_id = ?3 AND v.version = ?4
        """, now, kb.id, externalID, version)
      guard let row else { return nil }
      let first = Self.recordColumnCount
      return KeptVersion(
        record: try Self.versionRecord(row), text: try row.text(first + 2),
        contentHash: try row.dataIfPresent(first) ?? Data(),
        links: try row.dataIfPresent(first + 1).map { try DocumentLinks(column: $0) } ?? DocumentLinks(),
        chunks: try VersionChunks(db).chunks(of: row.integer(first + 3)))
    }
  }

  private static let recordColumnCount = 17

  private static func recordColumns(_ now: String) -> String {
    """
    v.version, v.title, v.text_bytes, v.created_at, v.author, v.live_at, v.status, v.publish_at, v.expires_at, \
    \(DocumentColumns.isLive(now)) AND v.version = d.version, v.kind, v.questions, v.url, v.language, v.tags, \
    v.attributes, v.visibility
    """
  }

  private static func versionRecord(_ row: Row) throws -> VersionRecord {
    var metadata: VersionMetadata?
    if let name = try row.textIfPresent(10) {
      guard let kind = DocumentKind(rawValue: name) else {
        throw StoreError.corrupt("a document's kind is unknown")
      }
      metadata = VersionMetadata(
        kind: kind, questions: try row.strings(11), url: try row.textIfPresent(12),
        language: try row.textIfPresent(13), tags: try row.strings(14), attributes: try row.pairs(15),
        visibility: try Visibility(column: row.text(16)))
    }
    return VersionRecord(
      version: try row.int(0), title: try row.text(1), metadata: metadata,
      publication: try DocumentColumns.publication(row, at: 6), isLive: try row.integer(9) == 1,
      liveAt: try row.dateIfPresent(5), textBytes: try row.int(2), createdAt: try row.date(3),
      author: try row.textIfPresent(4))
  }
}
