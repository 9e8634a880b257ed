import Domain
import EngineSupport
import Foundation
import SearchIndex
import TestSupport
import Testing

@testable import Retrieval

/// The query's vector follows the best passages, and their neighbours gain by it.
@Suite(.enabled(if: TestEngine.hasModel, "the model is not installed: tools/test installs it"))
struct FeedbackTests {
  private static let question = "My parcel never arrived"
  private static let documents = [
    "If your parcel never arrived, we look for it with the carrier and send a new one after ten days.",
    "Lost shipments: the carrier is asked first, then a replacement is sent.",
    "Opening hours of our shops are nine to six.",
    "Gift cards are valid for three years.",
  ]

  private func engine(weight: Double) async throws -> TestEngine {
    var options = SearchEngine.Options()
    options.feedback.weight = weight
    let engine = try TestEngine(options: options)
    _ = try await engine.store.createKnowledgeBase(named: "shop", model: KnowledgeBase.defaultModel)
    for (number, text) in Self.documents.enumerated() { try await engine.put("d\(number)", text, in: "shop") }
    try await engine.catchUp("shop")
    return engine
  }

  private func search(_ engine: TestEngine, mode: SearchMode = .hybrid) async throws -> SearchResponse {
    try await engine.engine.search(
      SearchRequest(query: Self.question, knowledgeBase: "shop", mode: mode, explain: true, viewer: .all))
  }

  @Test func aNeighbourOfTheBestPassageGains() async throws {
    let plain = try await search(try await engine(weight: 0))
    let moved = try await search(try await engine(weight: 0.4))
    #expect(plain.hits.allSatisfy { $0.explanation?.feedback == nil })
    #expect(moved.explanation?.fusion.contains("moved by 0.4") == true)
    #expect(plain.explanation?.fusion.contains("moved") == false)
    func cosines(_ response: SearchResponse, _ value: (SearchHit) -> Double?) -> [String: Double] {
      Dictionary(uniqueKeysWithValues: response.hits.map { ($0.externalID, value($0) ?? -1) })
    }
    // What a half said of a passage stays as it was.
    #expect(cosines(plain) { $0.scores.dense } == cosines(moved) { $0.scores.dense })
    #expect(cosines(plain) { $0.scores.lexical } == cosines(moved) { $0.scores.lexical })
    let before = cosines(plain) { $0.scores.dense }
    let after = cosines(moved) { $0.explanation?.feedback }
    let gains = after.merging(before) { $0 - $1 }
    #expect(try #require(gains["d1"]) > (try #require(gains["d2"])))
    #expect(try #require(gains["d1"]) > (try #require(gains["d3"])))
    for hit in moved.hits {
      let expected = 0.4 * (hit.scores.lexical ?? 0) / 45 + 0.6 * (hit.explanation?.feedback ?? .nan)
      #expect(abs(hit.score - expected) < 1e-9)
    }
  }

  @Test func theHalvesAloneStayAsTheyAre() async throws {
    let engine = try await engine(weight: 0.4)
    for mode in [SearchMode.lexical, .dense] {
      let response = try await search(engine, mode: mode)
      #expect(response.hits.allSatisfy { $0.explanation?.feedback == nil }, "\(mode)")
      #expect(response.hits.allSatisfy { $0.score == (mode == .dense ? $0.scores.dense : $0.scores.lexical) })
    }
  }

  @Test func withoutADirectionNothingMoves() async throws {
    let engine = try await engine(weight: 0.4)
    let snapshot = try await engine.indexes.follower(of: "shop").current.snapshot
    let query = [Float](repeating: Float(1 / 384.0.squareRoot()), count: 384)
    #expect(RelevanceFeedback.standard.moved(query, towards: [], in: snapshot) == nil)
    #expect(
      RelevanceFeedback.standard.moved(query, towards: [Candidate(key: 999_999, group: 1)], in: snapshot)
        == nil)
    #expect(snapshot.vector(of: 999_999, nearest: query) == nil)
    #expect(snapshot.vector(of: 1, nearest: [1, 0]) == nil)
  }
}
