import Domain
import Foundation
import GRDB
import Security

/// How conversations stand in rows.
enum ConversationRow {
  static let columns = """
    c.id, c.name, c.kb, c.channel, u.lookup, u.sealed, c.opener, c.status, c.last_sequence, c.created_at, c.updated_at,
    u.restricted_at IS NOT NULL
    """
  static let tables = "conversations c LEFT JOIN customers u ON u.id = c.customer"

  /// - Returns: with the row's own number.
  static func find(
    _ name: String, _ db: Database, _ sealer: Sealer
  ) throws -> (rowID: Int64, conversation: Conversation)? {
    guard
      let row = try db.row("SELECT \(columns) FROM \(tables) WHERE c.name = ?", name)
    else { return nil }
    return (try row.integer(0), try conversation(row, sealer))
  }

  static func conversation(_ row: Row, _ sealer: Sealer) throws -> Conversation {
    guard let status = Conversation.Status(rawValue: try row.text(7)) else {
      throw StoreError.corrupt("a conversation's status is unknown")
    }
    var customer: Customer?
    if let lookup = try row.dataIfPresent(4) {
      customer = try sealer.open(Customer.self, try row.data(5), CustomerRow.context(lookup))
    }
    return Conversation(
      id: try row.text(1), knowledgeBase: try row.text(2), channel: try row.text(3), customer: customer?.id,
      opener: try row.textIfPresent(6), status: status, lastSequence: try row.int(8),
      createdAt: try row.date(9), updatedAt: try row.date(10), isRestricted: try row.int(11) == 1)
  }
}

/// How customers stand in rows.
enum CustomerRow {
  static func lookup(_ id: String, _ sealer: Sealer) throws -> Data {
    try sealer.pseudonym(of: id, "customer")
  }

  static func context(_ lookup: Data) -> String { "customer " + lookup.base64EncodedString() }

  /// For people to tell customers apart by, in places where nobody should be named.
  static func pseudonym(_ lookup: Data) -> String { Digest.hex(lookup.prefix(8)) }

  static func hold(_ sealed: Data, _ lookup: Data, _ sealer: Sealer) throws -> String {
    String(decoding: try sealer.open(sealed, holdContext(lookup)), as: UTF8.self)
  }

  static func holdContext(_ lookup: Data) -> String { "hold " + lookup.base64EncodedString() }
}

/// How messages stand in rows.
enum MessageRow {
  static let columns = "sequence, id, author, in_reply_to, status, body, created_at"

  /// What of a message is sealed.
  struct Body: Codable {
    let text: String
    var answer: Data?
  }

  static func context(_ conversation: Int64, _ sequence: Int) -> String {
    "message \(conversation) \(sequence)"
  }

  static func client(_ id: String, _ sealer: Sealer) throws -> Data {
    try sealer.pseudonym(of: id, "message")
  }

  static func message(_ row: Row, of conversation: Int64, _ sealer: Sealer) throws -> Message {
    let sequence = try row.int(0)
    guard let author = Message.Author(rawValue: try row.text(2)) else {
      throw StoreError.corrupt("a message's author is unknown")
    }
    let body = try sealer.open(Body.self, try row.data(5), context(conversation, sequence))
    return Message(
      id: try row.text(1), sequence: sequence, author: author, text: body.text, answer: body.answer,
      status: try row.textIfPresent(4).flatMap(Conversation.Status.init), inReplyTo: try row.intIfPresent(3),
      createdAt: try row.date(6))
  }

  /// - Returns: the message, in a transaction that is open.
  static func insert(
    _ new: NewMessage, status: Conversation.Status? = nil, in conversation: Int64, sequence: Int,
    _ db: Database, _ sealer: Sealer, at now: Date
  ) throws -> Message {
    let id = UUID().uuidString.lowercased()
    let body = try sealer.seal(Body(text: new.text, answer: new.answer), context(conversation, sequence))
    try db.run(
      """
      INSERT INTO messages (conversation, sequence, id, author, client, in_reply_to, status, body, created_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """, conversation, sequence, id, new.author.rawValue, try new.clientID.map { try client($0, sealer) },
      new.inReplyTo, status?.rawValue, body, now.column)
    try db.run(
      "UPDATE conversations SET last_sequence = ?, updated_at = ? WHERE id = ?", sequence, now.column,
      conversation)
    return Message(
      id: id, sequence: sequence, author: new.author, text: new.text, answer: new.answer, status: status,
      inReplyTo: new.inReplyTo, createdAt: Date(column: now.column))
  }
}
