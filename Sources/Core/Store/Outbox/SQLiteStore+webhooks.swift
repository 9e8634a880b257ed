import Domain
import Foundation
import GRDB

/// Endpoints, and what is written for them. Both files are changed under the write lock of `service.db`, that of
/// `knowledge.db` within it and never the other way round.
extension SQLiteStore: WebhookStore {
  private static let webhookColumns = """
    id, url, types, kbs, enabled, disabled_reason, secret, overlap_secret, overlap_ends_at, created_at, updated_at
    """

  /// Wants more before it wants less: a process killed in between leaves events that nobody asked for, never a gap.
  public func addWebhook(_ webhook: Webhook, limit: Int) async throws {
    try await service.write { [knowledge] db in
      guard try Int(db.integer("SELECT count(*) FROM webhooks") ?? 0) < limit else {
        throw StoreError(.webhookLimit, "There are \(limit) webhooks already. Delete one first.")
      }
      try db.run(
        "INSERT INTO webhooks (\(Self.webhookColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", webhook.id,
        webhook.url, JSONColumn.encode(webhook.interest.types),
        JSONColumn.encode(webhook.interest.knowledgeBases), webhook.isEnabled ? 1 : 0, webhook.disabledReason,
        webhook.secrets[0].sealed, webhook.secrets.dropFirst().first?.sealed,
        webhook.secrets.dropFirst().first?.endsAt?.column, webhook.createdAt.column, webhook.updatedAt.column)
      try knowledge.writeNow { try Self.want(webhook.interest, webhook.id, $0) }
    }
  }

  public func webhooks() async throws -> [Webhook] {
    try await service.read { try Self.webhooks($0) }
  }

  public func webhook(_ id: String) async throws -> Webhook? {
    try await service.read { try Self.webhook(id, $0) }
  }

  public func updateWebhook(
    _ id: String, _ change: @escaping @Sendable (inout Webhook) -> Void
  ) async throws -> Webhook? {
    let changed = try await service.write { [knowledge] db -> Webhook? in
      guard let before = try Self.webhook(id, db) else { return nil }
      var after = before
      change(&after)
      try db.run(
        """
        UPDATE webhooks SET url = ?, types = ?, kbs = ?, enabled = ?, disabled_reason = ?, secret = ?,
          overlap_secret = ?, overlap_ends_at = ?, updated_at = ? WHERE id = ?
        """, after.url, JSONColumn.encode(after.interest.types),
        JSONColumn.encode(after.interest.knowledgeBases),
        after.isEnabled ? 1 : 0, after.disabledReason, after.secrets[0].sealed,
        after.secrets.dropFirst().first?.sealed, after.secrets.dropFirst().first?.endsAt?.column,
        after.updatedAt.column, id)
      if after.isEnabled {
        let wanted = before.isEnabled ? before.interest.union(after.interest) : after.interest
        try knowledge.writeNow { try Self.want(wanted, id, $0) }
      }
      return after
    }
    if changed != nil { try await reconcileInterests() }
    return changed
  }

  public func deleteWebhook(_ id: String) async throws -> Bool {
    let isGone = try await service.write { db in
      try db.run("DELETE FROM webhooks WHERE id = ?", id)
      return db.changesCount > 0
    }
    if isGone { try await reconcileInterests() }
    return isGone
  }

  /// No endpoint changes meanwhile: `service.db` is locked.
  public func reconcileInterests() async throws {
    try await service.write { [knowledge] db in
      let enabled = try Self.webhooks(db).filter(\.isEnabled)
      try knowledge.writeNow { db in
        try db.run("DELETE FROM outbox_interests")
        for webhook in enabled { try Self.want(webhook.interest, webhook.id, db) }
      }
    }
  }

  private static func want(_ interest: EventInterest, _ webhook: String, _ db: Database) throws {
    try db.run(
      "REPLACE INTO outbox_interests (webhook, types, kbs) VALUES (?, ?, ?)", webhook,
      JSONColumn.encode(interest.types), JSONColumn.encode(interest.knowledgeBases))
  }

  static func webhooks(_ db: Database) throws -> [Webhook] {
    var all: [Webhook] = []
    try db.each("SELECT \(webhookColumns) FROM webhooks ORDER BY sequence", []) {
      all.append(try webhook($0))
    }
    return all
  }

  static func webhook(_ id: String, _ db: Database) throws -> Webhook? {
    try db.row("SELECT \(webhookColumns) FROM webhooks WHERE id = ?", id).map(webhook)
  }

  private static func webhook(_ row: Row) throws -> Webhook {
    var secrets = [Webhook.Secret(sealed: try row.data(6))]
    if let sealed = try row.dataIfPresent(7), let endsAt = try row.dateIfPresent(8) {
      secrets.append(Webhook.Secret(sealed: sealed, endsAt: endsAt))
    }
    return Webhook(
      id: try row.text(0), url: try row.text(1),
      interest: EventInterest(types: try row.strings(2), knowledgeBases: try row.strings(3)),
      isEnabled: try row.int(4) == 1, disabledReason: try row.textIfPresent(5), secrets: secrets,
      createdAt: try row.date(9), updatedAt: try row.date(10))
  }
}
