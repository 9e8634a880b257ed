import EngineSupport
import Foundation
import Retrieval
import TestSupport
import Testing

@testable import Evaluation

@Suite struct EvaluationSetTests {
  private func set(_ folder: TemporaryFolder) throws -> EvaluationSet {
    _ = try folder.file(
      "corpus.jsonl",
      """
      {"_id":"d1","title":"Refunds","text":"A refund takes five days.","lang":"en"}
      {"_id":"d2","title":"Parcels","text":"A parcel is sent every evening."}
      {"_id":"d3","title":"","text":""}

      """)
    _ = try folder.file(
      "queries.jsonl",
      """
      {"_id":"q1","text":"refund","answers":["five days"]}
      {"_id":"q2","text":"parcel","history":[{"speaker":"U","text":"Hello"}]}
      {"_id":"q3","text":"moon","answerable":false}
      """)
    _ = try folder.file("qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t2\n")
    return try EvaluationSet(folder: folder.url)
  }

  @Test func aSetIsRead() throws {
    let set = try set(TemporaryFolder())
    #expect(set.queries.count == 3)
    #expect(set.queries[1].history == [HistoryTurn(role: .customer, text: "Hello")])
    #expect(set.queries[2].answerable == false)
    #expect(set.judgements["q2"] == ["d2": 2])
    #expect(set.hasAnswers)
  }

  @Test func aBrokenLineIsNamed() throws {
    let folder = try TemporaryFolder()
    _ = try set(folder)
    _ = try folder.file("qrels.tsv", "query-id\tcorpus-id\tscore\nq1\td1\tmany\n")
    let error = #expect(throws: EvaluationError.self) { _ = try EvaluationSet(folder: folder.url) }
    #expect(error?.message.contains("line 2") == true)
  }

  /// The runner calls what REST calls, and counts as worked by hand.
  @Test func aRunIsMeasured() async throws {
    let set = try set(TemporaryFolder())
    let engine = try TestEngine()
    try await engine.makeLexical()
    try await EvaluationRunner.load(set, into: "words", by: engine.ingest) { _ in }
    var options = EvaluationRunner.Options()
    options.mode = .lexical
    options.knowledgeBase = "words"
    options.answers = false
    let runner = EvaluationRunner(
      engine: engine.engine, store: engine.store, indexes: engine.indexes, options: options)
    let (report, outcomes) = try await runner.run(set)
    #expect(report.queries == 2)
    #expect(report.ndcg10 == 1 && report.mrr10 == 1 && report.recall100 == 1)
    #expect(report.documents == 3)
    #expect(outcomes[2].measures == nil)
    let comparison = RunComparison(outcomes, against: outcomes)
    #expect(comparison.difference == 0 && comparison.better.isEmpty && comparison.worse.isEmpty)
    await engine.close()
  }
}
