import Domain
import Foundation
import Store
import Testing

/// What the store does for a change of models.
@Suite struct ModelSwitchTests {
  private func begin(
    _ sample: Sample, to model: String = "other", holder: String? = "me"
  ) async throws {
    _ = try await sample.store.updateModelSwitch(of: sample.kb) { current, kb, now in
      var asked = ModelSwitch(from: kb.model, to: model, startedAt: now)
      if let holder { _ = asked.take(by: holder, until: now + 10, now: now) }
      current = asked
    }
  }

  private func complete(
    _ sample: Sample, holder: String = "me", coveredUntil: Generation = .zero
  ) async throws -> ModelSwapOutcome {
    try await sample.store.completeModelSwitch(of: sample.kb, holder: holder, coveredUntil: coveredUntil)
  }

  private func embed(_ documents: [DocumentWrite], _ model: String, _ sample: Sample) async throws {
    try await sample.store.write(
      IngestBatch(
        knowledgeBase: sample.kb, model: model, documents: [],
        vectors: Sample.vectors(documents, model: model)))
  }

  @Test func theModelIsSetWithTheLastVectorAndByItsHolder() async throws {
    let sample = try await Sample()
    let documents = [Sample.document("a", ["one", "two"]), Sample.document("b", ["three", "two"])]
    try await sample.store.write(sample.batch(documents))
    #expect(try await complete(sample) == .notHeld)
    try await begin(sample)
    #expect(try await sample.store.modelsInUse(by: sample.kb) == .init(current: Sample.model, also: "other"))
    #expect(try await complete(sample, holder: "you") == .notHeld)
    #expect(try await complete(sample) == .textsMissing)
    try await embed([documents[0]], "other", sample)
    #expect(try await complete(sample) == .textsMissing)
    let count = try await sample.store.embeddedTexts(of: sample.kb, model: "other")
    #expect(count == (done: 2, total: 3))
    try await embed([documents[1]], "other", sample)
    let head = try await sample.store.head()
    guard case .set(let generation) = try await complete(sample) else {
      Issue.record("it was not set")
      return
    }
    #expect(generation > head)
    #expect(try await sample.store.knowledgeBase(named: "default")?.model == "other")
    #expect(try await sample.store.modelSwitch(of: sample.kb)?.state == .publishing)
    #expect(try await sample.store.modelsInUse(by: sample.kb) == .init(current: "other", also: Sample.model))
    #expect(try await complete(sample) == .notHeld)
  }

  @Test func whatIsWrittenMeanwhileIsFound() async throws {
    let sample = try await Sample()
    let first = Sample.document("a", ["one"])
    try await sample.write(first)
    try await begin(sample)
    try await embed([first], "other", sample)
    let covered = try await sample.store.head()
    let late = Sample.document("b", ["two"])
    try await sample.write(late)
    #expect(try await complete(sample, coveredUntil: covered) == .textsMissing)
    let found = try await sample.store.unembeddedDocuments(
      in: sample.kb, model: "other", changedAfter: covered, after: nil, limit: 9)
    #expect(found.map(\.missing) == [Set(late.chunks[0].textHashes)])
    #expect(found[0].content.title == "Title" && found[0].content.text == "two")
    #expect(found[0].chunks.map(\.text) == ["two"])
    // The change's own place counts, not that of a later look.
    let now = try await sample.store.head()
    let after = try await sample.store.unembeddedDocuments(
      in: sample.kb, model: "other", changedAfter: now, after: nil, limit: 9)
    #expect(after.isEmpty)
    // One that is gone again needs nothing.
    _ = try await sample.store.delete(["b"], from: sample.kb)
    guard case .set = try await complete(sample, coveredUntil: covered) else {
      Issue.record("it was not set")
      return
    }
  }

  @Test func documentsComeInPages() async throws {
    let sample = try await Sample()
    let documents = (0..<5).map { Sample.document("d\($0)", ["text \($0)", "same"]) }
    try await sample.store.write(sample.batch(documents))
    try await embed([documents[2]], "other", sample)
    var last: DocumentID?
    var pages: [Int] = []
    while true {
      let page = try await sample.store.unembeddedDocuments(
        in: sample.kb, model: "other", changedAfter: .zero, after: last, limit: 3)
      guard let end = page.last else { break }
      pages.append(page.count)
      last = end.id
      // `same` has its vector by the third document.
      #expect(page.allSatisfy { $0.missing.count == 1 && $0.chunks.count == 2 })
    }
    #expect(pages == [3, 1])
  }

  /// A process that began to write before the switch brings vectors of the old model.
  @Test func aLateWriterNeedsTheModelInForce() async throws {
    let sample = try await Sample()
    let first = Sample.document("a", ["one"])
    try await sample.write(first)
    try await begin(sample)
    try await embed([first], "other", sample)
    _ = try await complete(sample)
    let late = Sample.document("b", ["two"])
    guard case .vectorsMissing(let keys) = try await sample.store.commit(sample.batch([late])) else {
      Issue.record("it was written without the vectors that searches need")
      return
    }
    #expect(keys == [VectorKey(model: "other", textHash: late.chunks[0].textHashes[0])])
    let both = Sample.vectors([late]).merging(Sample.vectors([late], model: "other")) { a, _ in a }
    try await sample.store.write(
      IngestBatch(knowledgeBase: sample.kb, model: Sample.model, documents: [late], vectors: both))
    for model in [Sample.model, "other"] {
      let chunks = try await sample.changes(model: model).changes.compactMap(\.live).flatMap(\.chunks)
      #expect(chunks.map(\.vectors.count) == [1, 1], "\(model)")
    }
  }

  @Test func vectorsThatNobodyUsesGo() async throws {
    let sample = try await Sample()
    let shop = try await sample.store.createKnowledgeBase(named: "shop", model: Sample.model)
    let documents = (0..<40).map { Sample.document("d\($0)", ["text \($0)"]) }
    let shared = Array(documents[..<10])
    try await sample.store.write(sample.batch(documents))
    try await sample.store.write(
      IngestBatch(
        knowledgeBase: shop.id, model: Sample.model, documents: shared, vectors: Sample.vectors(shared)))
    try await begin(sample)
    try await embed(documents, "other", sample)
    _ = try await complete(sample)

    func clear() async throws {
      var last: Data?
      repeat { last = try await sample.store.removeUnusedVectors(after: last, limit: 7) } while last != nil
    }
    func missing(_ documents: [DocumentWrite], _ model: String) async throws -> Int {
      try await sample.store.missingVectors(Array(Sample.vectors(documents, model: model).keys)).count
    }
    // Both are wanted until the new index is searched.
    try await clear()
    #expect(try await missing(documents, Sample.model) == 0)
    _ = try await sample.store.updateModelSwitch(of: sample.kb) { current, _, _ in current?.state = .clearing
    }
    try await clear()
    #expect(try await missing(documents, Sample.model) == 30)
    #expect(try await missing(shared, Sample.model) == 0)
    #expect(try await missing(documents, "other") == 0)
    // Without a model nothing is wanted.
    _ = try await sample.store.updateModelSwitch(of: sample.kb) { current, _, _ in current = nil }
    _ = try await sample.store.setModel(KnowledgeBase.noModel, of: sample.kb)
    _ = try await sample.store.deleteKnowledgeBase(shop.id)
    try await clear()
    #expect(try await missing(documents, Sample.model) == 40)
    #expect(try await missing(documents, "other") == 40)
  }

  @Test func aSwitchIsNoChangeAndGoesWithItsKnowledgeBase() async throws {
    let sample = try await Sample()
    let shop = try await sample.store.createKnowledgeBase(named: "shop", model: "none")
    let head = try await sample.store.head()
    _ = try await sample.store.updateModelSwitch(of: shop.id) { current, kb, now in
      current = ModelSwitch(from: kb.model, to: "other", startedAt: now)
    }
    #expect(try await sample.store.head() == head)
    let all = try await sample.store.modelSwitches()
    #expect(all.map(\.key.name) == ["shop"] && all.first?.value.previous == "none")
    _ = try await sample.store.deleteKnowledgeBase(shop.id)
    #expect(try await sample.store.modelSwitches().isEmpty)
    #expect(
      await thrownCode { _ = try await sample.store.updateModelSwitch(of: shop.id) { _, _, _ in } }
        == "kb_not_found")
    #expect(await thrownCode { _ = try await sample.store.modelsInUse(by: shop.id) } == "kb_not_found")
    #expect(
      await thrownCode {
        _ = try await sample.store.completeModelSwitch(of: shop.id, holder: "me", coveredUntil: .zero)
      } == "kb_not_found")
  }

  @Test func aHolderIsReplacedOnceItIsSilent() {
    let now = Date(timeIntervalSince1970: 1000)
    var found = ModelSwitch(from: "a", to: "b", startedAt: now)
    func take(_ name: String, at seconds: TimeInterval) -> Bool {
      found.take(by: name, until: now + seconds + 10, now: now + seconds)
    }
    let taken = [
      take("one", at: 0), take("two", at: 9), take("one", at: 9), take("two", at: 18), take("two", at: 19),
    ]
    #expect(taken == [true, false, true, false, true])
    #expect(found.holder == "two")
  }
}
