import Domain
import Foundation
import Testing

@testable import Store

/// Who finds what when: drafts, publication and expiry, archives.
@Suite struct PublishingTests {
  let clock = ManualClock()

  private func live(_ sample: Sample) async throws -> [String] {
    try await sample.changes().changes.compactMap(\.live).flatMap { live in
      live.chunks.map { "\(live.record.externalID) \(live.record.version): \($0.text)" }
    }
  }

  private func act(_ act: PublicationAct, on id: String, _ sample: Sample) async throws -> DocumentRecord {
    guard case .done(let record, _) = try await sample.store.act(act, on: id, in: sample.kb, vectors: [:])
    else {
      throw StoreError(.missingVectors, "not done")
    }
    return record
  }

  @Test func aDraftLeavesWhatIsLive() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["old text"]))
    let draft = Sample.document("a", ["new text"], publication: .init(status: .draft))
    let receipt = try await sample.write(draft).receipts[0]
    #expect(receipt.record.version == 2 && receipt.record.liveVersion == 1)
    #expect(receipt.record.publication.status == .draft)
    #expect((receipt.chunksAdded, receipt.chunksRemoved) == (0, 0))
    #expect(try await live(sample) == ["a 1: old text"])
    #expect(try await sample.store.document("a", in: sample.kb)?.version == 1)
    #expect(try await sample.store.latestDocument("a", in: sample.kb)?.version == 2)
    #expect(try await sample.store.version(nil, of: "a", in: sample.kb)?.text == "old text")
    #expect(try await sample.store.documents(in: sample.kb, after: nil, limit: 9).map(\.version) == [1])
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 1, chunks: 1))
    // The same draft again is nothing.
    #expect(try await sample.write(draft).receipts[0].effect == .unchanged)

    let published = try await act(.publish(.keep), on: "a", sample)
    #expect(published.version == 2 && published.liveVersion == 2 && published.revision == 1)
    #expect(try await live(sample) == ["a 2: new text"])
    let statuses = try await sample.store.versions(of: "a", in: sample.kb, before: nil, limit: 9)
      .map(\.publication.status)
    #expect(statuses == [.published, .archived])
    // The vector of the draft was there: nothing had to be embedded.
    #expect(try await sample.changes().changes[0].live?.chunks[0].vectors.count == 1)
  }

  @Test func aNewDraftIsNowhere() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["secret"], publication: .init(status: .draft)))
    #expect(try await live(sample).isEmpty)
    #expect(try await sample.store.document("a", in: sample.kb) == nil)
    #expect(try await sample.store.version(nil, of: "a", in: sample.kb) == nil)
    #expect(try await sample.store.documents(in: sample.kb, after: nil, limit: 9).isEmpty)
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 0, chunks: 0))
    #expect(try await sample.store.links(in: sample.kb).isEmpty)
    let id = try #require(try await sample.store.latestDocument("a", in: sample.kb)).id
    #expect(try await sample.store.passages(of: id, ordinals: 0...9).isEmpty)
    // Whether a quote stands in it is not told either.
    guard case .unknown = try await sample.store.version(1, of: id) else {
      Issue.record("a version that was never live was told of")
      return
    }
    let drafts = try await sample.store.latestDocuments(in: sample.kb, status: .draft, after: nil, limit: 9)
    #expect(drafts.map(\.externalID) == ["a"])
    #expect(
      try await sample.store.latestDocuments(in: sample.kb, status: .published, after: nil, limit: 9).isEmpty)
  }

  @Test func whatIsScheduledComesAndGoes() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["old"]))
    try await sample.write(
      Sample.document(
        "a", ["new"], publication: .init(publishAt: .set(clock.after(60)), expiresAt: .set(clock.after(120))))
    )
    #expect(try await sample.store.applyDue(vectors: [:]).documents == 0)
    #expect(try await sample.store.applyDue(vectors: [:]).next == clock.after(60))
    #expect(try await live(sample) == ["a 1: old"])
    clock.advance(59)
    #expect(try await sample.store.applyDue(vectors: [:]).documents == 0)
    clock.advance(1)
    let begun = try await sample.store.applyDue(vectors: [:])
    #expect(begun.documents == 1 && begun.generation != nil && begun.missing.isEmpty)
    #expect(try await live(sample) == ["a 2: new"])
    #expect(try await sample.store.applyDue(vectors: [:]).documents == 0)

    // At the moment of its end nobody reads it any more, whether or not someone took it back.
    clock.advance(60)
    let chunk = try #require(try await sample.changes().changes[0].live?.chunks[0].id)
    #expect(try await sample.store.passages([chunk]).isEmpty)
    #expect(try await sample.store.document("a", in: sample.kb) == nil)
    #expect(try await sample.store.documents(in: sample.kb, after: nil, limit: 9).isEmpty)
    #expect(try await sample.store.applyDue(vectors: [:]).documents == 1)
    #expect(try await live(sample).isEmpty)
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 0, chunks: 0))
    // The one before it does not come back.
    #expect(try await sample.store.latestDocument("a", in: sample.kb)?.liveVersion == nil)
  }

  @Test func nothingDueIsLostWhileNobodyRuns() async throws {
    let sample = try await Sample(clock.options)
    for i in 0..<40 {
      try await sample.write(
        Sample.document(
          "d\(i)", ["text \(i)"], publication: .init(publishAt: .set(clock.after(10 + Double(i))))))
    }
    try await sample.store.close()
    clock.advance(3600)
    let again = try await Sample(folder: sample.folder, clock.options)
    #expect(try await again.store.applyDue(vectors: [:]).documents == 40)
    #expect(try await live(again).count == 40)
    #expect(try await again.store.applyDue(vectors: [:]).next == nil)
  }

  @Test func takenBackAndArchived() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["one"]))
    try await sample.write(Sample.document("a", ["two"]))
    var record = try await act(.unpublish, on: "a", sample)
    #expect(record.publication.status == .draft && record.liveVersion == nil && record.version == 2)
    #expect(try await live(sample).isEmpty)
    record = try await act(.publish(.init(publishAt: .set(clock.after(5)))), on: "a", sample)
    #expect(record.publication.status == .published && record.liveVersion == nil)
    record = try await act(.archive, on: "a", sample)
    #expect(record.publication.status == .archived)
    clock.advance(10)
    #expect(try await sample.store.applyDue(vectors: [:]).documents == 0)
    #expect(try await live(sample).isEmpty)
    // Written again without a word about it, it stays where an editor put it.
    #expect(try await sample.write(Sample.document("a", ["two"])).receipts[0].effect == .unchanged)
    #expect(
      try await sample.write(Sample.document("a", ["three"])).receipts[0].record.publication.status
        == .archived)
    #expect(try await live(sample).isEmpty)
    // The vectors of what is archived are gone: to publish it they are asked for.
    guard
      case .vectorsMissing(let texts) = try await sample.store.act(
        .publish(.keep), on: "a", in: sample.kb, vectors: [:])
    else {
      Issue.record("published without its vectors")
      return
    }
    #expect(texts.values.sorted() == ["Title\nthree"])
    let vectors = Dictionary(uniqueKeysWithValues: texts.keys.map { ($0, Sample.vector($0.textHash)) })
    guard
      case .done(let published, _) = try await sample.store.act(
        .publish(.keep), on: "a", in: sample.kb, vectors: vectors)
    else {
      Issue.record("not published")
      return
    }
    #expect(published.liveVersion == 3)
    #expect(try await live(sample) == ["a 3: three"])
    #expect(try await sample.changes().changes.compactMap(\.live)[0].chunks[0].vectors.count == 1)
    #expect(try await sample.store.act(.archive, on: "b", in: sample.kb, vectors: [:]) == nil)
  }

  @Test func whatIsDeletedDoesNotComeBack() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["one"]))
    try await sample.write(
      Sample.document("a", ["two"], publication: .init(publishAt: .set(clock.after(60)))))
    #expect(try await sample.store.delete(["a"], from: sample.kb).documents == 1)
    clock.advance(100)
    #expect(try await sample.store.applyDue(vectors: [:]).documents == 0)
    try await sample.write(Sample.document("a", ["three"], publication: .init(status: .draft)))
    #expect(try await live(sample).isEmpty)
    // A deleted document begins anew: what it was before is forgotten.
    #expect(try await sample.store.delete(["a"], from: sample.kb).documents == 1)
    try await sample.write(Sample.document("a", ["four"]))
    #expect(try await live(sample) == ["a 4: four"])
  }

  @Test func whatASourceSaysIsTakenOnce() async throws {
    let sample = try await Sample(clock.options)
    let origin = DocumentOrigin(root: "/docs", path: "a")
    func file(_ text: String, _ said: PublicationChange = .keep) -> DocumentWrite {
      Sample.document("a", [text], origin: origin, publication: said)
    }
    try await sample.write(file("one", .init(status: .draft)))
    _ = try await act(.publish(.keep), on: "a", sample)
    // Read once more, it does not undo what the editor did.
    #expect(try await sample.write(file("one", .init(status: .draft))).receipts[0].effect == .unchanged)
    #expect(try await live(sample) == ["a 1: one"])
    // A new text with the same word is a draft of it.
    try await sample.write(file("two", .init(status: .draft)))
    #expect(try await live(sample) == ["a 1: one"])
    // The word is gone: so is what it meant.
    try await sample.write(file("two"))
    #expect(try await live(sample) == ["a 2: two"])
    _ = try await act(.archive, on: "a", sample)
    #expect(try await sample.write(file("two")).receipts[0].effect == .unchanged)
    try await sample.write(file("three"))
    #expect(try await live(sample).isEmpty)
    // A date of the source goes with the source, one of an editor stays.
    try await sample.write(file("four", .init(status: .published, expiresAt: .set(clock.after(50)))))
    #expect(try await sample.store.document("a", in: sample.kb)?.publication.expiresAt == clock.after(50))
    try await sample.write(file("five"))
    #expect(try await sample.store.document("a", in: sample.kb)?.publication.expiresAt == nil)
    _ = try await act(.publish(.init(expiresAt: .set(clock.after(70)))), on: "a", sample)
    try await sample.write(file("six"))
    #expect(try await sample.store.document("a", in: sample.kb)?.publication.expiresAt == clock.after(70))
  }

  @Test func aDraftSurvivesTheUnchangedLiveText() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["live"]))
    try await sample.write(Sample.document("a", ["draft"], publication: .init(status: .draft)))
    #expect(try await sample.write(Sample.document("a", ["live"])).receipts[0].effect == .unchanged)
    #expect(try await sample.store.latestDocument("a", in: sample.kb)?.version == 2)
    // So does one over a file that says until when it holds.
    let origin = DocumentOrigin(root: "/docs", path: "b")
    let file = Sample.document(
      "b", ["live"], origin: origin, publication: .init(expiresAt: .set(clock.after(500))))
    try await sample.write(file)
    try await sample.write(Sample.document("b", ["draft"], publication: .init(status: .draft)))
    #expect(try await sample.write(file).receipts[0].effect == .unchanged)
    #expect(try await sample.store.latestDocument("b", in: sample.kb)?.version == 2)
  }

  @Test func whatIsPublishedCannotBePublishedLater() async throws {
    let sample = try await Sample(clock.options)
    try await sample.write(Sample.document("a", ["one"]))
    let later = PublicationChange(publishAt: .set(clock.after(60)))
    #expect(
      await thrownCode {
        _ = try await sample.store.act(.publish(later), on: "a", in: sample.kb, vectors: [:])
      }
        == "invalid_publication")
    // Written for later, the same text waits, and what is live stays.
    try await sample.write(Sample.document("a", ["one"], publication: later))
    #expect(try await live(sample) == ["a 1: one"])
    #expect(try await sample.store.latestDocument("a", in: sample.kb)?.version == 2)
  }

  @Test func publishingAmongWritersStaysWhole() async throws {
    let sample = try await Sample()
    let other = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    let (store, kb) = (sample.store, sample.kb)
    try await sample.write(Sample.document("a", ["start"]))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for i in 0..<30 {
          let status: DocumentStatus = i % 2 == 0 ? .draft : .published
          try await other.write(
            sample.batch([Sample.document("a", ["text \(i)"], publication: .init(status: status))]))
        }
      }
      group.addTask {
        for i in 0..<30 {
          let act: PublicationAct = i % 3 == 0 ? .archive : i % 3 == 1 ? .publish(.keep) : .unpublish
          _ = try await store.act(act, on: "a", in: kb, vectors: [:])
          _ = try await store.applyDue(vectors: [:])
        }
      }
      group.addTask {
        for _ in 0..<60 {
          let counts = try await store.counts(in: kb)
          #expect((0...1).contains(counts.documents) && (0...1).contains(counts.chunks))
        }
      }
      try await group.waitForAll()
    }
    let record = try #require(try await store.latestDocument("a", in: kb))
    let expected = record.liveVersion == nil ? 0 : 1
    #expect(try await store.counts(in: kb) == StoreCounts(documents: expected, chunks: expected))
    try await other.close()
    try await store.close()
    #expect(try integrity(of: sample.folder.url) == "ok")
    let open = "SELECT count(*) FROM publications WHERE until_generation IS NULL"
    #expect(try integer(open, in: sample.folder.url) == expected)
  }
}
