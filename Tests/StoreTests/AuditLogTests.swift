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
    var verifier = AuditVerifier()
    // In pages, as the command reads them.
    #expect(verifier.take(Array(entries.prefix(3))) == nil && verifier.sequence == 3)
    let last = try await sample.store.auditEntries(after: 3, limit: 1)
    #expect(last.map(\.sequence) == [4] && verifier.take(last) == nil)
    #expect(try await sample.store.auditHead() == entries[4])
  }

  @Test func aChangeShows() async throws {
    let sample = try await Sample()
    for number in 1...5 { try await sample.store.record(event(number), at: Date()) }
    let entries = try await sample.store.auditEntries(after: 0, limit: 100)
    var changed = entries
    changed[2] = AuditEntry(
      sequence: 3, time: entries[2].time, event: event(9), hash: entries[2].hash)
    #expect(Self.finding(changed) == .broken(at: 3))
    var moved = entries
    moved[1] = AuditEntry(
      sequence: 2, time: entries[1].time.addingTimeInterval(1), event: entries[1].event, hash: entries[1].hash
    )
    #expect(Self.finding(moved) == .broken(at: 2))
    #expect(Self.finding(Array(entries.dropFirst())) == .broken(at: 2))
    #expect(Self.finding([entries[0]] + entries.dropFirst(2)) == .broken(at: 3))
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
    #expect(Self.finding(entries) == nil)
  }

  private static func finding(
    _ entries: [AuditEntry], key: AuditKey? = nil, heads: [AuditHead] = []
  ) -> AuditVerifier.Finding? {
    var verifier = AuditVerifier(key: key, heads: heads)
    return verifier.take(entries) ?? verifier.finish()
  }

  // MARK: With a key

  private static let key = AuditKey(Data("a secret of thirty-two bytes, at least".utf8))!
  private static let otherKey = AuditKey(Data("another secret of thirty-two bytes....".utf8))!

  private func store(_ folder: URL, key: AuditKey?) throws -> SQLiteStore {
    var options = Sample.options
    options.auditKey = key
    return try SQLiteStore(folder: folder, options: options)
  }

  /// Whoever has the file can make every link anew, but not with the key.
  @Test func aLogMadeAnewWithoutTheKeyShows() async throws {
    let sample = try await Sample()
    for number in 1...2 { try await sample.store.record(event(number), at: Date()) }
    let keyed = try store(sample.folder.url, key: Self.key)
    for number in 3...6 { try await keyed.record(event(number), at: Date()) }
    let entries = try await keyed.auditEntries(after: 0, limit: 100)
    #expect(Self.finding(entries, key: Self.key) == nil)
    #expect(Self.finding(entries) == .keyMissing(at: 3))
    #expect(Self.finding(entries, key: Self.otherKey) == .broken(at: 3))
    func relinked(_ events: [AuditEvent], from first: Int, key: AuditKey?) -> [AuditEntry] {
      var made = Array(entries.prefix(first - 1))
      for (offset, event) in events.enumerated() {
        let sequence = Int64(first + offset)
        let hash = AuditChain.hash(
          previous: made.last?.hash ?? AuditChain.origin, sequence: sequence, time: entries[0].time,
          event: event, key: key)
        made.append(AuditEntry(sequence: sequence, time: entries[0].time, event: event, hash: hash))
      }
      return made
    }
    let events = entries.map(\.event)
    let forged = relinked(Array(events[3...].dropFirst()), from: 4, key: nil)
    #expect(Self.finding(forged, key: Self.key) == .unkeyed(at: 4))
    #expect(
      Self.finding(relinked(events.dropLast(), from: 4, key: Self.otherKey), key: Self.key) == .broken(at: 4))
    // From the beginning, as if there never had been a key: exported heads tell.
    let anew = relinked(events.reversed(), from: 1, key: nil)
    let head = AuditHead(sequence: 5, hash: entries[4].hash, at: Date())
    #expect(Self.finding(anew, key: Self.key) == nil)
    #expect(Self.finding(anew, key: Self.key, heads: [head]) == .replaced(head))
  }

  @Test func aCutTailShowsAgainstAnExportedHead() async throws {
    let sample = try await Sample()
    for number in 1...5 { try await sample.store.record(event(number), at: Date()) }
    let entries = try await sample.store.auditEntries(after: 0, limit: 100)
    let heads = entries.map { AuditHead(sequence: $0.sequence, hash: $0.hash, at: Date()) }
    #expect(Self.finding(entries, heads: heads.shuffled() + [.none(at: Date())]) == nil)
    #expect(Self.finding(entries.dropLast(2), heads: [heads[2]]) == nil)
    #expect(Self.finding(entries.dropLast(2), heads: [heads[3], heads[1]]) == .cut(heads[3]))
  }

  @Test func entriesAreNotAddedUnderAnotherKey() async throws {
    let sample = try await Sample()
    let keyed = try store(sample.folder.url, key: Self.key)
    try await keyed.record(event(1), at: Date())
    func refusal(_ store: SQLiteStore) async throws -> String? {
      let error = await #expect(throws: StoreError.self) { try await store.record(event(2), at: Date()) }
      await #expect(throws: StoreError.self) { try await store.requireAuditKey() }
      return error?.code
    }
    #expect(try await refusal(sample.store) == "audit_key_missing")
    #expect(try await refusal(store(sample.folder.url, key: Self.otherKey)) == "audit_key_wrong")
    try await keyed.requireAuditKey()
    try await keyed.record(event(2), at: Date())
    #expect(Self.finding(try await keyed.auditEntries(after: 0, limit: 9), key: Self.key) == nil)
  }
}
