import Foundation

/// Long work that nobody waits for on a connection.
public struct Job: Hashable, Sendable {
  public enum State: String, Sendable, CaseIterable, Codable {
    case queued, running, succeeded, failed, cancelled

    public var isFinal: Bool { self != .queued && self != .running }
  }
  public let id: String
  /// What is done, such as `bulk`.
  public let kind: String
  /// By name.
  public let knowledgeBase: String
  /// Who asked for it, as audit entries name them.
  public let author: String?
  public let state: State
  public let isCancelling: Bool
  /// Lines that are done, and how many of them failed.
  public let done: Int
  public let failed: Int
  public let total: Int
  /// Why it failed as a whole.
  public let errorCode: String?
  public let errorMessage: String?
  public let createdAt: Date
  public let updatedAt: Date

  public init(
    id: String, kind: String, knowledgeBase: String, author: String?, state: State, isCancelling: Bool,
    done: Int, failed: Int, total: Int, errorCode: String?, errorMessage: String?, createdAt: Date,
    updatedAt: Date
  ) {
    self.id = id
    self.kind = kind
    self.knowledgeBase = knowledgeBase
    self.author = author
    self.state = state
    self.isCancelling = isCancelling
    self.done = done
    self.failed = failed
    self.total = total
    self.errorCode = errorCode
    self.errorMessage = errorMessage
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// A piece of a job, done whole or not at all.
public struct JobPart: Hashable, Sendable {
  public let firstLine: Int
  public let input: Data
  public init(firstLine: Int, input: Data) {
    self.firstLine = firstLine
    self.input = input
  }
}

/// What came of a piece.
public struct JobPartResult: Hashable, Sendable {
  public let done: Int
  public let failed: Int
  /// NDJSON.
  public let lines: Data
  public init(done: Int, failed: Int, lines: Data) {
    self.done = done
    self.failed = failed
    self.lines = lines
  }
}

/// A job in the hands of one process, by a lease that it renews: what a killed process held goes on in another.
public struct JobHold: Hashable, Sendable {
  public let job: Job
  public let attempt: String
  public init(job: Job, attempt: String) {
    self.job = job
    self.attempt = attempt
  }
}

extension JobStore {
  public func addJob(
    kind: String, knowledgeBase: String, author: String?, total: Int, parts: [JobPart], at now: Date
  ) async throws -> Job {
    try await addJob(
      kind: kind, knowledgeBase: knowledgeBase, author: author, customer: nil, total: total, parts: parts,
      at: now)
  }
}

/// Where jobs are kept (the service half of the store). A hold that was lost changes nothing any more.
public protocol JobStore: Sendable {
  /// - Parameters:
  ///   - knowledgeBase: by name; empty for a job that is of none.
  ///   - customer: whom it is about; erasing them takes it away.
  func addJob(
    kind: String, knowledgeBase: String, author: String?, customer: String?, total: Int, parts: [JobPart],
    at now: Date
  ) async throws -> Job
  func job(_ id: String) async throws -> Job?
  /// The newest first.
  func jobs(limit: Int) async throws -> [Job]
  /// Results of the pieces that are done, in order.
  func jobResults(_ id: String, from part: Int, limit: Int) async throws -> [Data]
  /// Asks a job to end; one that nobody works on ends at once.
  ///
  /// - Returns: the job then, nil where there is none.
  func cancelJob(_ id: String, at now: Date) async throws -> Job?

  /// Takes the oldest job that nobody works on, and forgets those that ended before `oldest`.
  func claimJob(until lease: Date, at now: Date, forgetting oldest: Date) async throws -> JobHold?
  /// - Returns: false where the hold was lost, or the job is to end.
  func renewJob(_ hold: JobHold, until lease: Date) async throws -> Bool
  /// The first piece that is not done.
  func nextPart(_ hold: JobHold) async throws -> JobPart?
  /// - Returns: as `renewJob`.
  func completePart(_ part: JobPart, _ result: JobPartResult, _ hold: JobHold, at now: Date) async throws
    -> Bool
  /// Ends the job; one that was asked to end is `cancelled`.
  func finishJob(_ hold: JobHold, errorCode: String?, errorMessage: String?, at now: Date) async throws
  /// Lets another process go on at once.
  func releaseJob(_ hold: JobHold) async throws
}
