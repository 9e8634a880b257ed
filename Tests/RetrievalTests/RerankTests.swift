import Domain
import Embedding
import EngineSupport
import Foundation
import Retrieval
import TestSupport
import Testing

/// The cross-encoder puts the best hits in order, and nothing else changes.
@Suite(.enabled(if: TestEngine.hasModel, "the model is not installed: tools/test installs it"))
struct RerankTests {
  private static let question = "How many people live in Berlin?"
  /// All about Berlin and people; one of them answers.
  private static let documents = [
    "Berlin is well known for its museums, and many people go there to live a while.",
    "How many people live in cities such as Berlin, London or Rome is often asked by people.",
    "Berlin had a population of 3,520,031 registered inhabitants in an area of 891.82 square kilometers.",
    "People who live in Berlin like the many lakes in and around Berlin.",
  ]

  private func engine(_ reranker: Reranker?, weight: Double = 0.3) async throws -> TestEngine {
    var options = SearchEngine.Options()
    options.reranker = reranker
    options.rerankWeight = weight
    let engine = try TestEngine(options: options)
    _ = try await engine.store.createKnowledgeBase(named: "berlin", model: KnowledgeBase.defaultModel)
    for (number, text) in Self.documents.enumerated() {
      try await engine.put("d\(number)", text, in: "berlin")
    }
    try await engine.catchUp("berlin")
    return engine
  }

  private func search(
    _ engine: TestEngine, pairs: Int?, mode: SearchMode = .hybrid, limit: Int = 10, explain: Bool = false
  ) async throws -> SearchResponse {
    try await engine.engine.search(
      SearchRequest(
        query: Self.question, knowledgeBase: "berlin", limit: limit, mode: mode, explain: explain,
        rerankPairs: pairs, viewer: .all))
  }

  @Test(
    .enabled(if: TestEngine.reranker != nil, "the cross-encoder is not installed: tools/test installs it"))
  func theAnswerComesFirst() async throws {
    let engine = try await engine(TestEngine.reranker)
    let plain = try await search(engine, pairs: 0)
    #expect(plain.hits.allSatisfy { $0.scores.rerank == nil && $0.scores.fused == $0.score })
    #expect(plain.hits.first?.externalID != "d2")

    let reranked = try await search(engine, pairs: 100, explain: true)
    #expect(reranked.hits.first?.externalID == "d2")
    #expect(Set(reranked.hits.map(\.externalID)) == Set(plain.hits.map(\.externalID)))
    #expect(reranked.degraded.isEmpty)
    #expect(reranked.explanation?.rerankPairs == Self.documents.count)
    let fused = Dictionary(uniqueKeysWithValues: plain.hits.map { ($0.externalID, $0.score) })
    for hit in reranked.hits {
      let raw = try #require(hit.scores.rerank)
      #expect(hit.scores.fused == fused[hit.externalID])
      #expect(abs(hit.score - (0.7 * (fused[hit.externalID] ?? 0) + 0.3 / (1 + exp(-raw / 6)))) < 1e-12)
      #expect(hit.explanation?.arithmetic.contains("0.7 x") == true)
    }
    #expect(reranked.hits.map(\.score) == reranked.hits.map(\.score).sorted(by: >))
    await engine.close()
  }

  /// Those not compared stay behind, in their order, and a hit beyond the limit can come to the top.
  @Test(
    .enabled(if: TestEngine.reranker != nil, "the cross-encoder is not installed: tools/test installs it"))
  func theFirstAloneAreCompared() async throws {
    let engine = try await engine(TestEngine.reranker)
    let plain = try await search(engine, pairs: 0).hits.map(\.externalID)
    let two = try await search(engine, pairs: 2).hits
    #expect(Set(two.prefix(2).map(\.externalID)) == Set(plain.prefix(2)))
    #expect(two.dropFirst(2).map(\.externalID) == Array(plain.dropFirst(2)))
    #expect(two.map { $0.scores.rerank == nil } == [false, false, true, true])
    #expect(two.map(\.score) == two.map(\.score).sorted(by: >))
    #expect(try await search(engine, pairs: 4, limit: 1).hits.map(\.externalID) == ["d2"])
    // One half is shown as it is.
    let lexical = try await search(engine, pairs: 4, mode: .lexical)
    #expect(lexical.hits.allSatisfy { $0.scores.rerank == nil })
    await engine.close()
  }

  @Test(
    .enabled(if: TestEngine.reranker != nil, "the cross-encoder is not installed: tools/test installs it"))
  func theBudgetSaysHowMany() async throws {
    let reranker = try #require(TestEngine.ownReranker())
    #expect(try await reranker.measure(budget: .zero) == 0)
    let many = try await reranker.measure(budget: .seconds(60))
    #expect(many == Reranker.maxPairs && reranker.defaultPairs == many)
    let engine = try await engine(reranker)
    #expect(try await search(engine, pairs: nil).hits.first?.externalID == "d2")
    #expect(try await reranker.measure(budget: .zero) == 0)
    await engine.close()
  }

  /// Without a number asked for, what cannot change which hit is first is not compared.
  @Test(
    .enabled(if: TestEngine.reranker != nil, "the cross-encoder is not installed: tools/test installs it"))
  func onlyTheContestedAreCompared() async throws {
    let reranker = Reranker(
      cache: TestEngine.models, model: ModelCatalogue.rerankers[0].name, threads: 1)
    reranker.allow(pairs: 3)
    let sure = try await engine(reranker, weight: 0.001)
    let plain = try await search(sure, pairs: nil, explain: true)
    #expect(plain.hits.allSatisfy { $0.scores.rerank == nil } && plain.explanation?.rerankPairs == 0)
    await sure.close()
    let open = try await engine(reranker, weight: 0.3)
    let compared = try await search(open, pairs: nil, explain: true)
    #expect(compared.explanation?.rerankPairs == 3)
    #expect(compared.hits.count { $0.scores.rerank != nil } == 3)
    // Those who come while it is at work do without, and nothing is missing.
    try await withThrowingTaskGroup(of: SearchResponse.self) { group in
      for _ in 0..<32 { group.addTask { try await search(open, pairs: nil) } }
      for try await response in group { #expect(response.degraded.isEmpty && response.hits.count == 4) }
    }
    await open.close()
    await reranker.shutdown()
  }

  @Test func aMissingModelIsSaidAndNotMissed() async throws {
    let nowhere = try TemporaryFolder()
    let reranker = Reranker(
      cache: ModelCache(folder: nowhere.url), model: ModelCatalogue.rerankers[0].name, threads: 1)
    let engine = try await engine(reranker)
    let plain = try await search(engine, pairs: nil)
    #expect(plain.degraded.isEmpty)
    let asked = try await search(engine, pairs: 3)
    #expect(asked.hits.map(\.externalID) == plain.hits.map(\.externalID))
    #expect(asked.degraded.count == 1 && asked.degraded[0].hasPrefix("rerank_unavailable: "))
    await #expect(throws: EmbeddingError.self) { try await reranker.measure(budget: .seconds(1)) }
    await engine.close()

    let without = try await self.engine(nil)
    #expect(try await search(without, pairs: nil).degraded.isEmpty)
    #expect(try await search(without, pairs: 3).degraded.first?.hasPrefix("rerank_unavailable: ") == true)
    await without.close()
  }

  @Test(arguments: [-1, 101])
  func aWrongNumberIsRefused(_ pairs: Int) async throws {
    let engine = try await engine(nil)
    let error = await #expect(throws: RetrievalError.self) { try await search(engine, pairs: pairs) }
    #expect(error?.kind == .invalidRerankPairs)
    await engine.close()
  }

  /// Answers have one pair compared, where the cross-encoder can read it.
  @Test(
    .enabled(if: TestEngine.reranker != nil, "the cross-encoder is not installed: tools/test installs it"))
  func anAnswerInALanguageThatItDoesNotKnowIsNotCompared() async throws {
    var options = SearchEngine.Options()
    options.reranker = TestEngine.reranker
    let engine = try TestEngine(options: options)
    for (kb, text, question) in [
      ("english", "The shop is open from nine to six, and on Saturdays until one.", "When is the shop open?"),
      (
        "german", "Der Laden ist von neun bis sechs Uhr geöffnet, und am Samstag bis um eins.",
        "Wann ist der Laden geöffnet?"
      ),
    ] {
      try await engine.makeLexical(kb)
      try await engine.put("hours", text, in: kb)
      try await engine.catchUp(kb)
      let response = try await engine.engine.answer(
        AnswerRequest(question: question, knowledgeBase: kb, viewer: .all))
      #expect((response.evidence?.relevance == nil) == (kb == "german"), "\(kb)")
      #expect(response.evidence?.overlap == 1, "\(kb)")
    }
  }
}
