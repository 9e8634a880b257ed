import Domain
import EngineSupport
import Foundation
import Retrieval
import Testing

/// With the real model, where it is installed; `tools/test` installs it.
@Suite(.enabled(if: TestEngine.hasModel, "frontdesk model install all-MiniLM-L6-v2"))
struct AnswerTests {
  private func engine() async throws -> TestEngine {
    let engine = try TestEngine()
    try await engine.put(
      "faq", title: "How long do I have to return something?",
      "You have thirty days from delivery. The parcel must be unused.", in: "default", kind: .faq)
    try await engine.put(
      "opening", title: "Opening hours",
      """
      Our shop in Lisbon is in the old town. It opens at nine in the morning on weekdays and closes at seven. \
      On Saturdays it closes at one. We are closed on public holidays.

      The workshop behind it repairs bicycles. A repair takes about three days.
      """, in: "default")
    try await engine.put(
      "shipping", title: "Shipping", "Parcels leave our warehouse every evening by courier.", in: "default")
    try await engine.catchUp("default")
    return engine
  }

  private func ask(_ question: String, _ engine: TestEngine) async throws -> AnswerResponse {
    try await engine.engine.answer(AnswerRequest(question: question))
  }

  @Test func aFAQAnswerIsGivenWhole() async throws {
    let engine = try await engine()
    let response = try await ask("how many days do I have to send an item back?", engine)
    #expect(response.answer.kind == .faq)
    #expect(response.answer.text == "You have thirty days from delivery. The parcel must be unused.")
    #expect(response.citations.map(\.externalID) == ["faq"])
    #expect(try await engine.engine.verify(response.citations) == [.valid])
    await engine.close()
  }

  @Test func anExtractIsShortAndExact() async throws {
    let engine = try await engine()
    let response = try await ask("When does the shop close on Saturdays?", engine)
    #expect(response.answer.kind == .extract)
    #expect(response.answer.text.contains("On Saturdays it closes at one."))
    #expect(response.answer.text.split(separator: " ").count <= 60)
    #expect(!response.citations.isEmpty)
    let statuses = try await engine.engine.verify(response.citations)
    #expect(statuses.allSatisfy { $0 == .valid })
    await engine.close()
  }

  /// What "it" is stands in the sentence before, or after: the cross-encoder's choice brings its neighbour along.
  @Test(
    .enabled(if: TestEngine.reranker != nil, "the cross-encoder is not installed: tools/test installs it"))
  func theSentenceThatAnswersIsFound() async throws {
    var options = SearchEngine.Options()
    options.reranker = TestEngine.reranker
    let engine = try TestEngine(options: options)
    try await engine.put(
      "care", title: "Care of coffee machines",
      """
      Coffee machines need care, and care of coffee machines is simple. Descaling agents for coffee machines are \
      acids, and all descaling agents for coffee machines must be rinsed off. Citric acid is gentler than any other. \
      It is sold in our shop under the name of Lemonal. A coffee machine that is never descaled breaks early.
      """, in: "default")
    try await engine.catchUp("default")
    var request = AnswerRequest(question: "What is the gentlest descaling agent for coffee machines?")
    request.answersAlways = true
    let response = try await engine.engine.answer(request)
    #expect(response.answer.text.contains("Citric acid is gentler"))
    #expect(response.answer.text.split(separator: " ").count <= AnswerComposer.maxWords)
    #expect(try await engine.engine.verify(response.citations).allSatisfy { $0 == .valid })
    await engine.close()
  }

  /// Invariant 8: it says that it does not know, and cites nothing.
  @Test(arguments: [
    "What is the capital of Mongolia?", "Who won the football world cup in 1998?",
    "How do I solve a quadratic equation?",
  ])
  func nonsenseIsNotAnswered(_ question: String) async throws {
    let engine = try await engine()
    let response = try await ask(question, engine)
    #expect(response.answer.kind == .abstain)
    #expect(response.citations.isEmpty)
    await engine.close()
  }

  /// Invariant 6: what a citation is worth after the document changed, was deleted, was erased.
  @Test func citationsAge() async throws {
    let engine = try await engine()
    let citation = try #require(
      try await ask("When does the shop close on Saturdays?", engine).citations.first)
    try await engine.put("opening", title: "Opening hours", "Closed for good.", in: "default")
    #expect(try await engine.engine.verify([citation]) == [.changed])
    _ = try await engine.ingest.delete("opening", from: "default")
    #expect(try await engine.engine.verify([citation]) == [.changed])
    _ = try await engine.ingest.purge("opening", from: "default")
    #expect(try await engine.engine.verify([citation]) == [.purged])
    await engine.close()
  }

  @Test func forgedCitationsAreFound() async throws {
    let engine = try await engine()
    let good = try #require(try await ask("When does the shop close on Saturdays?", engine).citations.first)
    func forge(
      quote: String? = nil, start: Int? = nil, version: Int? = nil, id: String? = nil, sha256: String? = nil
    ) -> Citation {
      Citation(
        documentID: id ?? good.documentID, externalID: good.externalID, title: good.title, url: good.url,
        version: version ?? good.version, startByte: start ?? good.startByte, endByte: good.endByte,
        quote: quote ?? good.quote, sha256: sha256 ?? good.sha256)
    }
    let forged = [
      forge(quote: good.quote + "!"), forge(start: max(0, good.startByte - 1)), forge(version: 7),
      forge(id: "999999"), forge(id: "x"), forge(sha256: String(repeating: "0", count: 64)),
      forge(start: 1 << 40),
    ]
    #expect(try await engine.engine.verify(forged).allSatisfy { $0 == .forged })
    #expect(try await engine.engine.verify([good]) == [.valid])
    await engine.close()
  }

  @Test func hybridFindsByMeaningAndByWord() async throws {
    let engine = try await engine()
    let byMeaning = try await engine.search("bike maintenance duration", in: "default", mode: .dense)
    #expect(byMeaning.hits.first?.externalID == "opening")
    let hybrid = try await engine.search("courier", in: "default", mode: .hybrid)
    let hit = try #require(hybrid.hits.first)
    #expect(hit.externalID == "shipping")
    #expect(hit.scores.fused != nil && hit.scores.lexical != nil && hit.scores.dense != nil)
    #expect(hybrid.degraded.isEmpty)
    await engine.close()
  }
}
