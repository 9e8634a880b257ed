import Foundation

/// A member of the staff who is signed in with a browser.
public struct StaffSession: Hashable, Sendable {
  /// Random, and no secret.
  public let id: String
  /// sha256 of what the browser holds.
  public let secretHash: Data
  /// Which provider and client signed them in; a session of another is none.
  public let provider: String
  /// A pseudonym, the same for one user for ever.
  public let user: String
  /// As the provider last said.
  public var groups: [String]
  /// What the provider gave to ask it again with, encrypted.
  public var sealed: Data
  public let createdAt: Date
  /// The last request, to some seconds.
  public var usedAt: Date
  /// When it ends whatever happens.
  public let endsAt: Date
  /// When the provider last said that the user may.
  public var checkedAt: Date
  /// Since when it did not answer; nil where it does.
  public var unansweredSince: Date?

  public init(
    id: String, secretHash: Data, provider: String, user: String, groups: [String], sealed: Data,
    createdAt: Date, usedAt: Date, endsAt: Date, checkedAt: Date, unansweredSince: Date? = nil
  ) {
    self.id = id
    self.secretHash = secretHash
    self.provider = provider
    self.user = user
    self.groups = groups
    self.sealed = sealed
    self.createdAt = createdAt
    self.usedAt = usedAt
    self.endsAt = endsAt
    self.checkedAt = checkedAt
    self.unansweredSince = unansweredSince
  }
}

/// Where sessions live (the service half of the store): what one process ends has ended in all.
///
/// A session is asked about at its provider by one process at a time, which holds it by a lease: what a killed process
/// held is free when that has run out.
public protocol StaffSessionStore: Sendable {
  /// - Parameter limit: sessions of one user, the new one included; the oldest beyond are removed.
  func insert(_ session: StaffSession, limit: Int) async throws
  func staffSession(secretHash: Data) async throws -> StaffSession?
  func staffSession(id: String) async throws -> StaffSession?
  /// In the order of their making.
  func staffSessions() async throws -> [StaffSession]
  func countStaffSessions() async throws -> Int
  /// No time goes back.
  func noteUse(ofStaffSession id: String, at time: Date) async throws
  /// Takes hold of a session to ask its provider.
  ///
  /// - Parameter seen: its `checkedAt` as it was read.
  /// - Returns: false where it was checked since, has ended, or is held.
  func claimCheck(ofStaffSession id: String, seen: Date, until lease: Date, at now: Date) async throws -> Bool
  /// Writes down what to ask the provider with the next time, under the same hold.
  func reseal(_ sealed: Data, ofStaffSession id: String) async throws
  /// Writes down what the provider said: groups, sealed, `checkedAt`; lets go of it.
  func settleCheck(of session: StaffSession) async throws
  /// The provider did not answer; nobody asks it about this session before `pause` is over.
  func noteUnanswered(ofStaffSession id: String, since: Date, until pause: Date) async throws
  /// - Returns: false where it has ended before.
  func removeStaffSession(_ id: String) async throws -> Bool
  /// Removes those that nobody used since a time, began before one, or end at or before one.
  ///
  /// - Returns: what was removed.
  func removeStaffSessions(
    unusedSince: Date, begunBefore: Date, endingBy: Date
  ) async throws -> [StaffSession]
  /// Remembers that a sign-in was answered.
  ///
  /// - Parameter until: when it may be forgotten; what is older than `now` is.
  /// - Returns: false where it was before: an answer is taken once.
  func useLogin(_ state: Data, until: Date, at now: Date) async throws -> Bool
}
