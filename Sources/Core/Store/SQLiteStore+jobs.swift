import Domain
import Foundation
import GRDB

extension SQLiteStore: JobStore {
  private static let jobColumns = """
    id, kind, kb, author, state, cancelling, done, failed, total, error_code, error_message, created_at, updated_at
    """

  public func addJob(
    kind: String, knowledgeBase: String, author: String?, customer: String?, total: Int, parts: [JobPart],
    at now: Date
  ) async throws -> Job {
    let id = UUID().uuidString.lowercased()
    let encryption = encryption
    return try await service.write { db in
      let sealer = try encryption.sealer(db, at: now)
      try db.run(
        """
        INSERT INTO jobs (id, kind, kb, author, subject, state, total, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?)
        """, id, kind, knowledgeBase, author, try customer.map { try CustomerRow.lookup($0, sealer) }, total,
        now.column, now.column)
      let sequence = db.lastInsertedRowID
      for (index, part) in parts.enumerated() {
        try db.run(
          "INSERT INTO job_parts (job, part, first_line, input) VALUES (?, ?, ?, ?)", sequence, index,
          part.firstLine, try sealer.seal(part.input, Self.partContext(sequence, index, "input")))
      }
      return try Self.require(id, db)
    }
  }

  public func job(_ id: String) async throws -> Job? {
    try await service.read { try Self.find(id, $0) }
  }

  public func jobs(limit: Int) async throws -> [Job] {
    try await service.read { db in
      var jobs: [Job] = []
      try db.each("SELECT \(Self.jobColumns) FROM jobs ORDER BY sequence DESC LIMIT ?", [limit]) {
        jobs.append(try Self.job($0))
      }
      return jobs
    }
  }

  public func jobResults(_ id: String, from part: Int, limit: Int) async throws -> [Data] {
    let encryption = encryption
    return try await service.read { db in
      let sealer = try encryption.opener(db)
      var results: [Data] = []
      try db.each(
        """
        SELECT p.result, p.job, p.part FROM job_parts p JOIN jobs j ON j.sequence = p.job
        WHERE j.id = ? AND p.part >= ? AND p.result IS NOT NULL ORDER BY p.part LIMIT ?
        """, [id, part, limit]
      ) { row in
        let context = Self.partContext(try row.integer(1), try row.int(2), "result")
        results.append(try sealer.openKept(try row.data(0), context))
      }
      return results
    }
  }

  public func cancelJob(_ id: String, at now: Date) async throws -> Job? {
    try await service.write { db in
      try db.run(
        """
        UPDATE jobs SET cancelling = 1, updated_at = ?2,
          state = CASE WHEN state = 'queued' OR lease_until <= ?2 THEN 'cancelled' ELSE state END
        WHERE id = ?1 AND state IN ('queued', 'running')
        """, id, now.column)
      let hasChanged = db.changesCount == 1
      guard let job = try Self.find(id, db) else { return nil }
      if job.state.isFinal { try Self.dropInput(id, db) }
      if job.state.isFinal, hasChanged { try Self.tell(of: job, at: now, db) }
      return job
    }
  }

  public func claimJob(until lease: Date, at now: Date, forgetting oldest: Date) async throws -> JobHold? {
    let attempt = UUID().uuidString
    let isIdle = try await service.read { db in
      try !db.exists(
        "SELECT 1 FROM jobs WHERE state IN ('queued', 'running') OR updated_at < ?", oldest.column)
    }
    // Looking takes no lock: that is done all the time, by every process.
    if isIdle { return nil }
    return try await service.write { db in
      let ended = "SELECT sequence FROM jobs WHERE updated_at < ? AND state NOT IN ('queued', 'running')"
      try db.run("DELETE FROM job_parts WHERE job IN (\(ended))", oldest.column)
      try db.run("DELETE FROM jobs WHERE sequence IN (\(ended))", oldest.column)
      let found = try db.row(
        """
        SELECT id FROM jobs WHERE state IN ('queued', 'running') AND lease_until <= ? ORDER BY sequence LIMIT 1
        """, now.column)
      guard let id = try found?.text(0) else { return nil }
      try db.run(
        "UPDATE jobs SET state = 'running', attempt = ?, lease_until = ?, updated_at = ? WHERE id = ?",
        attempt,
        lease.column, now.column, id)
      return JobHold(job: try Self.require(id, db), attempt: attempt)
    }
  }

  public func renewJob(_ hold: JobHold, until lease: Date) async throws -> Bool {
    try await service.write { db in
      try db.run(
        """
        UPDATE jobs SET lease_until = ? WHERE id = ? AND attempt = ? AND state = 'running' AND cancelling = 0
        """, lease.column, hold.job.id, hold.attempt)
      return db.changesCount == 1
    }
  }

  public func nextPart(_ hold: JobHold) async throws -> JobPart? {
    let encryption = encryption
    return try await service.read { db in
      let sealer = try encryption.opener(db)
      return try db.row(
        """
        SELECT p.first_line, p.input, p.job, p.part FROM job_parts p JOIN jobs j ON j.sequence = p.job
        WHERE j.id = ? AND p.input IS NOT NULL ORDER BY p.part LIMIT 1
        """, hold.job.id
      ).map { row in
        let context = Self.partContext(try row.integer(2), try row.int(3), "input")
        return JobPart(firstLine: try row.int(0), input: try sealer.openKept(try row.data(1), context))
      }
    }
  }

  public func completePart(
    _ part: JobPart, _ result: JobPartResult, _ hold: JobHold, at now: Date
  ) async throws -> Bool {
    let encryption = encryption
    return try await service.write { db in
      try db.run(
        """
        UPDATE jobs SET done = done + ?, failed = failed + ?, updated_at = ?
        WHERE id = ? AND attempt = ? AND state = 'running'
        """, result.done, result.failed, now.column, hold.job.id, hold.attempt)
      guard db.changesCount == 1 else { return false }
      let row = try db.row(
        """
        SELECT p.job, p.part FROM job_parts p JOIN jobs j ON j.sequence = p.job
        WHERE j.id = ? AND p.first_line = ?
        """, hold.job.id, part.firstLine)
      guard let row else { throw StoreError.corrupt("a job's part is gone") }
      let (sequence, index) = (try row.integer(0), try row.int(1))
      try db.run(
        "UPDATE job_parts SET input = NULL, result = ? WHERE job = ? AND part = ?",
        try encryption.sealer(db, at: now).seal(
          result.lines, Self.partContext(sequence, index, "result")), sequence, index)
      return try !Self.require(hold.job.id, db).isCancelling
    }
  }

  public func finishJob(
    _ hold: JobHold, errorCode: String?, errorMessage: String?, at now: Date
  ) async throws {
    try await service.write { db in
      try db.run(
        """
        UPDATE jobs SET error_code = ?, error_message = ?, updated_at = ?, lease_until = 0,
          state = CASE WHEN ?1 IS NOT NULL THEN 'failed' WHEN cancelling = 1 THEN 'cancelled' ELSE 'succeeded' END
        WHERE id = ? AND attempt = ? AND state = 'running'
        """, errorCode, errorMessage, now.column, hold.job.id, hold.attempt)
      guard db.changesCount == 1 else { return }
      try Self.dropInput(hold.job.id, db)
      try Self.tell(of: Self.require(hold.job.id, db), at: now, db)
    }
  }

  private static func tell(of job: Job, at now: Date, _ db: Database) throws {
    // Nobody outside learns when customers ask for what.
    guard try !db.exists("SELECT 1 FROM jobs WHERE id = ? AND subject IS NOT NULL", job.id) else { return }
    try OutboxWriter(db, now: now.column).record(
      job.state == .failed ? .jobFailed : .jobFinished, knowledgeBase: job.knowledgeBase
    ) {
      [
        "job_id": .text(job.id), "kind": .text(job.kind), "state": .text(job.state.rawValue),
        "done": .number(Int64(job.done)), "failed": .number(Int64(job.failed)),
        "total": .number(Int64(job.total)), "error_code": job.errorCode.map(OutboxValue.text) ?? .null,
      ]
    }
  }

  public func releaseJob(_ hold: JobHold) async throws {
    try await service.write { db in
      try db.run(
        "UPDATE jobs SET lease_until = 0 WHERE id = ? AND attempt = ? AND state = 'running'", hold.job.id,
        hold.attempt)
    }
  }

  static func partContext(_ job: Int64, _ part: Int, _ what: String) -> String {
    "job \(job) \(part) \(what)"
  }

  /// What was sent and will not be done is not kept.
  private static func dropInput(_ id: String, _ db: Database) throws {
    try db.run(
      """
      DELETE FROM job_parts
      WHERE job = (SELECT sequence FROM jobs WHERE id = ?) AND input IS NOT NULL
      """, id)
  }

  private static func require(_ id: String, _ db: Database) throws -> Job {
    guard let job = try find(id, db) else { throw StoreError.corrupt("a job is gone") }
    return job
  }

  private static func find(_ id: String, _ db: Database) throws -> Job? {
    try db.row("SELECT \(jobColumns) FROM jobs WHERE id = ?", id).map(job)
  }

  private static func job(_ row: Row) throws -> Job {
    guard let state = Job.State(rawValue: try row.text(4)) else {
      throw StoreError.corrupt("a job's state is unknown")
    }
    return Job(
      id: try row.text(0), kind: try row.text(1), knowledgeBase: try row.text(2),
      author: try row.textIfPresent(3), state: state, isCancelling: try row.int(5) == 1, done: try row.int(6),
      failed: try row.int(7), total: try row.int(8), errorCode: try row.textIfPresent(9),
      errorMessage: try row.textIfPresent(10), createdAt: try row.date(11), updatedAt: try row.date(12))
  }
}
