import Domain
import Foundation
import GRDB

extension SQLiteStore: ConversationStore {
  /// - Throws: `customer_restricted`; `master_key_missing`, `master_key_wrong`, as everything here.
  public func open(_ new: NewConversation, at now: Date) async throws -> Conversation {
    let encryption = encryption
    let id = UUID().uuidString.lowercased()
    return try await service.write { db in
      let sealer = try encryption.sealer(db, at: now)
      let customer = try new.customer.map { try Self.keep($0, db, sealer, at: now) }
      try db.run(
        """
        INSERT INTO conversations (name, kb, channel, customer, opener, status, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, 'bot', ?, ?)
        """, id, new.knowledgeBase, new.channel, customer, new.opener, now.column, now.column)
      guard let (_, conversation) = try ConversationRow.find(id, db, sealer) else {
        throw StoreError.corrupt("a conversation is gone")
      }
      try OutboxWriter(db, now: now.column).record(
        .conversationOpened, knowledgeBase: conversation.knowledgeBase
      ) { ["conversation_id": .text(id), "channel": .text(conversation.channel)] }
      return conversation
    }
  }

  public func conversation(_ id: String) async throws -> Conversation? {
    let encryption = encryption
    return try await service.read { db in
      try ConversationRow.find(id, db, try encryption.opener(db))?.conversation
    }
  }

  public func append(
    _ new: NewMessage, to conversation: String, in states: Set<Conversation.Status>, at now: Date
  ) async throws -> MessageOutcome? {
    let encryption = encryption
    let outcome = try await service.write { db -> MessageOutcome? in
      let sealer = try encryption.sealer(db, at: now)
      guard let (rowID, found) = try ConversationRow.find(conversation, db, sealer) else { return nil }
      if let known = try Self.known(new, in: rowID, db, sealer) {
        return known.text == new.text || new.clientID == nil ? .repeated(known) : .differs
      }
      guard try !Self.isRestricted(rowID, db) else { return .restricted }
      guard states.contains(found.status) else { return .refused(found.status) }
      let message = try MessageRow.insert(
        new, in: rowID, sequence: found.lastSequence + 1, db, sealer, at: now)
      try OutboxWriter(db, now: now.column).record(
        .messageCreated, knowledgeBase: found.knowledgeBase
      ) {
        [
          "conversation_id": .text(found.id), "seq": .number(Int64(message.sequence)),
          "author": .text(message.author.rawValue),
        ]
      }
      return .added(message)
    }
    if case .added = outcome { tellOfMessages() }
    return outcome
  }

  public func change(
    _ conversation: String, to status: Conversation.Status, at now: Date
  ) async throws -> Conversation? {
    let encryption = encryption
    let changed = try await service.write { db -> Conversation? in
      let sealer = try encryption.sealer(db, at: now)
      guard let (rowID, found) = try ConversationRow.find(conversation, db, sealer) else { return nil }
      guard found.status != status else { return found }
      try db.run("UPDATE conversations SET status = ? WHERE id = ?", status.rawValue, rowID)
      _ = try MessageRow.insert(
        NewMessage(author: .system, text: ""), status: status, in: rowID, sequence: found.lastSequence + 1,
        db, sealer, at: now)
      try OutboxWriter(db, now: now.column).record(
        .conversationChanged, knowledgeBase: found.knowledgeBase
      ) { ["conversation_id": .text(found.id), "status": .text(status.rawValue)] }
      return try ConversationRow.find(conversation, db, sealer)?.conversation
    }
    if changed != nil { tellOfMessages() }
    return changed
  }

  public func messages(
    of conversation: String, after sequence: Int, limit: Int
  ) async throws -> [Message] {
    try await messages(
      of: conversation,
      "SELECT \(MessageRow.columns) FROM messages WHERE conversation = ? AND sequence > ? "
        + "ORDER BY sequence LIMIT ?", sequence, limit)
  }

  public func latestMessages(of conversation: String, limit: Int) async throws -> [Message] {
    try await messages(
      of: conversation,
      "SELECT \(MessageRow.columns) FROM messages WHERE conversation = ? AND sequence > ? "
        + "ORDER BY sequence DESC LIMIT ?", 0, limit
    ).reversed()
  }

  public func reply(to sequence: Int, in conversation: String) async throws -> Message? {
    try await messages(
      of: conversation,
      "SELECT \(MessageRow.columns) FROM messages WHERE conversation = ? AND in_reply_to = ? LIMIT ?",
      sequence, 1
    ).first
  }

  private func messages(
    of conversation: String, _ sql: String, _ sequence: Int, _ limit: Int
  ) async throws -> [Message] {
    let encryption = encryption
    return try await service.read { db in
      let sealer = try encryption.opener(db)
      guard let rowID = try db.integer("SELECT id FROM conversations WHERE name = ?", conversation) else {
        return []
      }
      var messages: [Message] = []
      try db.each(sql, [rowID, sequence, limit]) { row in
        messages.append(try MessageRow.message(row, of: rowID, sealer))
      }
      return messages
    }
  }

  // MARK: The log of all messages

  public func messageHead() async throws -> Int64 { try await service.read { try Self.messageHead($0) } }

  public func messagePositions(after position: Int64, limit: Int) async throws -> [MessagePosition] {
    try await service.read { db in
      var positions: [MessagePosition] = []
      try db.each(
        """
        SELECT m.position, c.name, m.sequence FROM messages m JOIN conversations c ON c.id = m.conversation
        WHERE m.position > ? ORDER BY m.position LIMIT ?
        """, [position, limit]
      ) { row in
        positions.append(
          MessagePosition(
            position: try row.integer(0), conversation: try row.text(1), sequence: try row.int(2)))
      }
      return positions
    }
  }

  public func messageSignals() -> AsyncStream<Void> { messageLog.stream() }

  /// Positions are never given twice, also where the newest messages were erased.
  static func messageHead(_ db: Database) throws -> Int64 {
    try db.integer("SELECT seq FROM sqlite_sequence WHERE name = 'messages'") ?? 0
  }

  /// After a commit nothing may fail any more: whoever listens looks how far it is.
  private func tellOfMessages() { messageLog.wake() }

  // MARK: Rows

  /// What the sender or the same reply has put there before.
  private static func known(
    _ new: NewMessage, in conversation: Int64, _ db: Database, _ sealer: Sealer
  ) throws -> Message? {
    let row: Row?
    if let client = new.clientID {
      row = try db.row(
        "SELECT \(MessageRow.columns) FROM messages WHERE conversation = ? AND client = ?", conversation,
        try MessageRow.client(client, sealer))
    } else if let answered = new.inReplyTo {
      row = try db.row(
        "SELECT \(MessageRow.columns) FROM messages WHERE conversation = ? AND in_reply_to = ?", conversation,
        answered)
    } else {
      row = nil
    }
    return try row.map { try MessageRow.message($0, of: conversation, sealer) }
  }

  private static func isRestricted(_ conversation: Int64, _ db: Database) throws -> Bool {
    try db.exists(
      """
      SELECT 1 FROM conversations c JOIN customers u ON u.id = c.customer
      WHERE c.id = ? AND u.restricted_at IS NOT NULL
      """, conversation)
  }

  /// Remembers what the company says of a customer; what it leaves out stays as it was.
  ///
  /// - Returns: the row's number.
  private static func keep(
    _ customer: Customer, _ db: Database, _ sealer: Sealer, at now: Date
  ) throws -> Int64 {
    let lookup = try CustomerRow.lookup(customer.id, sealer)
    let context = CustomerRow.context(lookup)
    guard
      let row = try db.row("SELECT id, sealed, restricted_at FROM customers WHERE lookup = ?", lookup)
    else {
      try db.run(
        "INSERT INTO customers (lookup, sealed, created_at, updated_at) VALUES (?, ?, ?, ?)", lookup,
        try sealer.seal(customer, context), now.column, now.column)
      return db.lastInsertedRowID
    }
    let id = try row.integer(0)
    guard try row.intIfPresent(2) == nil else {
      throw StoreError(
        .customerRestricted,
        "What is stored about this customer may not be used, as they asked; a privacy officer can lift that.")
    }
    let known = try sealer.open(Customer.self, try row.data(1), context)
    var merged = known
    merged.locale = customer.locale ?? known.locale
    merged.timeZone = customer.timeZone ?? known.timeZone
    if merged != known {
      try db.run(
        "UPDATE customers SET sealed = ?, updated_at = ? WHERE id = ?", try sealer.seal(merged, context),
        now.column, id)
    }
    return id
  }
}
