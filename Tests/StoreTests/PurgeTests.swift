import Domain
import Foundation
import Store
import Testing

@Suite struct PurgeTests {
  @Test func nothingIsLeftButTheId() async throws {
    let sample = try await Sample()
    let secret = "xyzzy-8d1f0c"
    let document = Sample.document(
      "files/\(secret).md",
      ["body \(secret)", "shared"],
      title: "title \(secret)",
      origin: DocumentOrigin(root: "/root", path: "files/\(secret).md"),
      links: DocumentLinks(outgoing: [DocumentLink(target: secret, line: 1)], anchors: [secret])
    ) { content in
      content.tags = [secret]
      content.attributes = [secret: secret]
      content.url = "https://\(secret)"
      content.questions = [secret]
      content.visibility = .groups([secret])
    }
    let other = Sample.document(
      "b",
      ["shared"],
      title: "title \(secret)".replacingOccurrences(of: secret, with: "x")
    )
    let file = SourceFile(path: "files/\(secret).md", fingerprint: Data([1]), documentCount: 1)
    let (receipts, _) = try await sample.store.write(
      sample.batch([document, other], sourceFiles: ["/root": [file]])
    )
    try await sample.write(Sample.document(document.externalID, ["second version \(secret)"]))
    #expect(try Self.files(in: sample.folder.url, containing: secret).isEmpty == false)

    let before = try await sample.store.head()
    let generation = try #require(try await sample.store.purge(document.externalID, from: sample.kb))
    #expect(generation > before)
    #expect(try await sample.store.head() == generation)
    #expect(try Self.files(in: sample.folder.url, containing: secret).isEmpty)

    guard case .purged = try await sample.store.version(1, of: receipts[0].record.id) else {
      Issue.record("it must read as purged")
      return
    }
    guard case .unknown = try await sample.store.version(1, of: DocumentID(rawValue: 4711)) else {
      Issue.record("an id that never was must read as unknown")
      return
    }
    let tail = try await sample.changes(after: before)
    #expect(tail.changes.map(\.document) == [receipts[0].record.id])
    #expect(tail.summary.maintenance == [.erase])
    #expect(try await sample.store.purge(document.externalID, from: sample.kb) == nil)
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 1, chunks: 1))
    let left = try await sample.store.missingVectors(Array(Sample.vectors([document, other]).keys))
    #expect(Set(left.map(\.textHash)) == Set(document.chunks.flatMap(\.textHashes)))
    // The same name is a new document now.
    let again = try await sample.write(document).receipts[0].record
    #expect(again.id != receipts[0].record.id)
    #expect(again.version == 1)
  }

  @Test func aDeletedDocumentIsPurgedToo() async throws {
    let sample = try await Sample()
    let id = try await sample.write(Sample.document("a", ["plugh-3377"])).receipts[0].record.id
    _ = try await sample.store.delete(["a"], from: sample.kb)
    #expect(try await sample.store.purge("a", from: sample.kb) != nil)
    #expect(try Self.files(in: sample.folder.url, containing: "plugh-3377").isEmpty)
    guard case .purged = try await sample.store.version(1, of: id) else {
      Issue.record("it must read as purged")
      return
    }
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 0, chunks: 0))
  }

  /// SQLite leaves copies of cells in unallocated bytes when it moves them between pages; here they are
  /// planted, since it does so rarely.
  @Test func unallocatedBytesAreOverwritten() async throws {
    let sample = try await Sample()
    try await sample.store.write(
      sample.batch((0..<40).map { Sample.document("d\($0)", ["text \($0)", "more"]) })
    )
    try await sample.store.close()
    let file = sample.folder.url.appendingPathComponent("knowledge.db")
    var bytes = try Data(contentsOf: file)
    let secret = Data("rezrov-1180".utf8)
    var planted = 0
    for page in stride(from: 8192, to: bytes.count, by: 8192) {
      let leaf = bytes[page] == 0x0d || bytes[page] == 0x0a
      let pointers = page + 8 + 2 * (Int(bytes[page + 3]) << 8 + Int(bytes[page + 4]))
      let content = page + Int(bytes[page + 5]) << 8 + Int(bytes[page + 6])
      guard leaf, content - pointers > 100 else { continue }
      bytes.replaceSubrange(pointers + 20..<pointers + 20 + secret.count, with: secret)
      planted += 1
    }
    #expect(planted > 5)
    try bytes.write(to: file)

    let store = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    // Another connection that has read the pages must not bring them back by writing them.
    #expect(try await store.changes(of: sample.kb, after: .zero).changes.count == 40)
    #expect(try await store.purge("d0", from: sample.kb) != nil)
    #expect(try Self.files(in: sample.folder.url, containing: "rezrov-1180").isEmpty)
    try await store.write(
      sample.batch((1..<40).map { Sample.document("d\($0)", ["text \($0)", "changed"]) })
    )
    try await store.close()
    #expect(try Self.files(in: sample.folder.url, containing: "rezrov-1180").isEmpty)
    #expect(try integrity(of: sample.folder.url) == "ok")
  }

  @Test(arguments: [1])
  func manyPurgesAmongWrites(seed: UInt64) async throws {
    let sample = try await Sample()
    var random = SplitMix(state: seed)
    var live = (0..<90).map { _ in String(random.next() | 1 << 63, radix: 16) }
    var leaving: [String] = []
    func document(_ key: String) -> DocumentWrite {
      let chunks = (0...Int(random.next() % 5)).map { _ in
        String(repeating: key + " ", count: 1 + Int(random.next() % 60)) + String(random.next())
      }
      return Sample.document(key, chunks, title: key)
    }
    for key in live { try await sample.write(document(key)) }
    while live.count > 40 {
      let key = live.remove(at: Int(random.next() % UInt64(live.count)))
      if random.next() % 2 == 0 { try await sample.write(document(live[0])) }
      _ = try await sample.store.delete([key], from: sample.kb)
      leaving.append(key)
    }
    for key in leaving { _ = try await sample.store.purge(key, from: sample.kb) }
    let left = try Self.files(in: sample.folder.url, containing: leaving)
    #expect(left.isEmpty, "\(left) are still there")
    for key in live {
      #expect(try await sample.store.document(key, in: sample.kb) != nil)
    }
    try await sample.store.close()
    #expect(try integrity(of: sample.folder.url) == "ok")
  }

  @Test func purgesAndWritesAtOnce() async throws {
    let sample = try await Sample()
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    let keys = (0..<24).map { "frobozz-\($0)-\(String(UInt64($0) &* 0x9e37_79b9_7f4a_7c15, radix: 16))" }
    try await sample.store.write(sample.batch(keys.map { Sample.document($0, [$0, $0 + " again"]) }))
    try await withThrowingTaskGroup(of: Void.self) { group in
      for key in keys.prefix(12) {
        group.addTask { _ = try await sample.store.purge(key, from: sample.kb) }
      }
      group.addTask {
        for key in keys.suffix(12) { _ = try await other.purge(key, from: sample.kb) }
      }
      for writer in 0..<4 {
        group.addTask {
          for i in 0..<20 {
            try await other.write(sample.batch([Sample.document("w\(writer)", ["text \(i)"])]))
          }
        }
      }
      try await group.waitForAll()
    }
    for key in keys { #expect(try Self.files(in: sample.folder.url, containing: key).isEmpty) }
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 4, chunks: 4))
    try await other.close()
    try await sample.store.close()
    #expect(try integrity(of: sample.folder.url) == "ok")
  }

  /// A reader of an older state keeps the log; the purge says so, and finishes by itself afterwards.
  @Test func aLongReadDelaysTheErasure() async throws {
    var options = Sample.options
    options.erasureTimeout = .milliseconds(200)
    let sample = try await Sample(options)
    let secret = "gnusto-5512"
    try await sample.write(Sample.document("a", [secret]), Sample.document("b", ["stays"]))
    let code = Collected<String?>()
    let store = sample.store
    let kb = sample.kb
    let reading = AsyncStream.makeStream(of: Void.self)
    let release = DispatchSemaphore(value: 0)
    let reader = Task {
      try await store.readChanges(of: kb, after: .zero, model: Sample.model, pageSize: 10) { _ in
        reading.continuation.yield()
        _ = release.wait(timeout: .now() + 20)
      }
    }
    for await _ in reading.stream { break }
    code.append(await thrownCode { _ = try await store.purge("a", from: kb) })
    #expect(code.all == ["store_busy"])
    #expect(try await store.document("a", in: kb) == nil)
    // Others are not held up meanwhile.
    try await sample.write(Sample.document("c", ["new"]))
    release.signal()
    _ = try await reader.value
    let deadline = ContinuousClock.now + .seconds(10)
    while try !Self.files(in: sample.folder.url, containing: secret).isEmpty, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(try Self.files(in: sample.folder.url, containing: secret).isEmpty)
  }

  /// Those of the texts whose bytes occur in any of the folder's files.
  static func files(in folder: URL, containing texts: [String]) throws -> [String] {
    try texts.filter { try !files(in: folder, containing: $0).isEmpty }
  }

  /// Names of the folder's files in which a text's bytes occur.
  static func files(in folder: URL, containing text: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { name in
      try Data(contentsOf: folder.appendingPathComponent(name)).range(of: Data(text.utf8)) != nil
    }
  }
}
