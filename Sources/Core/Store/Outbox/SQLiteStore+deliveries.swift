import Domain
import Foundation
import GRDB

/// A lease is `next_at`: what is in hand is due again when it has run out, under another attempt's name.
extension SQLiteStore {
  private static let deliveryColumns = """
    sequence, id, webhook, message, type, data, document, state, attempts, next_at, last_status, last_error, \
    occurred_at, updated_at
    """

  public func claimDeliveries(
    attempt: String, limit: Int, perWebhook: Int, inFlight: [String: Int], excluding: Set<String>,
    until lease: Date, at now: Date
  ) async throws -> [WebhookDelivery] {
    let due = try await service.read { db in
      try Self.due(
        limit: limit, perWebhook: perWebhook, inFlight: inFlight, excluding: excluding, at: now, db)
    }
    // Looking takes no lock: that is done all the time, by every process.
    guard !due.isEmpty else { return [] }
    return try await service.write { db in
      var claimed: [WebhookDelivery] = []
      for id in due {
        try db.run(
          """
          UPDATE webhook_deliveries SET attempt = ?, next_at = ? WHERE id = ? AND state = 'pending' AND next_at <= ?
            AND EXISTS (SELECT 1 FROM webhooks w WHERE w.id = webhook AND w.enabled = 1)
          """, attempt, lease.column, id, now.column)
        guard db.changesCount == 1, let delivery = try Self.delivery(id, db) else { continue }
        claimed.append(delivery)
      }
      return claimed
    }
  }

  private static func due(
    limit: Int, perWebhook: Int, inFlight: [String: Int], excluding: Set<String>, at now: Date,
    _ db: Database
  ) throws -> [String] {
    var found: [[String]] = []
    for webhook in try webhooks(db) where webhook.isEnabled && !excluding.contains(webhook.id) {
      let free = perWebhook - inFlight[webhook.id, default: 0]
      guard free > 0 else { continue }
      var ids: [String] = []
      try db.each(
        """
        SELECT id FROM webhook_deliveries WHERE webhook = ? AND state = 'pending' AND next_at <= ?
        ORDER BY next_at, sequence LIMIT ?
        """, [webhook.id, now.column, free]
      ) { ids.append(try $0.text(0)) }
      if !ids.isEmpty { found.append(ids) }
    }
    // One of each in turn: an endpoint that has much takes no place from one that has little.
    var taken: [String] = []
    for place in 0..<perWebhook {
      for ids in found where place < ids.count && taken.count < limit { taken.append(ids[place]) }
    }
    return taken
  }

  @discardableResult
  public func settleDelivery(
    _ id: String, attempt: String, _ outcome: WebhookOutcome, at now: Date
  ) async throws -> Bool {
    try await service.write { db in
      switch outcome {
      case .delivered(let status):
        try db.run(
          """
          UPDATE webhook_deliveries SET state = 'delivered', attempts = attempts + 1, next_at = NULL, attempt = NULL,
            last_status = ?3, last_error = NULL, updated_at = ?4
          WHERE id = ?1 AND attempt = ?2 AND state = 'pending'
          """, id, attempt, status, now.column)
      case .failed(let status, let error, let next):
        try db.run(
          """
          UPDATE webhook_deliveries SET state = CASE WHEN ?5 IS NULL THEN 'dead' ELSE 'pending' END,
            attempts = attempts + 1, next_at = ?5, attempt = NULL, last_status = ?3, last_error = ?6, updated_at = ?4
          WHERE id = ?1 AND attempt = ?2 AND state = 'pending'
          """, id, attempt, status, now.column, next?.column, error)
      case .released(let until):
        try db.run(
          """
          UPDATE webhook_deliveries SET next_at = ?3, attempt = NULL WHERE id = ?1 AND attempt = ?2
            AND state = 'pending'
          """, id, attempt, until.column)
      }
      return db.changesCount == 1
    }
  }

  public func addTestDelivery(to webhook: String, at now: Date) async throws -> WebhookDelivery {
    let id = Self.newDeliveryID()
    let message = "msg_" + UUID().uuidString.lowercased()
    return try await service.write { db in
      try db.run(
        """
        INSERT INTO webhook_deliveries (id, webhook, message, type, data, state, next_at, occurred_at, updated_at)
        VALUES (?, ?, ?, ?, ?, 'pending', ?, ?, ?)
        """, id, webhook, message,
        EventType.webhookTest.rawValue, Data("{}".utf8), now.column, now.column, now.column)
      guard let delivery = try Self.delivery(id, db) else { throw StoreError.corrupt("a delivery is gone") }
      return delivery
    }
  }

  public func deliveries(
    of webhook: String, state: WebhookDelivery.State?, before: Int64?, limit: Int
  ) async throws -> [WebhookDelivery] {
    try await service.read { db in
      var found: [WebhookDelivery] = []
      try db.each(
        """
        SELECT \(Self.deliveryColumns) FROM webhook_deliveries
        WHERE webhook = ?1 AND (?2 IS NULL OR state = ?2) AND sequence < ?3 ORDER BY sequence DESC LIMIT ?4
        """,
        [webhook, state?.rawValue, before ?? .max, limit]
      ) { found.append(try Self.delivery($0)) }
      return found
    }
  }

  private static let again = """
    state = 'pending', attempts = 0, next_at = ?1, attempt = NULL, updated_at = ?1
    """

  public func replayDelivery(_ id: String, of webhook: String, at now: Date) async throws -> WebhookDelivery?
  {
    try await service.write { db in
      try db.run(
        "UPDATE webhook_deliveries SET \(Self.again) WHERE id = ?2 AND webhook = ?3", now.column, id, webhook)
      return db.changesCount == 1 ? try Self.delivery(id, db) : nil
    }
  }

  public func replayDeliveries(of webhook: String, since: Date?, at now: Date) async throws -> Int {
    try await service.write { db in
      if let since {
        try db.run(
          """
          UPDATE webhook_deliveries SET \(Self.again)
          WHERE webhook = ?2 AND state IN ('dead', 'delivered') AND occurred_at >= ?3
          """, now.column, webhook, since.column)
      } else {
        try db.run(
          "UPDATE webhook_deliveries SET \(Self.again) WHERE webhook = ?2 AND state = 'dead'", now.column,
          webhook)
      }
      return db.changesCount
    }
  }

  /// In steps, so that no other write waits long.
  public func forgetDeliveries(deliveredBefore: Date, deadBefore: Date) async throws {
    let old = """
      SELECT sequence FROM webhook_deliveries WHERE (state = 'delivered' AND updated_at < ?1)
        OR (state IN ('dead', 'pending') AND updated_at < ?2) LIMIT 500
      """
    while try await service.read({ try $0.exists(old, deliveredBefore.column, deadBefore.column) }) {
      try await service.write { db in
        try db.run(
          "DELETE FROM webhook_deliveries WHERE sequence IN (\(old))", deliveredBefore.column,
          deadBefore.column)
      }
    }
  }

  private static func delivery(_ id: String, _ db: Database) throws -> WebhookDelivery? {
    try db.row("SELECT \(deliveryColumns) FROM webhook_deliveries WHERE id = ?", id).map(delivery)
  }

  private static func delivery(_ row: Row) throws -> WebhookDelivery {
    guard let state = WebhookDelivery.State(rawValue: try row.text(7)) else {
      throw StoreError.corrupt("a delivery's state is unknown")
    }
    return WebhookDelivery(
      sequence: try row.integer(0), id: try row.text(1), webhook: try row.text(2), message: try row.text(3),
      type: try row.text(4), data: try row.data(5),
      document: row.hasNull(atIndex: 6) ? nil : try row.integer(6),
      state: state, attempts: try row.int(8), nextAt: try row.dateIfPresent(9),
      lastStatus: try row.intIfPresent(10), lastError: try row.textIfPresent(11),
      occurredAt: try row.date(12), updatedAt: try row.date(13))
  }
}
