import Domain
import Foundation
import Store
import Testing

@Suite struct ReadingTests {
  @Test func pagesAreInByteOrderAndStableUnderWrites() async throws {
    let sample = try await Sample()
    let ids = ["Z", "a", "B", "é", "e\u{301}", "你", "a b", "10", "9", "aa", "🙂"]
    try await sample.store.write(sample.batch(ids.map { Sample.document($0, [$0]) }))
    let sorted = ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    var seen: [String] = []
    var after: String?
    while true {
      let page = try await sample.store.documents(in: sample.kb, after: after, limit: 2)
      guard let last = page.last else { break }
      seen += page.map(\.externalID)
      after = last.externalID
      // What comes and goes behind the cursor moves nothing ahead of it.
      try await sample.write(Sample.document("!\(seen.count)", ["x"]))
      _ = try await sample.store.delete(["!\(seen.count)"], from: sample.kb)
    }
    #expect(seen.map { Array($0.utf8) } == sorted.map { Array($0.utf8) })
    #expect(try await sample.store.documents(in: sample.kb, after: nil, limit: 0).isEmpty)
    #expect(try await sample.store.documents(in: sample.kb, after: nil, limit: -3).isEmpty)
  }

  @Test func passagesByIdAndByOrdinal() async throws {
    let sample = try await Sample()
    let record = try await sample.write(Sample.document("a", ["0", "1", "2", "3", "4"])).receipts[0].record
    let ids = try #require(try await sample.changes().changes[0].live).chunks.map(\.id)
    let unknown = [ChunkID(rawValue: 0), ChunkID(rawValue: 1 << 40), ChunkID(rawValue: .max)]
    let passages = try await sample.store.passages(ids + unknown + ids)
    #expect(passages.count == 5)
    for (ordinal, id) in ids.enumerated() {
      #expect(passages[id]?.ordinal == ordinal)
      #expect(passages[id]?.text == "\(ordinal)")
      #expect(passages[id]?.document == record)
    }
    #expect(try await sample.store.passages([]).isEmpty)
    #expect(
      try await sample.store.passages(of: record.id, ordinals: 1...3).map(\.text) == ["1", "2", "3"]
    )
    #expect(try await sample.store.passages(of: record.id, ordinals: -5...0).map(\.text) == ["0"])
    #expect(try await sample.store.passages(of: DocumentID(rawValue: 77), ordinals: 0...9).isEmpty)
  }

  @Test func versions() async throws {
    let sample = try await Sample()
    let id = try await sample.write(Sample.document("a", ["one"], title: "First")).receipts[0].record.id
    try await sample.write(Sample.document("a", ["two"], title: "Second"))
    let old = try #require(try await sample.store.version(1, of: "a", in: sample.kb))
    #expect((old.title, old.text, old.isCurrent) == ("First", "one", false))
    let new = try #require(try await sample.store.version(nil, of: "a", in: sample.kb))
    #expect((new.version, new.title, new.text, new.isCurrent) == (2, "Second", "two", true))
    for absent in [0, 3, -1, Int.max] {
      #expect(try await sample.store.version(absent, of: "a", in: sample.kb) == nil)
      guard case .unknown = try await sample.store.version(absent, of: id) else {
        Issue.record("version \(absent) never was")
        return
      }
    }
    #expect(try await sample.store.version(nil, of: "b", in: sample.kb) == nil)
  }

  @Test func missingVectorsKeepsTheOrder() async throws {
    let sample = try await Sample()
    try await sample.write(Sample.document("a", ["known"]))
    let known = try #require(Sample.vectors([Sample.document("a", ["known"])]).keys.first)
    let unknown = (0..<3).map { VectorKey(model: Sample.model, textHash: Data([UInt8($0)])) }
    let otherModel = VectorKey(model: "other", textHash: known.textHash)
    #expect(
      try await sample.store.missingVectors([unknown[2], known, otherModel, unknown[0]])
        == [unknown[2], otherModel, unknown[0]]
    )
    #expect(try await sample.store.missingVectors([]).isEmpty)
  }

  @Test func afterClosingEverySortOfCallSaysSo() async throws {
    let sample = try await Sample()
    try await sample.store.close()
    #expect(await thrownCode { _ = try await sample.store.head() } == "store_closed")
    #expect(await thrownCode { try await sample.write(Sample.document("a", ["x"])) } == "store_closed")
    for await _ in sample.store.changeSignals() {}
  }
}
