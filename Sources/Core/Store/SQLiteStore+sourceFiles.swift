import Domain
import GRDB

extension SQLiteStore {
  public func sourceFiles(root: String, in id: KnowledgeBaseID) async throws -> [ExactString: SourceFile] {
    try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      var files: [ExactString: SourceFile] = [:]
      try db.each(
        "SELECT path, fingerprint, document_count FROM source_files WHERE kb = ? AND root = ?",
        [kb.id, root]
      ) { row in
        let path = try row.text(0)
        files[ExactString(path)] = SourceFile(
          path: path, fingerprint: try row.data(1), documentCount: try row.int(2))
      }
      return files
    }
  }

  public func documents(fromRoot root: String, in id: KnowledgeBaseID) async throws -> [OriginatedDocument] {
    try await knowledge.read { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      var documents: [OriginatedDocument] = []
      try db.each(
        """
        SELECT external_id, origin_path, chunk_count FROM documents
        WHERE kb = ? AND origin_root = ? AND deleted = 0 ORDER BY external_id
        """,
        [kb.id, root]
      ) { row in
        documents.append(
          OriginatedDocument(
            externalID: try row.text(0),
            path: try row.text(1),
            chunkCount: try row.int(2)
          )
        )
      }
      return documents
    }
  }

  public func forgetSourceFiles(_ paths: [String], root: String, in id: KnowledgeBaseID) async throws {
    guard !paths.isEmpty else { return }
    try await knowledge.write { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      for path in paths {
        try db.run("DELETE FROM source_files WHERE kb = ? AND root = ? AND path = ?", kb.id, root, path)
      }
    }
  }
}
