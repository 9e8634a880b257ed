import Foundation

/// An act of administration: who did what to what.
public struct AuditEvent: Hashable, Sendable {
  /// `key:` and a key's id (`key:owner` for the configured one), `user:` and a hash for a user of an identity
  /// provider, or `operator:` and a user of the machine.
  public let actor: String
  /// Such as `kb.delete`.
  public let action: String
  /// What it was done to; nothing that a purge must erase.
  public let target: String

  public init(actor: String, action: String, target: String) {
    self.actor = actor
    self.action = action
    self.target = target
  }
}

/// An event as it was recorded.
public struct AuditEntry: Hashable, Sendable {
  /// From 1, without gaps.
  public let sequence: Int64
  /// Whole microseconds.
  public let time: Date
  public let event: AuditEvent
  /// Its link: over this entry and the link of the one before.
  public let hash: Data

  public init(sequence: Int64, time: Date, event: AuditEvent, hash: Data) {
    self.sequence = sequence
    self.time = time
    self.event = event
    self.hash = hash
  }
}

/// What was done to keys, knowledge bases and documents, in order, never changed.
///
/// An event is recorded before the act, so that nothing is done unrecorded; an act that failed is on record too.
public protocol AuditLog: Sendable {
  @discardableResult
  func record(_ event: AuditEvent, at time: Date) async throws -> AuditEntry
  /// The newest entry.
  func auditHead() async throws -> AuditEntry?
  /// - Returns: entries after a sequence number, oldest first.
  func auditEntries(after sequence: Int64, limit: Int) async throws -> [AuditEntry]
}
