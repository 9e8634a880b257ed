import Domain
import Foundation
import Security
import TestSupport
import Testing

@testable import Store

@Suite struct StaffSessionTests {
  private let start = Date(timeIntervalSince1970: 1_800_000_000)

  private func session(_ id: String, user: String = "u", after seconds: TimeInterval = 0) -> StaffSession {
    let time = start + seconds
    return StaffSession(
      id: id, secretHash: Digest.sha256(id), provider: "p", user: user, groups: ["a", "b"],
      sealed: Data([1, 2]), createdAt: time, usedAt: time, endsAt: time + 100, checkedAt: time)
  }

  @Test func sessionsAreKeptAsTheyAreAndSurviveARestart() async throws {
    let folder = try TemporaryFolder()
    let one = session("one")
    do {
      let store = try SQLiteStore(folder: folder.url, options: Sample.options)
      try await store.insert(one, limit: 20)
      try await store.close()
    }
    let store = try SQLiteStore(folder: folder.url, options: Sample.options)
    #expect(try await store.staffSession(secretHash: one.secretHash) == one)
    #expect(try await store.staffSession(id: "one") == one)
    #expect(try await store.staffSession(secretHash: Data("one".utf8)) == nil)
    try await store.noteUse(ofStaffSession: "one", at: start + 30)
    try await store.noteUse(ofStaffSession: "one", at: start + 20)
    #expect(try await store.staffSession(id: "one")?.usedAt == start + 30)
    #expect(try await store.countStaffSessions() == 1)
    #expect(try await store.removeStaffSession("one") == true)
    #expect(try await store.removeStaffSession("one") == false)
    #expect(try await store.staffSessions() == [])
  }

  @Test func oneUsersOldestGivesWay() async throws {
    let sample = try await Sample()
    for number in 0..<5 {
      try await sample.store.insert(session("s\(number)", after: Double(number)), limit: 3)
      try await sample.store.insert(
        session("t\(number)", user: "t\(number)", after: Double(number)), limit: 3)
    }
    let left = try await sample.store.staffSessions().filter { $0.user == "u" }
    #expect(left.map(\.id) == ["s2", "s3", "s4"])
    #expect(try await sample.store.countStaffSessions() == 8)
  }

  @Test func whatIsOverIsRemovedAndTold() async throws {
    let sample = try await Sample()
    for (id, after) in [("unused", 10.0), ("old", 0), ("over", 5), ("good", 20)] {
      try await sample.store.insert(session(id, user: id, after: after), limit: 9)
    }
    for id in ["old", "over", "good"] { try await sample.store.noteUse(ofStaffSession: id, at: start + 50) }
    func remove(_ unused: TimeInterval, _ begun: TimeInterval, _ ending: TimeInterval) async throws
      -> [String]
    {
      try await sample.store.removeStaffSessions(
        unusedSince: start + unused, begunBefore: start + begun, endingBy: start + ending
      ).map(\.id)
    }
    #expect(try await remove(9, -1, 99) == [])
    #expect(try await remove(10, -1, 99) == ["unused"])
    #expect(try await remove(9, 0, 99) == ["old"])
    #expect(try await remove(9, -1, 105) == ["over"])
    #expect(try await sample.store.staffSessions().map(\.id) == ["good"])
  }

  /// Two processes on one folder: one asks, and nobody asks about what was asked about since.
  @Test func oneProcessHoldsACheck() async throws {
    let sample = try await Sample()
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    try await sample.store.insert(session("s"), limit: 9)
    func claim(_ store: SQLiteStore, seen: Date, after seconds: TimeInterval) async throws -> Bool {
      try await store.claimCheck(
        ofStaffSession: "s", seen: seen, until: start + seconds + 12, at: start + seconds)
    }
    #expect(try await claim(sample.store, seen: start, after: 45))
    #expect(try await claim(other, seen: start, after: 46) == false)
    // A killed process's hold runs out.
    #expect(try await claim(other, seen: start, after: 57))
    var answered = session("s")
    try await other.reseal(Data([9]), ofStaffSession: "s")
    #expect(try await sample.store.staffSession(id: "s")?.sealed == Data([9]))
    #expect(try await claim(sample.store, seen: start, after: 58) == false)
    answered.groups = ["c"]
    answered.sealed = Data([3])
    answered.checkedAt = start + 57
    try await other.settleCheck(of: answered)
    #expect(try await sample.store.staffSession(id: "s") == answered)
    #expect(try await claim(sample.store, seen: start, after: 58) == false)
    // Also where the clock stands still, whoever saw the state before takes no hold.
    try await other.settleCheck(of: answered)
    #expect(try await claim(sample.store, seen: answered.checkedAt, after: 110) == false)
    let newest = try #require(try await other.staffSession(id: "s")?.checkedAt)
    #expect(newest > answered.checkedAt)
    #expect(try await claim(sample.store, seen: newest, after: 110))
    try await sample.store.noteUnanswered(ofStaffSession: "s", since: start + 111, until: start + 121)
    try await sample.store.noteUnanswered(ofStaffSession: "s", since: start + 115, until: start + 125)
    #expect(try await other.staffSession(id: "s")?.unansweredSince == start + 111)
    #expect(try await claim(other, seen: newest, after: 124) == false)
    #expect(try await claim(other, seen: newest, after: 125))
    answered.checkedAt = start + 125
    try await other.settleCheck(of: answered)
    #expect(try await other.staffSession(id: "s")?.unansweredSince == nil)
    #expect(try await other.removeStaffSession("s"))
    #expect(try await claim(sample.store, seen: answered.checkedAt, after: 200) == false)
    try await other.close()
  }

  @Test func anAnswerIsTakenOnce() async throws {
    let sample = try await Sample()
    let state = Digest.sha256("state")
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    let results = try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<10 {
        let store = number % 2 == 0 ? sample.store : other
        group.addTask { [start] in try await store.useLogin(state, until: start + 600, at: start) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results.count { $0 } == 1)
    #expect(try await other.useLogin(state, until: start + 600, at: start + 599) == false)
    // By then it is too late for it anyway.
    #expect(try await other.useLogin(state, until: start + 700, at: start + 600))
    try await other.close()
  }

  /// Who is signed in here is not signed in where a backup is restored, and no copy holds what a provider gave.
  @Test func backupsHoldNoSessions() async throws {
    let sample = try await Sample()
    var kept = session("s")
    kept.sealed = Data((0..<200).map { UInt8($0) })
    try await sample.store.insert(kept, limit: 9)
    let target = sample.folder.url.appendingPathComponent("backup")
    try await sample.store.backup(to: target)
    #expect(try await sample.store.countStaffSessions() == 1)
    let copy = try SQLiteStore(folder: target, options: Sample.options)
    #expect(try await copy.countStaffSessions() == 0)
    try await copy.close()
    let bytes = try Data(contentsOf: target.appendingPathComponent("service.db"))
    #expect(bytes.range(of: kept.sealed) == nil && bytes.range(of: kept.secretHash) == nil)
  }
}
