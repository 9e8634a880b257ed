import Domain
import Foundation
import GRDB

extension SQLiteStore: IdempotencyStore {
  public func claim(
    _ request: IdempotentRequest, until lease: Date, at now: Date, forgetting oldest: Date
  ) async throws -> IdempotencyClaim {
    let attempt = UUID().uuidString
    let encryption = encryption
    return try await service.write { db in
      // What was sent may be little more than a customer's id: nobody is to try ids against its digest.
      let fingerprint = try encryption.sealer(db, at: now).pseudonym(
        of: request.fingerprint.base64EncodedString(), "request")
      try db.run(
        "DELETE FROM idempotency WHERE created_at < ? AND (status IS NOT NULL OR lease_until <= ?)",
        oldest.column, now.column)
      let found = try db.row(
        "SELECT fingerprint, lease_until, status, headers, body FROM idempotency WHERE scope = ?",
        request.scope)
      guard let found else {
        try db.run(
          """
          INSERT INTO idempotency (scope, fingerprint, attempt, lease_until, created_at) VALUES (?, ?, ?, ?, ?)
          """, request.scope, fingerprint, attempt, lease.column, now.column)
        return .granted(attempt: attempt, isRepeat: false)
      }
      guard try found.data(0) == fingerprint else { return .differs }
      if let status = try found.intIfPresent(2) {
        return .done(
          KeptResponse(
            status: status, headers: try found.pairs(3),
            body: try encryption.opener(db).openKept(
              try found.data(4), Self.idempotencyContext(request.scope))))
      }
      guard try found.date(1) <= now else { return .inProgress }
      try db.run(
        "UPDATE idempotency SET attempt = ?, lease_until = ? WHERE scope = ?", attempt, lease.column,
        request.scope)
      return .granted(attempt: attempt, isRepeat: true)
    }
  }

  public func renew(_ request: IdempotentRequest, attempt: String, until lease: Date) async throws {
    try await service.write { db in
      try db.run(
        "UPDATE idempotency SET lease_until = ? WHERE scope = ? AND attempt = ? AND status IS NULL",
        lease.column, request.scope, attempt)
    }
  }

  public func keep(
    _ response: KeptResponse, of request: IdempotentRequest, attempt: String
  ) async throws -> Bool {
    let encryption = encryption
    return try await service.write { db in
      let body = try encryption.sealer(db).seal(response.body, Self.idempotencyContext(request.scope))
      try db.run(
        """
        UPDATE idempotency SET status = ?, headers = ?, body = ?
        WHERE scope = ? AND attempt = ? AND status IS NULL
        """, response.status, JSONColumn.encode(response.headers), body, request.scope, attempt)
      return db.changesCount == 1
    }
  }

  public func release(_ request: IdempotentRequest, attempt: String) async throws {
    try await service.write { db in
      try db.run(
        "DELETE FROM idempotency WHERE scope = ? AND attempt = ? AND status IS NULL", request.scope, attempt)
    }
  }

  public func abandon(_ request: IdempotentRequest, attempt: String) async throws {
    try await service.write { db in
      try db.run(
        "UPDATE idempotency SET lease_until = 0 WHERE scope = ? AND attempt = ? AND status IS NULL",
        request.scope, attempt)
    }
  }

  static func idempotencyContext(_ scope: Data) -> String { "idempotency " + scope.base64EncodedString() }
}
