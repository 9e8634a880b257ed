import Domain
import Foundation
import Security
import Testing

@testable import Store

@Suite struct AuditLogTests {
  private func event(_ number: Int) -> AuditEvent {
    AuditEvent(actor: "key:\(number)", action: "kb.delete", target: "shop \u{0} é \(number)")
  }

  @Test func entriesComeBackInOrderAndFollowFromEachOther() async throws {
    let sample = try await Sample()
    for number in 1...5 { try await sample.store.record(event(number), at: Date()) }
    let entries = try await sample.store.auditEntries(after: 0, limit: 100)
    #expect(entries.map(\.sequence) == [1, 2, 3, 4, 5])
    #expect(entries.map(\.event) == (1...5).map(event))
    #expect(AuditChain.firstBreak(in: entries, after: AuditChain.origin, sequence: 0) == nil)
    let last = try await sample.store.auditEntries(after: 3, limit: 1)
    #expect(last.map(\.sequence) == [4])
    #expect(AuditChain.firstBreak(in: last, after: entries[2].hash, sequence: 3) == nil)
  }

  @Test func aChangeShows() async throws {
    let sample = try await Sample()
    for number in 1...5 { try await sample.store.record(event(number), at: Date()) }
    let entries = try await sample.store.auditEntries(after: 0, limit: 100)
    func firstBreak(_ entries: [AuditEntry]) -> Int64? {
      AuditChain.firstBreak(in: entries, after: AuditChain.origin, sequence: 0)?.sequence
    }
    var changed = entries
    changed[2] = AuditEntry(
      sequence: 3, time: entries[2].time, event: event(9), hash: entries[2].hash)
    #expect(firstBreak(changed) == 3)
    var moved = entries
    moved[1] = AuditEntry(
      sequence: 2, time: entries[1].time.addingTimeInterval(1), event: entries[1].event, hash: entries[1].hash
    )
    #expect(firstBreak(moved) == 2)
    #expect(firstBreak(Array(entries.dropFirst())) == 2)
    #expect(firstBreak([entries[0]] + entries.dropFirst(2)) == 3)
  }

  @Test func theTableRefusesChanges() async throws {
    let sample = try await Sample()
    try await sample.store.record(event(1), at: Date())
    for sql in ["DELETE FROM audit", "UPDATE audit SET time = 0"] {
      await #expect(throws: StoreError.self) {
        try await sample.store.service.write { try $0.execute(sql: sql) }
      }
    }
    #expect(try await sample.store.auditEntries(after: 0, limit: 9).count == 1)
  }

  @Test func writersOfTwoProcessesMakeOneChain() async throws {
    let sample = try await Sample()
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        let store = number % 2 == 0 ? sample.store : other
        group.addTask { try await store.record(self.event(number), at: Date()) }
      }
      try await group.waitForAll()
    }
    let entries = try await sample.store.auditEntries(after: 0, limit: 100)
    #expect(entries.count == 40)
    #expect(AuditChain.firstBreak(in: entries, after: AuditChain.origin, sequence: 0) == nil)
  }
}
