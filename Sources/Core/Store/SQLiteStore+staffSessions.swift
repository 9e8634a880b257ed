import Domain
import Foundation
import GRDB

extension SQLiteStore: StaffSessionStore {
  private static let sessionColumns = """
    id, secret_hash, provider, user, viewer_groups, sealed, created_at, used_at, ends_at, checked_at, \
    unanswered_since
    """

  public func insert(_ session: StaffSession, limit: Int) async throws {
    try await service.write { db in
      try db.run(
        "INSERT INTO staff_sessions (\(Self.sessionColumns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        session.id, session.secretHash, session.provider, session.user, JSONColumn.encode(session.groups),
        session.sealed, session.createdAt.column, session.usedAt.column, session.endsAt.column,
        session.checkedAt.column, session.unansweredSince?.column)
      try db.run(
        """
        DELETE FROM staff_sessions WHERE id IN (
          SELECT id FROM staff_sessions WHERE user = ?1 AND id <> ?2 ORDER BY created_at DESC LIMIT -1 OFFSET ?3)
        """, session.user, session.id, limit - 1)
    }
  }

  public func staffSession(secretHash: Data) async throws -> StaffSession? {
    try await service.read { db in
      try db.row("SELECT \(Self.sessionColumns) FROM staff_sessions WHERE secret_hash = ?", secretHash)
        .map(Self.staffSession)
    }
  }

  public func staffSession(id: String) async throws -> StaffSession? {
    try await service.read { db in
      try db.row("SELECT \(Self.sessionColumns) FROM staff_sessions WHERE id = ?", id).map(Self.staffSession)
    }
  }

  public func staffSessions() async throws -> [StaffSession] {
    try await service.read { db in
      var sessions: [StaffSession] = []
      try db.each("SELECT \(Self.sessionColumns) FROM staff_sessions ORDER BY created_at, id", []) {
        sessions.append(try Self.staffSession($0))
      }
      return sessions
    }
  }

  public func countStaffSessions() async throws -> Int {
    try await service.read { Int(try $0.integer("SELECT count(*) FROM staff_sessions") ?? 0) }
  }

  public func noteUse(ofStaffSession id: String, at time: Date) async throws {
    try await service.write { db in
      try db.run("UPDATE staff_sessions SET used_at = max(used_at, ?2) WHERE id = ?1", id, time.column)
    }
  }

  public func claimCheck(
    ofStaffSession id: String, seen: Date, until lease: Date, at now: Date
  ) async throws -> Bool {
    try await service.write { db in
      try db.run(
        """
        UPDATE staff_sessions SET lease_until = ? WHERE id = ? AND checked_at = ? AND lease_until <= ?
        """, lease.column, id, seen.column, now.column)
      return db.changesCount == 1
    }
  }

  public func reseal(_ sealed: Data, ofStaffSession id: String) async throws {
    try await service.write { try $0.run("UPDATE staff_sessions SET sealed = ? WHERE id = ?", sealed, id) }
  }

  public func settleCheck(of session: StaffSession) async throws {
    try await service.write { db in
      // Later than before in any case: whoever saw the state before this one takes no hold of it.
      try db.run(
        """
        UPDATE staff_sessions SET viewer_groups = ?, sealed = ?, checked_at = max(?, checked_at + 1),
          unanswered_since = NULL, lease_until = 0
        WHERE id = ?
        """, JSONColumn.encode(session.groups), session.sealed, session.checkedAt.column, session.id)
    }
  }

  public func noteUnanswered(ofStaffSession id: String, since: Date, until pause: Date) async throws {
    try await service.write { db in
      try db.run(
        """
        UPDATE staff_sessions SET unanswered_since = coalesce(unanswered_since, ?2), lease_until = ?3 WHERE id = ?1
        """, id, since.column, pause.column)
    }
  }

  public func removeStaffSession(_ id: String) async throws -> Bool {
    try await service.write { db in
      try db.run("DELETE FROM staff_sessions WHERE id = ?", id)
      return db.changesCount == 1
    }
  }

  public func removeStaffSessions(
    unusedSince: Date, begunBefore: Date, endingBy: Date
  ) async throws -> [StaffSession] {
    let times = [unusedSince.column, begunBefore.column, endingBy.column]
    let over = "used_at <= ? OR created_at <= ? OR ends_at <= ?"
    // Looking takes no lock: that is done all the time, by every process.
    guard
      try await service.read({ db in
        try db.exists("SELECT 1 FROM staff_sessions WHERE \(over)", times[0], times[1], times[2])
      })
    else { return [] }
    return try await service.write { db in
      var removed: [StaffSession] = []
      try db.each("SELECT \(Self.sessionColumns) FROM staff_sessions WHERE \(over)", times) {
        removed.append(try Self.staffSession($0))
      }
      for session in removed { try db.run("DELETE FROM staff_sessions WHERE id = ?", session.id) }
      return removed
    }
  }

  public func useLogin(_ state: Data, until: Date, at now: Date) async throws -> Bool {
    try await service.write { db in
      try db.run("DELETE FROM used_logins WHERE until <= ?", now.column)
      try db.run("INSERT OR IGNORE INTO used_logins (state, until) VALUES (?, ?)", state, until.column)
      return db.changesCount == 1
    }
  }

  private static func staffSession(_ row: Row) throws -> StaffSession {
    StaffSession(
      id: try row.text(0), secretHash: try row.data(1), provider: try row.text(2), user: try row.text(3),
      groups: try row.strings(4), sealed: try row.data(5), createdAt: try row.date(6),
      usedAt: try row.date(7), endsAt: try row.date(8), checkedAt: try row.date(9),
      unansweredSince: try row.dateIfPresent(10))
  }
}
