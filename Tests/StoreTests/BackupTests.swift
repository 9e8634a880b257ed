import Domain
import Foundation
import Security
import Store
import TestSupport
import Testing

@Suite struct BackupTests {
  @Test func aBackupRestoresIntoAnotherLife() async throws {
    let sample = try await Sample()
    try await sample.write(Sample.document("a", ["one", "two"]), Sample.document("b", ["three"]))
    let (key, _) = AccessKey.issue(name: "k", role: .owner, at: Date(timeIntervalSince1970: 5))
    try await sample.store.insert(key)
    let backup = sample.folder.url.appendingPathComponent("backup")
    try await sample.store.backup(to: backup)
    try await sample.write(Sample.document("c", ["later"]))

    let target = sample.folder.url.appendingPathComponent("restored/data")
    try SQLiteStore.restore(from: backup, into: target)
    let restored = try SQLiteStore(folder: target, options: Sample.options)
    #expect(
      try await restored.documents(in: sample.kb, after: nil, limit: 9).map(\.externalID) == ["a", "b"]
    )
    #expect(try await restored.accessKeys() == [key])
    #expect(try await restored.epoch() != sample.store.epoch())
    let chunks = try await restored.changes(of: sample.kb, after: .zero).changes.compactMap(\.live)
    #expect(chunks.flatMap(\.chunks).map(\.vectors.count) == [1, 1, 1])
    // It goes on as a store does, and ids go on from where they were.
    let next = try await restored.write(sample.batch([Sample.document("d", ["four"])]))
    #expect(next.receipts[0].record.id > chunks[1].record.id)
    // The backup opens as it is, too.
    let direct = try SQLiteStore(folder: backup, options: Sample.options)
    #expect(try await direct.counts(in: sample.kb).documents == 2)
  }

  @Test func aSealedBackupOpensWithItsMasterKeyAlone() async throws {
    let sample = try await Sample()
    try await sample.write(Sample.document("a", ["plain words"]))
    let backup = sample.folder.url.appendingPathComponent("../sealed-\(UUID().uuidString)").standardized
    defer { try? FileManager.default.removeItem(at: backup) }
    try await sample.store.backup(to: backup, sealed: true)
    let names = try FileManager.default.contentsOfDirectory(atPath: backup.path).sorted()
    #expect(names == ["knowledge.db.sealed", "service.db.sealed"])
    for name in names {
      let bytes = try Data(contentsOf: backup.appendingPathComponent(name))
      #expect(bytes.range(of: Data("plain words".utf8)) == nil && bytes.range(of: Data("SQLite".utf8)) == nil)
    }
    // Nothing in clear is left beside the store.
    let own = try FileManager.default.contentsOfDirectory(atPath: sample.folder.url.path)
    #expect(!own.contains { $0.hasPrefix(".backup") })
    let target = try TemporaryFolder()
    #expect(
      await thrownCode { try SQLiteStore.restore(from: backup, into: target.url) } == "master_key_missing")
    let other = MasterKeys([Data(repeating: 9, count: 32)])
    #expect(
      await thrownCode { try SQLiteStore.restore(from: backup, into: target.url, masters: other) }
        == "restore_refused")
    #expect(try FileManager.default.contentsOfDirectory(atPath: target.url.path).isEmpty)
    // With the key put in its place first.
    try FileManager.default.copyItem(
      at: sample.folder.url.appendingPathComponent(MasterKeyFile.name),
      to: target.url.appendingPathComponent(MasterKeyFile.name))
    try SQLiteStore.restore(from: backup, into: target.url)
    let restored = try SQLiteStore(folder: target.url, options: Sample.options)
    #expect(try await restored.document("a", in: sample.kb) != nil)
    let beside = try FileManager.default.contentsOfDirectory(
      atPath: target.url.deletingLastPathComponent().path)
    #expect(!beside.contains { $0.hasPrefix(".restore-") })
    #expect(
      await thrownCode { try await sample.store.backup(to: backup, sealed: true) } == "backup_refused")
  }

  @Test func editorsStatesAreRestored() async throws {
    let clock = ManualClock()
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("draft", ["x"], publication: .init(status: .draft)))
    try await sample.write(Sample.document("kept", ["x"], publication: .init(status: .archived)))
    try await sample.write(
      Sample.document("late", ["x"], publication: .init(publishAt: .set(clock.after(60)))))
    try await sample.write(Sample.document("live", ["old"]))
    let generation = try await sample.store.head()
    try await sample.write(Sample.document("live", ["new"]))
    let backup = sample.folder.url.appendingPathComponent("backup")
    try await sample.store.backup(to: backup)
    let target = sample.folder.url.appendingPathComponent("restored")
    try SQLiteStore.restore(from: backup, into: target)
    clock.advance(100)
    let restored = try SQLiteStore(folder: target, options: clock.options)
    #expect(try await restored.applyDue(vectors: [:]).documents == 1)
    let all = try await restored.latestDocuments(in: sample.kb, status: nil, after: nil, limit: 9)
    #expect(all.map(\.publication.status) == [.draft, .archived, .published, .published])
    #expect(all.map(\.liveVersion) == [nil, nil, 1, 2])
    // Its past, too.
    let moment = try await restored.moment(.generation(generation), of: sample.kb)
    let past = Collected<[PastDocument]>()
    try await restored.readPast(moment, model: Sample.model, pageSize: 9) { past.append($0) }
    #expect(past.all.flatMap { $0 }.map(\.record.version) == [1])
  }

  @Test func aBackupIsConsistentWhileWritesGoOn() async throws {
    let sample = try await Sample()
    try await sample.store.write(sample.batch((0..<50).map { Sample.document("d\($0)", ["start"]) }))
    let (store, batches) = (
      sample.store,
      (1...20).map { round in sample.batch((0..<50).map { Sample.document("d\($0)", ["round \(round)"]) }) }
    )
    let writer = Task { for batch in batches { try await store.write(batch) } }
    for i in 0..<3 {
      let backup = sample.folder.url.appendingPathComponent("backup-\(i)")
      try await store.backup(to: backup)
      let copy = try SQLiteStore(folder: backup, options: Sample.options)
      let texts = try await copy.changes(of: sample.kb, after: .zero, pageSize: 100).changes.compactMap(
        \.live
      )
      .flatMap(\.chunks).map(\.text)
      #expect(texts.count == 50)
      #expect(Set(texts).count == 1, "a transaction was cut in two")
      try await copy.close()
      #expect(try integrity(of: backup) == "ok")
    }
    try await writer.value
  }

  @Test func aRestoreNeverOverwrites() async throws {
    let sample = try await Sample()
    let backup = sample.folder.url.appendingPathComponent("backup")
    try await sample.store.backup(to: backup)
    let live = try TemporaryFolder()
    let other = try await Sample(folder: live)
    try await other.write(Sample.document("mine", ["mine"]))
    #expect(await thrownCode { try SQLiteStore.restore(from: backup, into: live.url) } == "restore_refused")
    #expect(try await other.store.document("mine", in: other.kb) != nil)
    let strange = try TemporaryFolder()
    _ = try strange.file("notes.txt", "mine")
    #expect(
      await thrownCode { try SQLiteStore.restore(from: backup, into: strange.url) } == "restore_refused"
    )
    #expect(await thrownCode { try await sample.store.backup(to: strange.url) } == "backup_refused")
    #expect(await thrownCode { try await sample.store.backup(to: sample.folder.url) } == "backup_refused")
    let empty = try TemporaryFolder()
    #expect(
      await thrownCode { try SQLiteStore.restore(from: empty.url, into: empty.url) } == "restore_refused"
    )
    try SQLiteStore.restore(from: backup, into: empty.url)
    _ = try SQLiteStore(folder: empty.url, options: Sample.options)
  }

  @Test func aDamagedBackupLeavesNothing() async throws {
    let sample = try await Sample()
    try await sample.store.write(
      sample.batch((0..<200).map { Sample.document("d\($0)", [String(repeating: "word \($0) ", count: 80)]) })
    )
    let backup = sample.folder.url.appendingPathComponent("backup")
    try await sample.store.backup(to: backup)
    let file = backup.appendingPathComponent("knowledge.db")
    var bytes = try Data(contentsOf: file)
    for i in stride(from: 16_384, to: bytes.count, by: 8192) {
      bytes.replaceSubrange(i..<i + 64, with: Data(repeating: 0xEE, count: 64))
    }
    try bytes.write(to: file)
    let target = sample.folder.url.appendingPathComponent("restored")
    #expect(await thrownCode { try SQLiteStore.restore(from: backup, into: target) } == "store_corrupt")
    #expect(!FileManager.default.fileExists(atPath: target.path))
  }
}
