import Domain
import Foundation
import GRDB
import Security

extension SQLiteStore {
  public func erase(customer id: String, by job: String?, at now: Date) async throws -> ErasureOutcome {
    try await erase(customer: try await lookup(ofCustomer: id), by: job, at: now, ledger: true)
  }

  /// - Throws: `store_busy` where a long read still holds what was erased: it leaves the disk when that ends.
  private func erase(
    customer lookup: Data, by job: String?, at now: Date, ledger: Bool
  ) async throws -> ErasureOutcome {
    let encryption = encryption
    if let reason = try await service.read({ try Self.hold(lookup, $0, try encryption.opener($0)) }) {
      return .held(reason: reason)
    }
    // Rather a line too many than one too few.
    if ledger {
      let (file, mark) = (erasureLedger, try await ledgerMark())
      try await Self.blocking { try file.append(.customer, lookup, by: mark, at: now) }
    }
    let outcome = try await service.write { db -> ErasureOutcome in
      if let reason = try Self.hold(lookup, db, try encryption.opener(db)) { return .held(reason: reason) }
      let receipt = try Self.delete(customer: lookup, by: job, db)
      try Eraser.markPending(db)
      return .erased(receipt)
    }
    if case .erased = outcome { try await serviceEraser.run() }
    return outcome
  }

  private static func hold(_ lookup: Data, _ db: Database, _ sealer: Sealer) throws -> String? {
    let row = try db.row("SELECT hold FROM customers WHERE lookup = ? AND hold IS NOT NULL", lookup)
    return try row.map { try CustomerRow.hold(try $0.data(0), lookup, sealer) }
  }

  /// Of jobs that hand out what is stored about a customer.
  static let exportKind = "customer_export"

  private static func delete(customer lookup: Data, by job: String?, _ db: Database) throws -> ErasureReceipt
  {
    let theirs = """
      SELECT c.id FROM conversations c JOIN customers u ON u.id = c.customer WHERE u.lookup = ?
      """
    for table in ["outbox", "webhook_deliveries"] {
      try db.run(
        """
        DELETE FROM \(table) WHERE (type LIKE 'conversation.%' OR type LIKE 'message.%')
          AND json_extract(CAST(data AS TEXT), '$.conversation_id')
            IN (SELECT name FROM conversations WHERE id IN (\(theirs)))
        """, lookup)
    }
    try db.run("DELETE FROM messages WHERE conversation IN (\(theirs))", lookup)
    let messages = db.changesCount
    try db.run("DELETE FROM conversations WHERE id IN (\(theirs))", lookup)
    let conversations = db.changesCount
    try db.run("DELETE FROM customers WHERE lookup = ?", lookup)
    // Exports go whole. Of other requests what was sent goes; receipts name nobody, and stay to tell of them.
    let exports = "SELECT sequence FROM jobs WHERE subject = ? AND kind = ?"
    try db.run("DELETE FROM job_parts WHERE job IN (\(exports))", lookup, exportKind)
    try db.run("DELETE FROM jobs WHERE sequence IN (\(exports))", lookup, exportKind)
    let exported = db.changesCount
    try db.run(
      """
      UPDATE job_parts SET input = NULL, result = coalesce(result, x'')
      WHERE input IS NOT NULL AND job IN (SELECT sequence FROM jobs WHERE subject = ? AND id IS NOT ?)
      """, lookup, job)
    return ErasureReceipt(conversations: conversations, messages: messages, exports: exported)
  }

  public func eraseConversations(idleSince: Date, limit: Int) async throws -> Int {
    let count = try await service.write { db -> Int in
      let idle = """
        SELECT c.id FROM conversations c LEFT JOIN customers u ON u.id = c.customer
        WHERE c.updated_at < ? AND u.hold IS NULL ORDER BY c.updated_at LIMIT ?
        """
      let ids = try db.integers(idle, idleSince.column, limit)
      for id in ids {
        try db.run("DELETE FROM messages WHERE conversation = ?", id)
        try db.run("DELETE FROM conversations WHERE id = ?", id)
      }
      // A restriction and a hold outlive the conversations: they say what may be done with the next one.
      try db.run(
        """
        DELETE FROM customers WHERE updated_at < ? AND hold IS NULL AND restricted_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM conversations c WHERE c.customer = customers.id)
        """, idleSince.column)
      if !ids.isEmpty || db.changesCount > 0 { try Eraser.markPending(db) }
      return ids.count
    }
    if count > 0, count < limit { try await serviceEraser.run() }
    return count
  }

  // MARK: Restored backups

  /// Stands for a document in the ledger.
  func lookup(ofDocument externalID: String, in kb: KnowledgeBaseID) async throws -> Data {
    let encryption = encryption
    return try await service.write { db in
      try Self.documentLookup(externalID, in: kb, try encryption.sealer(db))
    }
  }

  private static func documentLookup(
    _ externalID: String, in kb: KnowledgeBaseID, _ sealer: Sealer
  ) throws -> Data {
    try sealer.pseudonym(of: "\(kb.rawValue)\0\(externalID)", "document")
  }

  /// Goes on with what a restore has still to erase, by the folder's own ledger.
  ///
  /// - Returns: as `reapply`; nil where nothing is to be done.
  public func finishRestore() async throws -> (erased: Int, held: Int)? {
    let isPending = try await knowledge.read {
      try $0.exists("SELECT 1 FROM meta WHERE key = 'reapply_pending'")
    }
    guard isPending else { return nil }
    let url = erasureLedger.url
    let entries = try await Self.blocking { try ErasureLedger.entries(of: url) }
    let done = try await reapply(entries)
    try await knowledge.write { try $0.run("DELETE FROM meta WHERE key = 'reapply_pending'") }
    return done
  }

  /// Erases once more what was erased after a backup was taken that is now the store.
  ///
  /// - Parameter entries: of the ledger of the folder that the backup takes the place of.
  /// - Throws: `restore_refused` where the ledger is of another store.
  /// - Returns: customers and documents that were there and are erased now; customers on hold, which stay: their hold is
  ///   in the backup.
  public func reapply(_ entries: [ErasureLedger.Entry]) async throws -> (erased: Int, held: Int) {
    let entries = try await entriesSinceBackup(entries)
    guard !entries.isEmpty else { return (0, 0) }
    var (erased, held) = (0, 0)
    for subject in Set(entries.filter { $0.kind == .customer }.map(\.subject)) {
      guard let lookup = Digest.bytes(hex: subject) else { continue }
      let isThere = try await service.read {
        try $0.exists("SELECT 1 FROM customers WHERE lookup = ?", lookup)
      }
      switch try await erase(customer: lookup, by: nil, at: options.now(), ledger: false) {
      case .held: held += 1
      case .erased: erased += isThere ? 1 : 0
      }
    }
    let purged = Set(entries.filter { $0.kind == .document }.map(\.subject))
    if !purged.isEmpty { erased += try await purgeAgain(purged) }
    return (erased, held)
  }

  private func entriesSinceBackup(_ entries: [ErasureLedger.Entry]) async throws -> [ErasureLedger.Entry] {
    let takenAt = try await knowledge.read {
      try $0.row("SELECT value FROM meta WHERE key = 'backup_at'").flatMap { Int64(try $0.text(0)) }
    }
    // Whole seconds in the ledger: an entry of the backup's own second is done again.
    let entries = entries.filter { entry in
      takenAt.map { entry.at >= Date(column: $0).addingTimeInterval(-1) } ?? true
    }
    let mark = try await ledgerMark()
    guard entries.allSatisfy({ $0.key == nil || $0.key == mark }) else {
      throw StoreError(
        .restoreRefused,
        "The ledger of erasures is of another store than this backup: its pseudonyms were made with another key."
      )
    }
    return entries
  }

  /// Tells by whose key the pseudonyms of a ledger were made.
  func ledgerMark() async throws -> String {
    let encryption = encryption
    return try await service.write { db in
      Digest.hex(try encryption.sealer(db).pseudonym(of: "", "ledger").prefix(8))
    }
  }

  /// Pseudonyms cannot be read backwards: every document's is made and compared.
  private func purgeAgain(_ subjects: Set<String>) async throws -> Int {
    let known = try await knowledge.read { db in
      var known: [(kb: Int64, externalID: String)] = []
      try db.each("SELECT kb, external_id FROM documents", []) { row in
        known.append((try row.integer(0), try row.text(1)))
      }
      return known
    }
    let encryption = encryption
    let erased = try await service.read { db in
      let sealer = try encryption.opener(db)
      return try known.filter { document in
        let kb = KnowledgeBaseID(rawValue: document.kb)
        return subjects.contains(
          Digest.hex(try Self.documentLookup(document.externalID, in: kb, sealer)))
      }
    }
    for document in erased {
      _ = try await purge(document.externalID, from: KnowledgeBaseID(rawValue: document.kb))
    }
    return erased.count
  }
}
