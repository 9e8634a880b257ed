import Domain
import Foundation
import GRDB
import Security

extension SQLiteStore: AuditLog {
  @discardableResult
  public func record(_ event: AuditEvent, at time: Date) async throws -> AuditEntry {
    try await service.write { db in
      let last = try db.row("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1")
      let sequence = try (last?.integer(0) ?? 0) + 1
      let hash = AuditChain.hash(
        previous: try last?.data(1) ?? AuditChain.origin, sequence: sequence, time: time, event: event)
      try db.run(
        "INSERT INTO audit (sequence, time, actor, action, target, hash) VALUES (?, ?, ?, ?, ?, ?)",
        sequence, time.column, event.actor.column, event.action.column, event.target.column, hash)
      return AuditEntry(sequence: sequence, time: Date(column: time.column), event: event, hash: hash)
    }
  }

  public func auditEntries(after sequence: Int64, limit: Int) async throws -> [AuditEntry] {
    try await service.read { db in
      var entries: [AuditEntry] = []
      try db.each(
        """
        SELECT sequence, time, actor, action, target, hash FROM audit
        WHERE sequence > ? ORDER BY sequence LIMIT ?
        """, [sequence, limit]
      ) { row in
        entries.append(
          AuditEntry(
            sequence: try row.integer(0), time: try row.date(1),
            event: AuditEvent(
              actor: try row.text(2), action: try row.text(3), target: try row.text(4)),
            hash: try row.data(5)))
      }
      return entries
    }
  }
}
