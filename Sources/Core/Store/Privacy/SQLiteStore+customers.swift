import Domain
import Foundation
import GRDB
import Security

extension SQLiteStore: CustomerStore {
  public func customer(_ id: String) async throws -> CustomerRecord? {
    let encryption = encryption
    return try await service.read { db in
      let sealer = try encryption.opener(db)
      let lookup = try CustomerRow.lookup(id, sealer)
      let row = try db.row(
        "SELECT id, sealed, restricted_at, hold, created_at, updated_at FROM customers WHERE lookup = ?",
        lookup)
      guard let row else { return nil }
      let number = try row.integer(0)
      let counts = try db.row(
        """
        SELECT count(DISTINCT c.id), count(m.position) FROM conversations c
        LEFT JOIN messages m ON m.conversation = c.id WHERE c.customer = ?
        """, number)
      return CustomerRecord(
        customer: try sealer.open(Customer.self, try row.data(1), CustomerRow.context(lookup)),
        pseudonym: CustomerRow.pseudonym(lookup), restrictedAt: try row.dateIfPresent(2),
        hold: try row.dataIfPresent(3).map { try CustomerRow.hold($0, lookup, sealer) },
        conversations: try counts?.int(0) ?? 0, messages: try counts?.int(1) ?? 0,
        createdAt: try row.date(4), updatedAt: try row.date(5))
    }
  }

  public func pseudonym(ofCustomer id: String) async throws -> String {
    CustomerRow.pseudonym(try await lookup(ofCustomer: id))
  }

  public func conversations(
    ofCustomer id: String, after: Conversation?, limit: Int
  ) async throws -> [Conversation] {
    let encryption = encryption
    return try await service.read { db in
      let sealer = try encryption.opener(db)
      let start =
        try after.flatMap { try db.integer("SELECT id FROM conversations WHERE name = ?", $0.id) } ?? 0
      var found: [Conversation] = []
      try db.each(
        """
        SELECT \(ConversationRow.columns) FROM \(ConversationRow.tables)
        WHERE u.lookup = ? AND c.id > ? ORDER BY c.id LIMIT ?
        """, [try CustomerRow.lookup(id, sealer), start, limit]
      ) { found.append(try ConversationRow.conversation($0, sealer)) }
      return found
    }
  }

  public func rectify(_ customer: Customer, at now: Date) async throws -> Bool {
    try await update(customer.id) { lookup, sealer, db in
      try db.run(
        "UPDATE customers SET sealed = ?, updated_at = ? WHERE lookup = ?",
        try sealer.seal(customer, CustomerRow.context(lookup)), now.column, lookup)
    }
  }

  public func restrict(_ id: String, _ isRestricted: Bool, at now: Date) async throws -> Bool {
    try await update(id) { lookup, _, db in
      try db.run(
        "UPDATE customers SET restricted_at = ?, updated_at = ? WHERE lookup = ?",
        isRestricted ? now.column : nil, now.column, lookup)
    }
  }

  public func hold(_ id: String, reason: String?, at now: Date) async throws -> Bool {
    try await update(id) { lookup, sealer, db in
      let sealed = try reason.map { try sealer.seal(Data($0.utf8), CustomerRow.holdContext(lookup)) }
      try db.run(
        "UPDATE customers SET hold = ?, updated_at = ? WHERE lookup = ?", sealed, now.column, lookup)
    }
  }

  private func update(
    _ id: String, _ change: @escaping @Sendable (Data, Sealer, Database) throws -> Void
  ) async throws -> Bool {
    let encryption = encryption
    return try await service.write { db in
      let sealer = try encryption.sealer(db)
      let lookup = try CustomerRow.lookup(id, sealer)
      guard try db.exists("SELECT 1 FROM customers WHERE lookup = ?", lookup) else { return false }
      try change(lookup, sealer, db)
      return true
    }
  }

  func lookup(ofCustomer id: String) async throws -> Data {
    let encryption = encryption
    // The key of pseudonyms may have to be made.
    return try await service.write { try CustomerRow.lookup(id, try encryption.sealer($0)) }
  }
}
