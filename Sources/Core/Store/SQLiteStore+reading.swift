import Domain
import Foundation
import GRDB

extension SQLiteStore {
  public func document(_ externalID: String, in id: KnowledgeBaseID) async throws -> DocumentRecord? {
    let now = options.now().column
    return try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      return try db.row(
        """
        SELECT \(DocumentColumns.sql) FROM documents d
        WHERE d.kb = ? AND d.external_id = ? AND \(DocumentColumns.isLive("?"))
        """,
        kb.id,
        externalID,
        now
      ).map { try DocumentColumns.record($0) }
    }
  }

  public func version(
    _ version: Int?,
    of externalID: String,
    in id: KnowledgeBaseID
  ) async throws -> DocumentVersion? {
    let now = options.now().column
    return try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      return try db.row(
        """
        SELECT \(Self.versionColumns("?1")) FROM documents d JOIN versions v ON v.document = d.id
        WHERE d.kb = ?2 AND d.external_id = ?3
          AND CASE WHEN ?4 IS NULL THEN \(DocumentColumns.isLive("?1")) AND v.version = d.version
            ELSE v.version = ?4 END
        """,
        now,
        kb.id,
        externalID,
        version
      ).map(Self.version)
    }
  }

  public func version(_ version: Int, of document: DocumentID) async throws -> VersionLookup {
    let now = options.now().column
    return try await knowledge.read { db in
      if try db.exists("SELECT 1 FROM purged_documents WHERE document = ?", document.rawValue) {
        return .purged
      }
      // A version that was never live was never quoted: nobody may find out by asking what stands in it.
      let row = try db.row(
        """
        SELECT \(Self.versionColumns("?1")), b.name IS NULL
        FROM documents d JOIN versions v ON v.document = d.id JOIN knowledge_bases b ON b.id = d.kb
        JOIN version_details s ON s.id = v.id
        WHERE d.id = ?2 AND v.version = ?3 AND s.live_at IS NOT NULL
        """,
        now,
        document.rawValue,
        version
      )
      guard let row else { return .unknown }
      return try row.integer(7) == 1 ? .purged : .found(Self.version(row))
    }
  }

  public func audience(ofVersion version: Int, of document: DocumentID) async throws -> VersionAudience? {
    try await knowledge.read { db in
      let row = try db.row(
        """
        SELECT b.name, d.visibility, s.visibility FROM documents d
        JOIN knowledge_bases b ON b.id = d.kb AND b.name IS NOT NULL
        JOIN version_details s ON s.document = d.id AND s.version = ?2
        WHERE d.id = ?1
        """, document.rawValue, version)
      guard let row else { return nil }
      let visibilities = [try row.text(1), try row.textIfPresent(2)].compactMap { $0 }
      return VersionAudience(
        knowledgeBase: try row.text(0), visibilities: try visibilities.map { try Visibility(column: $0) })
    }
  }

  public func documents(
    in id: KnowledgeBaseID,
    after: String?,
    limit: Int
  ) async throws -> [DocumentRecord] {
    guard limit > 0 else { return [] }
    let now = options.now().column
    return try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      var documents: [DocumentRecord] = []
      // No external id is empty, so that the empty string comes before all.
      try db.each(
        """
        SELECT \(DocumentColumns.sql) FROM documents d INDEXED BY documents_by_external_id
        WHERE d.kb = ? AND d.external_id > ? AND \(DocumentColumns.isLive("?")) ORDER BY d.external_id LIMIT ?
        """,
        [kb.id, after ?? "", now, limit]
      ) { documents.append(try DocumentColumns.record($0)) }
      return documents
    }
  }

  public func counts(in id: KnowledgeBaseID) async throws -> StoreCounts {
    try await knowledge.read { db in
      let row = try db.row(
        "SELECT document_count, chunk_count FROM knowledge_bases WHERE id = ? AND name IS NOT NULL",
        id.rawValue
      )
      guard let row else { throw StoreError.knowledgeBaseNotFound(id) }
      return StoreCounts(documents: try row.int(0), chunks: try row.int(1))
    }
  }

  public func links(in id: KnowledgeBaseID) async throws -> [DocumentID: DocumentLinks] {
    try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      var links: [DocumentID: DocumentLinks] = [:]
      try db.each(
        "SELECT id, links FROM documents WHERE kb = ? AND live = 1 AND links IS NOT NULL",
        [kb.id]
      ) { row in
        links[DocumentID(rawValue: try row.integer(0))] = try DocumentLinks(column: row.data(1))
      }
      return links
    }
  }

  public func contentHashes(
    of externalIDs: [String],
    in id: KnowledgeBaseID
  ) async throws -> [ExactString: Data] {
    try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      var hashes: [ExactString: Data] = [:]
      for externalID in externalIDs {
        if let stored = try StoredDocument.find(externalID, in: kb.id, db), !stored.isDeleted {
          hashes[ExactString(externalID)] = stored.latest.contentHash
        }
      }
      return hashes
    }
  }

  public func missingVectors(_ keys: [VectorKey]) async throws -> [VectorKey] {
    guard !keys.isEmpty else { return [] }
    return try await knowledge.read { db in
      let vectors = VectorKeeper(db)
      return try keys.filter { try !vectors.has($0) }
    }
  }

  public func passages(_ ids: [ChunkID]) async throws -> [ChunkID: Passage] {
    // Greater ids than the store can give were never in it.
    let ids = ids.compactMap { Int64(exactly: $0.rawValue) }
    guard !ids.isEmpty else { return [:] }
    let now = options.now().column
    return try await knowledge.read { db in
      var passages: [ChunkID: Passage] = [:]
      try Self.collect(
        """
        SELECT \(PassageColumns.sql)
        FROM json_each(?) wanted
        CROSS JOIN chunks c ON c.id = wanted.value
        CROSS JOIN documents d ON d.id = c.document
        CROSS JOIN knowledge_bases b ON b.id = d.kb
        WHERE \(DocumentColumns.isLive("?")) AND b.name IS NOT NULL
        """,
        [Self.list(ids), now],
        db
      ) { passages[$0.chunk] = $0 }
      return passages
    }
  }

  public func passages(of document: DocumentID, ordinals: ClosedRange<Int>) async throws -> [Passage] {
    let now = options.now().column
    return try await knowledge.read { db in
      var passages: [Passage] = []
      try Self.collect(
        """
        SELECT \(PassageColumns.sql)
        FROM documents d JOIN knowledge_bases b ON b.id = d.kb JOIN chunks c ON c.document = d.id
        WHERE d.id = ? AND \(DocumentColumns.isLive("?")) AND b.name IS NOT NULL AND c.ordinal BETWEEN ? AND ?
        ORDER BY c.ordinal, c.id
        """,
        [document.rawValue, now, ordinals.lowerBound, ordinals.upperBound],
        db
      ) { passages.append($0) }
      return passages
    }
  }

  /// Decodes each document once, however many passages are its.
  private static func collect(
    _ sql: String,
    _ arguments: [(any DatabaseValueConvertible)?],
    _ db: Database,
    _ body: (Passage) throws -> Void
  ) throws {
    var documents: [Int64: DocumentRecord] = [:]
    try db.each(sql, arguments) { row in
      let id = try row.integer(0)
      let document = try documents[id] ?? DocumentColumns.record(row)
      documents[id] = document
      try body(PassageColumns.passage(row, of: document))
    }
  }

  private static func versionColumns(_ now: String) -> String {
    """
    d.id, d.external_id, v.version, v.title, v.text, v.created_at, \
    \(DocumentColumns.isLive(now)) AND v.version = d.version
    """
  }

  private static func version(_ row: Row) throws -> DocumentVersion {
    DocumentVersion(
      document: DocumentID(rawValue: try row.integer(0)),
      externalID: try row.text(1),
      version: try row.int(2),
      title: try row.text(3),
      text: try row.text(4),
      createdAt: try row.date(5),
      isCurrent: try row.integer(6) == 1
    )
  }

  /// A JSON array for `json_each`, so that a list of any length is one cached statement.
  static func list(_ ids: some Sequence<Int64>) -> String {
    "[" + ids.map(String.init).joined(separator: ",") + "]"
  }
}
