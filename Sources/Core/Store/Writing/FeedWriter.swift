import Domain
import GRDB

/// Appends to the change feed, in the transaction that makes the change.
struct FeedWriter {
  enum KnowledgeBaseChange: String {
    case knowledgeBaseCreated = "kb_created"
    case knowledgeBaseDeleted = "kb_deleted"
    case model, rules, calibration, generation

    /// What guides searches without changing a document.
    static let guidance: Set<String> = [rules.rawValue, calibration.rawValue]
    case rebuild, compact, erase

    init(_ kind: MaintenanceKind) {
      switch kind {
      case .rebuild: self = .rebuild
      case .compact: self = .compact
      case .erase: self = .erase
      }
    }
  }

  let db: Database
  init(_ db: Database) { self.db = db }

  /// A document was written or taken out: its earlier row gives way to this one.
  func record(document: Int64, of kb: Int64) throws -> Generation {
    try db.run("REPLACE INTO changes (kb, document, kind) VALUES (?, ?, 'document')", kb, document)
    return Generation(rawValue: db.lastInsertedRowID)
  }

  func record(_ change: KnowledgeBaseChange, of kb: Int64) throws -> Generation {
    try db.run("DELETE FROM changes WHERE kb = ? AND kind = ? AND document IS NULL", kb, change.rawValue)
    try db.run("INSERT INTO changes (kb, kind) VALUES (?, ?)", kb, change.rawValue)
    return Generation(rawValue: db.lastInsertedRowID)
  }

  /// The newest change, also where its row has gone since.
  func head() throws -> Generation {
    Generation(rawValue: try db.integer("SELECT seq FROM sqlite_sequence WHERE name = 'changes'") ?? 0)
  }
}
