import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Store

@Suite struct FaultTests {
  @Test func aFullDiskRefusesAndRecovers() async throws {
    let sample = try await Sample()
    try await sample.write(Sample.document("a", ["before"]))
    // The engine reports a page limit exactly as it reports a full disk.
    let limit = try await sample.store.knowledge.pool.writeWithoutTransaction { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      return try Int.fetchOne(db, sql: "PRAGMA max_page_count = \(pages + 2)") ?? 0
    }
    #expect(limit > 0)
    let head = try await sample.store.head()
    let large = Sample.document("b", (0..<200).map { String(repeating: "text \($0) ", count: 100) })
    for _ in 0..<2 {
      #expect(await thrownCode { try await sample.write(large) } == "storage_full")
    }
    // Nothing of it is there, and what was there is still read.
    #expect(try await sample.store.head() == head)
    #expect(try await sample.store.version(nil, of: "a", in: sample.kb)?.text == "before")
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 1, chunks: 1))
    _ = try await sample.store.knowledge.pool.writeWithoutTransaction { db in
      try Int.fetchOne(db, sql: "PRAGMA max_page_count = 1073741823")
    }
    #expect(try await sample.write(large).receipts[0].effect == .added)
  }

  @Test func systemErrorsOfAFullDiskCountAsFull() {
    for code in [ENOSPC, EDQUOT, EFBIG] {
      let error = StoreError.translating(DatabaseError(resultCode: .SQLITE_IOERR_WRITE), systemError: code)
      #expect((error as? StoreError)?.code == "storage_full")
    }
    let other = StoreError.translating(DatabaseError(resultCode: .SQLITE_IOERR_READ), systemError: EIO)
    #expect((other as? StoreError)?.code == "store_unavailable")
  }

  @Test func aLockedStoreIsBusyAfterTheTimeout() async throws {
    var options = Sample.options
    options.busyTimeout = .milliseconds(150)
    let sample = try await Sample(options)
    let other = try SQLiteStore(folder: sample.folder.url, options: options)
    let locked = AsyncStream.makeStream(of: Void.self)
    let release = DispatchSemaphore(value: 0)
    let holder = Task {
      try await other.knowledge.write { _ in
        locked.continuation.yield()
        _ = release.wait(timeout: .now() + 20)
      }
    }
    for await _ in locked.stream { break }
    #expect(await thrownCode { try await sample.write(Sample.document("a", ["x"])) } == "store_busy")
    // Readers never wait for a writer.
    #expect(try await sample.store.counts(in: sample.kb).documents == 0)
    release.signal()
    try await holder.value
    try await sample.write(Sample.document("a", ["x"]))
  }

  @Test func acknowledgedWritesAreOnDisk() async throws {
    let sample = try await Sample()
    for file in [sample.store.knowledge, sample.store.service] {
      let (synchronous, journal, foreignKeys, secure) = try await file.pool.writeWithoutTransaction { db in
        (
          try Int.fetchOne(db, sql: "PRAGMA synchronous"),
          try String.fetchOne(db, sql: "PRAGMA journal_mode"),
          try Int.fetchOne(db, sql: "PRAGMA foreign_keys"), try Int.fetchOne(db, sql: "PRAGMA secure_delete")
        )
      }
      #expect(synchronous == 2)
      #expect(journal == "wal")
      #expect(foreignKeys == 1)
      #expect(secure == 1)
    }
  }

  @Test func garbageIsRefusedAsDamaged() async throws {
    for contents in [
      Data("this is not a database, though it is long enough to be looked at".utf8),
      Data(repeating: 0xAB, count: 40_000),
    ] {
      let folder = try TemporaryFolder()
      _ = try folder.file("knowledge.db", contents)
      #expect(
        await thrownCode { _ = try SQLiteStore(folder: folder.url, options: Sample.options) }
          == "store_corrupt"
      )
      #expect(try Data(contentsOf: folder.url.appendingPathComponent("knowledge.db")) == contents)
    }
  }

  /// Flipped bytes may give wrong text or an error, never a crash.
  @Test(arguments: [1, 2])
  func flippedBytesNeverCrash(seed: UInt64) async throws {
    let sample = try await Sample()
    try await sample.store.write(
      sample.batch(
        (0..<60).map { Sample.document("d\($0)", ["some text \($0)", "more"]) { $0.tags = ["t"] } }
      )
    )
    let purged = try await sample.store.purge("d3", from: sample.kb)
    #expect(purged != nil)
    try await sample.store.close()
    let file = sample.folder.url.appendingPathComponent("knowledge.db")
    let good = try Data(contentsOf: file)
    var random = SplitMix(state: seed)
    for _ in 0..<15 {
      var bytes = good
      for _ in 0..<24 {
        bytes[8192 + Int(random.next() % UInt64(bytes.count - 8192))] = UInt8(
          truncatingIfNeeded: random.next()
        )
      }
      try bytes.write(to: file)
      do {
        let store = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
        _ = try? await store.changes(of: sample.kb, after: .zero)
        _ = try? await store.changes(of: sample.kb, after: Generation(rawValue: 5))
        _ = try? await store.documents(in: sample.kb, after: nil, limit: 100)
        _ = try? await store.passages((1...120).map { ChunkID(rawValue: $0) })
        _ = try? await store.purge("d7", from: sample.kb)
        _ = try? await store.write(sample.batch([Sample.document("d9", ["changed"])]))
        try? await store.close()
      } catch let error as any CodedError {
        #expect(error.code.hasPrefix("store_"))
      }
      for name in ["knowledge.db-wal", "knowledge.db-shm"] {
        try? FileManager.default.removeItem(at: sample.folder.url.appendingPathComponent(name))
      }
    }
  }

  /// A deletion that was cut short by a kill goes on at the next opening.
  @Test func anInterruptedRemovalGoesOn() async throws {
    let sample = try await Sample()
    let secret = "wizzle-2210"
    try await sample.store.write(sample.batch((0..<5).map { Sample.document("d\($0)", ["\(secret) \($0)"]) }))
    let kb = sample.kb
    // As if the process had ended after the first transaction.
    try await sample.store.knowledge.write { db in
      try db.execute(sql: "UPDATE knowledge_bases SET name = NULL WHERE id = \(kb.rawValue)")
    }
    #expect(try await sample.store.knowledgeBases().isEmpty)
    #expect(try await sample.store.passages([ChunkID(rawValue: 1)]).isEmpty)
    guard case .purged = try await sample.store.version(1, of: DocumentID(rawValue: 1)) else {
      Issue.record("it is on its way out")
      return
    }
    try await sample.store.close()
    let again = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    let deadline = ContinuousClock.now + .seconds(10)
    while try !PurgeTests.files(in: sample.folder.url, containing: secret).isEmpty,
      ContinuousClock.now < deadline
    {
      try await Task.sleep(for: .milliseconds(20))
    }
    #expect(try PurgeTests.files(in: sample.folder.url, containing: secret).isEmpty)
    try await again.close()
    #expect(try integer("SELECT count(*) FROM documents", in: sample.folder.url) == 0)
    #expect(try integer("SELECT count(*) FROM knowledge_bases", in: sample.folder.url) == 0)
  }
}
