import Domain
import Foundation
import Logging

/// Carries out jobs, one at a time, as long as the gateway runs; what a killed process began goes on where it stood.
struct JobRunner: Sendable {
  /// How long a killed process's job is held.
  static let lease: TimeInterval = 15
  /// How long what came of a job can be read.
  static let lifetime: TimeInterval = 7 * 86_400
  static let bulkKind = "bulk"
  /// Of one who may not publish what it puts.
  static let bulkDraftsKind = "bulk_drafts"

  let services: GatewayServices
  let logger: Logger
  var pollInterval: Duration = .milliseconds(500)

  /// Returns when its task is cancelled.
  func run() async {
    while !Task.isCancelled {
      do {
        if try await runNext() { continue }
        try await Task.sleep(for: pollInterval)
      } catch is CancellationError {
        return
      } catch {
        logger.warning("a job waits", metadata: ["code": "\(Problem(describing: error).code)"])
        try? await Task.sleep(for: .seconds(5))
      }
    }
  }

  /// - Returns: false where there is nothing to do.
  func runNext() async throws -> Bool {
    let now = Date()
    let hold = try await services.jobs.claimJob(
      until: now + Self.lease, at: now, forgetting: now - Self.lifetime)
    guard let hold else { return false }
    do {
      try await carryOutRenewing(hold)
      try await services.jobs.finishJob(hold, errorCode: nil, errorMessage: nil, at: Date())
    } catch {
      let problem = Problem(describing: error)
      // Stopping, or something that passes: it goes on later, here or in another process.
      if Task.isCancelled || problem.row.retryAfter != nil {
        await Task { [jobs = services.jobs] in try? await jobs.releaseJob(hold) }.value
        throw error
      }
      if problem.row.isInternal {
        logger.error("a job failed", metadata: ["job": "\(hold.job.id)", "code": "\(problem.code)"])
      }
      try await services.jobs.finishJob(
        hold, errorCode: problem.code, errorMessage: problem.shownMessage, at: Date())
    }
    return true
  }

  /// Ends early where the hold is lost or the job is to end.
  private func carryOutRenewing(_ hold: JobHold) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await carryOut(hold) }
      tasks.addTask {
        repeat {
          try await Task.sleep(for: .seconds(1))
        } while try await services.jobs.renewJob(hold, until: Date() + Self.lease)
      }
      defer { tasks.cancelAll() }
      try await tasks.next()
    }
  }

  private func carryOut(_ hold: JobHold) async throws {
    if PrivacyRequest.Kind.jobKinds.contains(hold.job.kind) {
      return try await carryOut(
        hold,
        by: PrivacyJob(customers: services.customers, conversations: services.transcripts))
    }
    let standings: [String: PublishingRule.Standing] = [
      Self.bulkKind: .free,
      Self.bulkDraftsKind: .draftsOnly(
        Problem("forbidden", "Who sent this job may not publish; send documents without a status, or drafts.")
      ),
    ]
    guard let standing = standings[hold.job.kind] else {
      throw Problem("unsupported_parameter", "This version knows no job of the kind '\(hold.job.kind)'.")
    }
    guard let knowledgeBase = try await services.store.knowledgeBase(named: hold.job.knowledgeBase) else {
      throw Problem.knowledgeBaseNotFound(hold.job.knowledgeBase)
    }
    let bulk = BulkUpsert(
      services: services, knowledgeBase: knowledgeBase, author: hold.job.author, standing: standing)
    while let part = try await services.jobs.nextPart(hold) {
      let result = try await bulk.result(of: part)
      guard try await services.jobs.completePart(part, result, hold, at: Date()) else { return }
    }
  }

  private func carryOut(_ hold: JobHold, by privacy: PrivacyJob) async throws {
    while let part = try await services.jobs.nextPart(hold) {
      let result = try await privacy.result(of: part, in: hold.job)
      guard try await services.jobs.completePart(part, result, hold, at: Date()) else { return }
    }
  }
}
