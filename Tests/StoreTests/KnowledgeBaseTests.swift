import Domain
import Foundation
import Store
import Testing

@Suite struct KnowledgeBaseTests {
  @Test func defaultIsThereFromTheStart() async throws {
    let sample = try await Sample()
    let all = try await sample.store.knowledgeBases()
    #expect(all.map(\.name) == ["default"])
    #expect(all[0].model == Sample.model)
    #expect(try await sample.store.head() > .zero)
  }

  @Test func aDeletedDefaultStaysAway() async throws {
    let sample = try await Sample()
    _ = try await sample.store.deleteKnowledgeBase(sample.kb)
    try await sample.store.close()
    let again = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    #expect(try await again.knowledgeBases().isEmpty)
  }

  /// Nothing may leave until someone says so, and a knowledge base that is made anew has said nothing.
  @Test func whatMayLeaveIsKept() async throws {
    let sample = try await Sample()
    #expect(try await sample.store.generationPolicy(of: sample.kb) == .off)
    let before = try await sample.store.head()
    #expect(try await sample.store.setGenerationPolicy(.all, of: sample.kb) > before)
    try await sample.store.close()
    let again = try SQLiteStore(folder: sample.folder.url, options: Sample.options)
    #expect(try await again.generationPolicy(of: sample.kb) == .all)
    let shop = try await again.createKnowledgeBase(named: "shop", model: "none")
    _ = try await again.setGenerationPolicy(.public, of: shop.id)
    _ = try await again.deleteKnowledgeBase(shop.id)
    let anew = try await again.createKnowledgeBase(named: "shop", model: "none")
    #expect(try await again.generationPolicy(of: anew.id) == .off)
  }

  @Test func creating() async throws {
    let sample = try await Sample()
    let before = try await sample.store.head()
    let shop = try await sample.store.createKnowledgeBase(named: "shop", model: "none")
    #expect(try await sample.store.knowledgeBase(named: "shop") == shop)
    #expect(try await sample.store.knowledgeBases().map(\.name) == ["default", "shop"])
    #expect(try await sample.store.head() > before)
    #expect(
      await thrownCode { _ = try await sample.store.createKnowledgeBase(named: "shop", model: "none") }
        == "kb_exists"
    )
    #expect(
      await thrownCode { _ = try await sample.store.createKnowledgeBase(named: "../x", model: "none") }
        == "invalid_kb_name"
    )
    #expect(try await sample.store.knowledgeBase(named: "nobody") == nil)
  }

  @Test func deletingTakesEverythingAlongAndNothingElse() async throws {
    let sample = try await Sample()
    let shop = try await sample.store.createKnowledgeBase(named: "shop", model: Sample.model)
    let shared = Sample.document("a", ["shared words"])
    let own = Sample.document("b", ["words of the shop alone"])
    try await sample.write(shared)
    let files = ["/root": [SourceFile(path: "b", fingerprint: Data([1]), documentCount: 1)]]
    let (receipts, _) = try await sample.store.write(
      IngestBatch(
        knowledgeBase: shop.id,
        model: Sample.model,
        documents: [shared, own],
        vectors: Sample.vectors([shared, own]),
        sourceFiles: files
      )
    )
    let before = try await sample.store.head()
    let gone = try await sample.store.deleteKnowledgeBase(shop.id)
    #expect(gone > before)

    let summary = try await sample.store.changes(of: shop.id, after: .zero).summary
    #expect(!summary.knowledgeBaseExists)
    #expect(summary.head == gone)
    #expect(try await sample.store.knowledgeBase(named: "shop") == nil)
    #expect(await thrownCode { _ = try await sample.store.counts(in: shop.id) } == "kb_not_found")
    #expect(await thrownCode { _ = try await sample.store.deleteKnowledgeBase(shop.id) } == "kb_not_found")
    guard case .purged = try await sample.store.version(1, of: receipts[1].record.id) else {
      Issue.record("a citation of a deleted knowledge base must not read as forged")
      return
    }
    // The vector that another knowledge base shares stays.
    let missing = try await sample.store.missingVectors(Array(Sample.vectors([shared, own]).keys))
    #expect(missing.map(\.textHash) == own.chunks[0].textHashes)
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 1, chunks: 1))

    // Another of the same name is another one.
    let next = try await sample.store.createKnowledgeBase(named: "shop", model: Sample.model)
    #expect(next.id != shop.id)
    #expect(try await sample.store.documents(in: next.id, after: nil, limit: 10).isEmpty)
    #expect(try await sample.store.sourceFiles(root: "/root", in: next.id).isEmpty)
  }

  @Test func anUnknownOneIsNotFoundEverywhere() async throws {
    let sample = try await Sample()
    let nobody = KnowledgeBaseID(rawValue: 99)
    let store = sample.store
    let calls: [() async throws -> Void] = [
      {
        _ = try await store.commit(
          IngestBatch(knowledgeBase: nobody, model: nil, documents: [], vectors: [:])
        )
      },
      { _ = try await store.delete(["a"], from: nobody) },
      { _ = try await store.purge("a", from: nobody) },
      { _ = try await store.document("a", in: nobody) },
      { _ = try await store.version(nil, of: "a", in: nobody) },
      { _ = try await store.documents(in: nobody, after: nil, limit: 1) },
      { _ = try await store.counts(in: nobody) },
      { _ = try await store.contentHashes(of: ["a"], in: nobody) },
      { _ = try await store.sourceFiles(root: "/", in: nobody) },
      { _ = try await store.documents(fromRoot: "/", in: nobody) },
      { try await store.forgetSourceFiles(["a"], root: "/", in: nobody) },
      { _ = try await store.setModel("x", of: nobody) },
      { _ = try await store.requestMaintenance(.compact, of: nobody) },
    ]
    for call in calls { #expect(await thrownCode(call) == "kb_not_found") }
  }

  @Test func aModelIsSwitchedOnlyWithAllItsVectors() async throws {
    let sample = try await Sample()
    let documents = [Sample.document("a", ["one", "two"]), Sample.document("b", ["three"])]
    try await sample.store.write(sample.batch(documents))
    #expect(
      await thrownCode { _ = try await sample.store.setModel("other", of: sample.kb) } == "missing_vectors"
    )
    #expect(try await sample.store.knowledgeBase(named: "default")?.model == Sample.model)

    // The other model's vectors come in a batch without documents; those of unknown texts are not kept.
    var vectors = Sample.vectors(documents, model: "other")
    let stray = VectorKey(model: "other", textHash: Data(repeating: 7, count: 32))
    vectors[stray] = HalfVector([1])
    let head = try await sample.store.head()
    let (_, generation) = try await sample.store.write(
      IngestBatch(knowledgeBase: sample.kb, model: "other", documents: [], vectors: vectors)
    )
    #expect(generation == head)
    #expect(try await sample.store.missingVectors([stray]) == [stray])

    let switched = try await sample.store.setModel("other", of: sample.kb)
    #expect(switched > head)
    #expect(try await sample.store.setModel("other", of: sample.kb) == switched)
    #expect(try await sample.store.knowledgeBase(named: "default")?.model == "other")
    let chunks = try await sample.changes(model: "other").changes.compactMap(\.live).flatMap(\.chunks)
    #expect(chunks.count == 3)
    #expect(chunks.allSatisfy { $0.vectors.count == 1 })
    // And lexical only needs none.
    _ = try await sample.store.setModel(KnowledgeBase.noModel, of: sample.kb)
    let plain = try await sample.changes(model: KnowledgeBase.noModel).changes.compactMap(\.live).flatMap(
      \.chunks
    )
    #expect(plain.allSatisfy { $0.vectors.isEmpty })
  }
}
