import Domain
import Foundation
import GRDB

/// From the outboxes to deliveries.
extension SQLiteStore {
  private struct OutboxRow: Sendable {
    let sequence: Int64
    let id: String
    let type: String
    let knowledgeBase: String?
    let document: Int64?
    let data: Data
    let occurredAt: Int64
  }

  /// An event leaves its outbox once its deliveries are on disk; cut off in between, it is handed over once more, which
  /// changes nothing: an endpoint has each message once.
  public func relayEvents(limit: Int, at now: Date) async throws -> Int {
    // Looking takes no lock.
    let own = try await service.read { try Self.outbox($0, limit) }
    let known = try await knowledge.read { try Self.outbox($0, limit) }
    if !own.isEmpty {
      try await service.write { db in
        try Self.fanOut(own, at: now, db)
        try Self.forget(own, db)
      }
    }
    if !known.isEmpty {
      try await service.write { try Self.fanOut(known, at: now, $0) }
      try await knowledge.write { try Self.forget(known, $0) }
    }
    return own.count + known.count
  }

  private static func outbox(_ db: Database, _ limit: Int) throws -> [OutboxRow] {
    var rows: [OutboxRow] = []
    try db.each(
      "SELECT sequence, id, type, kb, document, data, occurred_at FROM outbox ORDER BY sequence LIMIT ?",
      [limit]
    ) { row in
      rows.append(
        OutboxRow(
          sequence: try row.integer(0), id: try row.text(1), type: try row.text(2),
          knowledgeBase: try row.textIfPresent(3),
          document: row.hasNull(atIndex: 4) ? nil : try row.integer(4),
          data: try row.data(5), occurredAt: try row.integer(6)))
    }
    return rows
  }

  private static func fanOut(_ events: [OutboxRow], at now: Date, _ db: Database) throws {
    let enabled = try webhooks(db).filter(\.isEnabled)
    for event in events {
      for webhook in enabled where webhook.interest.includes(event.type, of: event.knowledgeBase) {
        try db.run(
          """
          INSERT OR IGNORE INTO webhook_deliveries (id, webhook, message, type, document, data, state, next_at,
            occurred_at, updated_at)
          VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?)
          """, newDeliveryID(), webhook.id, event.id, event.type, event.document, event.data, now.column,
          event.occurredAt, now.column)
      }
    }
  }

  private static func forget(_ events: [OutboxRow], _ db: Database) throws {
    for event in events { try db.run("DELETE FROM outbox WHERE sequence = ?", event.sequence) }
  }

  static func newDeliveryID() -> String { "dlv_" + UUID().uuidString.lowercased() }

  public func externalID(ofDocument id: Int64) async throws -> String? {
    try await knowledge.read { db in
      try db.row("SELECT external_id FROM documents WHERE id = ?", id)?.text(0)
    }
  }

  public func webhookBacklog() async throws -> WebhookBacklog {
    let known = try await knowledge.read { try $0.integer("SELECT min(occurred_at) FROM outbox") }
    return try await service.read { db in
      let own = try db.integer("SELECT min(occurred_at) FROM outbox")
      let waiting = try db.integer(
        """
        SELECT min(d.occurred_at) FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook
        WHERE d.state = 'pending' AND w.enabled = 1
        """)
      func count(_ state: String) throws -> Int {
        try Int(db.integer("SELECT count(*) FROM webhook_deliveries WHERE state = ?", state) ?? 0)
      }
      return WebhookBacklog(
        pending: try count("pending"), dead: try count("dead"),
        oldest: [known, own, waiting].compactMap { $0 }.min().map(Date.init(column:)))
    }
  }
}
