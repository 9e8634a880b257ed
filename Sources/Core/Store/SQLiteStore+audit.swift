import Domain
import Foundation
import GRDB
import Security

extension SQLiteStore: AuditLog {
  private static let auditColumns = "sequence, time, actor, action, target, hash"

  /// - Throws: `audit_key_missing`, `audit_key_wrong`: an entry that is not linked as those before would show as
  ///   tampering.
  @discardableResult
  public func record(_ event: AuditEvent, at time: Date) async throws -> AuditEntry {
    let key = options.auditKey
    return try await service.write { db in
      let newest = try Self.newestEntries(db)
      try Self.requireSameKey(newest, key)
      let sequence = (newest.first?.sequence ?? 0) + 1
      let hash = AuditChain.hash(
        previous: newest.first?.hash ?? AuditChain.origin, sequence: sequence, time: time, event: event,
        key: key)
      try db.run(
        "INSERT INTO audit (sequence, time, actor, action, target, hash) VALUES (?, ?, ?, ?, ?, ?)",
        sequence, time.column, event.actor.column, event.action.column, event.target.column, hash)
      return AuditEntry(sequence: sequence, time: Date(column: time.column), event: event, hash: hash)
    }
  }

  /// Tells early what `record` would say.
  ///
  /// - Throws: `audit_key_missing`, `audit_key_wrong`.
  public func requireAuditKey() async throws {
    let newest = try await service.read { try Self.newestEntries($0) }
    try Self.requireSameKey(newest, options.auditKey)
  }

  /// The newest two, newest first.
  private static func newestEntries(_ db: Database) throws -> [AuditEntry] {
    var newest: [AuditEntry] = []
    try db.each("SELECT \(auditColumns) FROM audit ORDER BY sequence DESC LIMIT 2", []) {
      newest.append(try auditEntry($0))
    }
    return newest
  }

  private static func requireSameKey(_ newest: [AuditEntry], _ key: AuditKey?) throws(StoreError) {
    guard let last = newest.first, AuditChain.isKeyed(last.hash) else { return }
    guard let key else {
      throw StoreError(
        .auditKeyMissing,
        "This data folder's audit log is kept with a key: set FRONTDESK_AUDIT_KEY to its file.")
    }
    let previous = newest.count > 1 ? newest[1].hash : AuditChain.origin
    let own = AuditChain.hash(
      previous: previous, sequence: last.sequence, time: last.time, event: last.event, key: key)
    guard ConstantTime.equal(own, last.hash) else {
      throw StoreError(
        .auditKeyWrong,
        "This data folder's audit log is kept with another key than FRONTDESK_AUDIT_KEY names, or its newest entry was changed: `frontdesk audit verify` with the right key tells."
      )
    }
  }

  public func auditHead() async throws -> AuditEntry? {
    try await service.read { db in
      try db.row("SELECT \(Self.auditColumns) FROM audit ORDER BY sequence DESC LIMIT 1").map(Self.auditEntry)
    }
  }

  private static func auditEntry(_ row: Row) throws -> AuditEntry {
    AuditEntry(
      sequence: try row.integer(0), time: try row.date(1),
      event: AuditEvent(actor: try row.text(2), action: try row.text(3), target: try row.text(4)),
      hash: try row.data(5))
  }

  public func auditEntries(after sequence: Int64, limit: Int) async throws -> [AuditEntry] {
    try await service.read { db in
      var entries: [AuditEntry] = []
      try db.each(
        """
        SELECT \(Self.auditColumns) FROM audit
        WHERE sequence > ? ORDER BY sequence LIMIT ?
        """, [sequence, limit]
      ) { entries.append(try Self.auditEntry($0)) }
      return entries
    }
  }
}
