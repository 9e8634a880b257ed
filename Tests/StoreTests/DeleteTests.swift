import Domain
import Foundation
import Store
import Testing

@Suite struct DeleteTests {
  @Test func aDeletedDocumentLeavesSearchAndKeepsItsVersions() async throws {
    let sample = try await Sample()
    let written = try await sample.write(
      Sample.document("a", ["one", "two"]),
      Sample.document("b", ["three"])
    )
    let chunks = try await sample.changes().changes.compactMap(\.live).flatMap(\.chunks).map(\.id)
    let receipt = try await sample.store.delete(["a", "unknown", "a"], from: sample.kb)
    #expect((receipt.documents, receipt.chunks) == (1, 2))
    #expect(receipt.generation > written.generation)

    #expect(try await sample.store.document("a", in: sample.kb) == nil)
    #expect(try await sample.store.version(nil, of: "a", in: sample.kb) == nil)
    let old = try #require(try await sample.store.version(1, of: "a", in: sample.kb))
    #expect(old.text == "one\n\ntwo")
    #expect(!old.isCurrent)
    guard case .found(let same) = try await sample.store.version(1, of: written.receipts[0].record.id) else {
      Issue.record("the version is lost")
      return
    }
    #expect(same == old)
    #expect(try await sample.store.passages(chunks).count == 1)
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 1, chunks: 1))
    let tail = try await sample.changes(after: written.generation)
    #expect(tail.changes.map(\.document) == [written.receipts[0].record.id])
    #expect(tail.changes[0].live == nil)
    // From zero there is no tombstone.
    #expect(try await sample.changes().changes.count == 1)

    let nothing = try await sample.store.delete(["a"], from: sample.kb)
    #expect((nothing.documents, nothing.chunks) == (0, 0))
    #expect(nothing.generation == receipt.generation)
    #expect(try await sample.store.delete([], from: sample.kb).generation == receipt.generation)
  }

  @Test func identityAndVersionsGoOnAfterADelete() async throws {
    let sample = try await Sample()
    let first = try await sample.write(Sample.document("a", ["one"])).receipts[0].record
    try await sample.write(Sample.document("a", ["two"]))
    _ = try await sample.store.delete(["a"], from: sample.kb)
    let again = try await sample.write(Sample.document("a", ["one"])).receipts[0]
    #expect(again.effect == .added)
    #expect(again.record.id == first.id)
    #expect(again.record.version == 3)
    #expect(again.record.createdAt == first.createdAt)
    #expect(try await sample.store.version(1, of: "a", in: sample.kb)?.isCurrent == false)
    #expect(try await sample.store.version(3, of: "a", in: sample.kb)?.isCurrent == true)
  }

  @Test func aLongListIsDeletedWhole() async throws {
    let sample = try await Sample()
    let ids = (0..<300).map { "doc \($0)" }
    try await sample.store.write(sample.batch(ids.map { Sample.document($0, [$0]) }))
    let receipt = try await sample.store.delete(ids, from: sample.kb)
    #expect((receipt.documents, receipt.chunks) == (300, 300))
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 0, chunks: 0))
    #expect(try await sample.store.head() == receipt.generation)
  }
}
