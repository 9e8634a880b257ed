import Domain
import GRDB

/// Reads and keeps the counts of `knowledge_bases`.
struct KnowledgeBaseRow {
  let id: Int64
  let name: String
  let model: String

  /// - Throws: `kb_not_found`, also for one whose documents are still being removed.
  static func require(_ id: KnowledgeBaseID, _ db: Database) throws -> KnowledgeBaseRow {
    guard
      let row = try db.row(
        "SELECT name, model FROM knowledge_bases WHERE id = ? AND name IS NOT NULL",
        id.rawValue
      )
    else { throw StoreError.knowledgeBaseNotFound(id) }
    return KnowledgeBaseRow(id: id.rawValue, name: try row.text(0), model: try row.text(1))
  }

  static func count(documents: Int, chunks: Int, in id: Int64, _ db: Database) throws {
    guard documents != 0 || chunks != 0 else { return }
    try db.run(
      """
      UPDATE knowledge_bases SET document_count = document_count + ?, chunk_count = chunk_count + ? WHERE id = ?
      """,
      documents,
      chunks,
      id
    )
  }

  static func value(_ row: Row) throws -> KnowledgeBase {
    KnowledgeBase(
      id: KnowledgeBaseID(rawValue: try row.integer(0)),
      name: try row.text(1),
      model: try row.text(2),
      createdAt: try row.date(3)
    )
  }
}
