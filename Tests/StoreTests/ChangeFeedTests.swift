import Domain
import Foundation
import Store
import Testing

@Suite struct ChangeFeedTests {
  @Test func latestStatesInDocumentOrder() async throws {
    let sample = try await Sample()
    let other = try await sample.store.createKnowledgeBase(named: "other", model: Sample.model)
    let base = try await sample.store.write(
      sample.batch((0..<10).map { Sample.document("d\($0)", ["text \($0)"]) })
    )
    let elsewhere = Sample.document("d0", ["elsewhere"])
    try await sample.store.write(
      IngestBatch(
        knowledgeBase: other.id,
        model: Sample.model,
        documents: [elsewhere],
        vectors: Sample.vectors([elsewhere])
      )
    )
    try await sample.write(Sample.document("d7", ["new"]))
    try await sample.write(Sample.document("d2", ["new"]))
    _ = try await sample.store.delete(["d5", "d7"], from: sample.kb)
    try await sample.write(Sample.document("d5", ["back"]))

    let ids = base.receipts.map(\.record.id)
    let (changes, summary) = try await sample.changes(after: base.generation, pageSize: 2)
    #expect(changes.map(\.document) == [ids[2], ids[5], ids[7]])
    #expect(changes.map { $0.live?.chunks.map(\.text) } == [["new"], ["back"], nil])
    #expect(summary.head == (try await sample.store.head()))
    #expect(summary.epoch == (try await sample.store.epoch()))
    #expect(summary.maintenance.isEmpty)
    #expect(try await sample.changes(after: summary.head).changes.isEmpty)

    let all = try await sample.changes(pageSize: 4).changes
    #expect(all.map(\.document) == (ids.filter { $0 != ids[7] }))
    #expect(try await sample.changes(pageSize: 0).changes.count == 9)
    #expect(try await sample.store.changes(of: other.id, after: .zero).changes.count == 1)
  }

  @Test func pagesAreBounded() async throws {
    let sample = try await Sample()
    try await sample.store.write(sample.batch((0..<10).map { Sample.document("d\($0)", ["t"]) }))
    for after in [Generation.zero, Generation(rawValue: 1)] {
      let sizes = Collected<Int>()
      _ = try await sample.store.readChanges(of: sample.kb, after: after, model: Sample.model, pageSize: 4) {
        sizes.append($0.documents.count)
      }
      #expect(sizes.all == [4, 4, 2])
    }
  }

  @Test func anErrorOfTheReaderEndsTheRead() async throws {
    struct Stop: Error {}
    let sample = try await Sample()
    try await sample.store.write(sample.batch((0..<10).map { Sample.document("d\($0)", ["t"]) }))
    let pages = Collected<Int>()
    await #expect(throws: Stop.self) {
      _ = try await sample.store.readChanges(of: sample.kb, after: .zero, model: Sample.model, pageSize: 2) {
        _ in
        pages.append(1)
        throw Stop()
      }
    }
    #expect(pages.all.count == 1)
  }

  /// What is written while a read goes on belongs to the next read, not to this one.
  @Test func aReadIsOfOneMoment() async throws {
    let sample = try await Sample()
    let (store, kb) = (sample.store, sample.kb)
    let first = try await store.write(sample.batch((0..<6).map { Sample.document("d\($0)", ["old"]) }))
    let texts = Collected<String>()
    let written = DispatchSemaphore(value: 0)
    let started = AsyncStream.makeStream(of: Void.self)
    let reader = Task {
      try await store.readChanges(of: kb, after: .zero, model: Sample.model, pageSize: 2) { page in
        started.continuation.yield()
        _ = written.wait(timeout: .now() + 10)
        written.signal()
        for change in page.documents { texts.append(change.live?.chunks.first?.text ?? "gone") }
      }
    }
    for await _ in started.stream { break }
    try await store.write(sample.batch((0..<6).map { Sample.document("d\($0)", ["new"]) }))
    _ = try await store.delete(["d3"], from: kb)
    written.signal()
    let summary = try await reader.value
    #expect(texts.all == Array(repeating: "old", count: 6))
    #expect(summary.head == first.generation)
    #expect(try await store.changes(of: kb, after: summary.head).changes.count == 6)
  }

  @Test func aGenerationFromTheFutureIsNoneOfThisStore() async throws {
    let sample = try await Sample()
    let future = Generation(rawValue: try await sample.store.head().rawValue + 1)
    #expect(await thrownCode { _ = try await sample.changes(after: future) } == "feed_trimmed")
  }

  @Test func maintenanceIsAskedForOnce() async throws {
    let sample = try await Sample()
    let start = try await sample.store.head()
    let first = try await sample.store.requestMaintenance(.compact, of: sample.kb)
    let second = try await sample.store.requestMaintenance(.rebuild, of: sample.kb)
    #expect(start < first && first < second)
    #expect(try await sample.changes(after: start).summary.maintenance == [.compact, .rebuild])
    #expect(try await sample.changes(after: first).summary.maintenance == [.rebuild])
    #expect(try await sample.changes(after: second).summary.maintenance.isEmpty)
    let third = try await sample.store.requestMaintenance(.compact, of: sample.kb)
    #expect(try await sample.changes(after: second).summary.maintenance == [.compact])
    #expect(try await sample.store.head() == third)
  }

  @Test func ownCommitsSignalAtOnce() async throws {
    var options = Sample.options
    options.pollInterval = .seconds(60)
    let sample = try await Sample(options)
    var signals = sample.store.changeSignals().makeAsyncIterator()
    #expect(await signals.next() != nil)
    // The first poll tells of what was there before; after it only commits do.
    try await sample.write(Sample.document("a", ["one"]))
    let start = ContinuousClock.now
    #expect(await signals.next() != nil)
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func commitsOfOthersSignalSoon() async throws {
    let sample = try await Sample()
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    let heads = Collected<Generation>()
    let (store, kb) = (sample.store, sample.kb)
    let listener = Task {
      for await _ in store.changeSignals() { heads.append(try await store.head()) }
    }
    for i in 0..<3 {
      let generation = try await other.write(sample.batch([Sample.document("a", ["text \(i)"])])).generation
      let deadline = ContinuousClock.now + .seconds(5)
      while heads.all.last != generation, ContinuousClock.now < deadline {
        try await Task.sleep(for: .milliseconds(10))
      }
      #expect(heads.all.last == generation)
    }
    listener.cancel()
    _ = kb
  }

  @Test func streamsEndWithTheStore() async throws {
    let sample = try await Sample()
    let stream = sample.store.changeSignals()
    let ended = Task { for await _ in stream {} }
    try await sample.store.close()
    await ended.value
  }
}
