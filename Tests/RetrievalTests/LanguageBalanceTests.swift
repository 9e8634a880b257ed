import Domain
import Embedding
import EngineSupport
import Foundation
import SearchIndex
import TestSupport
import TextAnalysis
import Testing

@testable import Retrieval

/// A model that reads every language, and a knowledge base in several.
@Suite struct LanguageBalanceTests {
  private static let model = "multilingual-e5-small"
  private static let isInstalled =
    (try? ModelCache(folder: ModelCache.defaultFolder()).installed(model)) != nil

  /// Ten in each language about ten things; the last is said in English alone.
  private static let english = [
    "Orders are sent within two working days, and a message says when the parcel has left our house.",
    "You can pay by card, by invoice or by bank transfer.",
    "Gift cards are valid for three years from the day on which they were bought.",
    "Our shops are open from nine to six, and closed on Sundays and on public holidays.",
    "If a product is broken, we repair it or send a new one within the time of the guarantee.",
    "The battery of the bicycle takes four hours to charge and should be kept away from frost.",
  ]
  private static let chinese = [
    "订单将在两个工作日内发出，包裹离开仓库时您会收到通知。", "您可以使用银行卡、发票或银行转账付款。",
    "礼品卡自购买之日起三年内有效，可以在所有门店使用。", "我们的商店营业时间为九点到六点，周日和公共假日休息。",
    "如果产品损坏，我们会在保修期内进行维修或更换新的产品。", "客户可以在设置中更改电子邮件地址和联系电话号码。",
  ]

  private func engine() async throws -> TestEngine {
    let engine = try TestEngine()
    _ = try await engine.store.createKnowledgeBase(named: "shop", model: Self.model)
    for (number, text) in Self.english.enumerated() { try await engine.put("en\(number)", text, in: "shop") }
    for (number, text) in Self.chinese.enumerated() { try await engine.put("zh\(number)", text, in: "shop") }
    try await engine.catchUp("shop")
    return engine
  }

  @Test(.enabled(if: isInstalled, "the model is not installed: tools/test installs it"))
  func anAnswerInAnotherLanguageIsNotBuried() async throws {
    let engine = try await engine()
    func hits(_ query: String) async throws -> [SearchHit] {
      try await engine.engine.search(
        SearchRequest(query: query, knowledgeBase: "shop", explain: true, viewer: .all)
      ).hits
    }
    let found = try await hits("自行车的电池充电需要多长时间？")
    #expect(found.first?.externalID == "en5")
    #expect(found.first?.explanation != nil)
    // What is said in both languages comes first in the question's own.
    #expect(try await hits("商店周日几点开门？").first?.externalID == "zh3")
    #expect(try await hits("Can I visit your shop on a Sunday?").first?.externalID == "en3")
    // Raw scores stay as they were.
    for hit in found {
      let dense = try #require(hit.scores.dense)
      #expect((0.5...1).contains(dense))
    }
    let response = try await engine.engine.search(
      SearchRequest(query: "电池充电", knowledgeBase: "shop", mode: .dense, explain: true, viewer: .all))
    #expect(response.hits.allSatisfy { $0.score == $0.scores.dense })
    await engine.close()
  }

  @Test(.enabled(if: TestEngine.hasModel, "the model is not installed: tools/test installs it"))
  func aModelOfOneLanguageIsNotBalanced() async throws {
    let engine = try TestEngine()
    _ = try await engine.store.createKnowledgeBase(named: "shop", model: KnowledgeBase.defaultModel)
    try await engine.put("en", Self.english[0], in: "shop")
    try await engine.put("zh", Self.chinese[0], in: "shop")
    try await engine.catchUp("shop")
    let response = try await engine.engine.search(
      SearchRequest(query: "parcel", knowledgeBase: "shop", explain: true, viewer: .all))
    #expect(response.explanation?.fusion.contains("balanced") == false)
    await engine.close()
  }

  @Test func theFarLanguagesAreLifted() throws {
    let folder = try TemporaryFolder()
    let identity = IndexIdentity(epoch: "e", analyzer: "a", model: "m", dimension: 2, fields: ["body"])
    let index = try SearchIndex.open(at: folder.url, identity: identity, access: .readWrite).0
    func entry(_ key: UInt64, _ language: String, _ vector: [Float]) -> ChunkEntry {
      ChunkEntry(
        key: key, group: key, fields: [.empty], labels: [IndexLabel.language + language],
        vectors: [vector.map { Float16($0).bitPattern }])
    }
    try index.apply(
      IndexUpdate(
        removedGroups: [],
        added: [
          entry(1, "de", [1, 0]), entry(2, "de", [0, 1]), entry(3, "zh", [1, 0]), entry(4, "zh", [1, 0]),
        ]))
    index.publish(generation: 1)
    let balance = try #require(
      LanguageBalance(of: [.german, .chinese, .french], in: index.snapshot, visible: .none))
    #expect(balance.parts.map(\.label) == [IndexLabel.language + "de", IndexLabel.language + "zh"])
    let lifts = balance.lifts(for: [1, 0])
    #expect(abs(lifts[0] - LanguageBalance.share * 0.5) < 1e-3 && lifts[1] == 0)
    #expect(balance.lifts(for: [0, 1])[0] == 0)
    #expect(LanguageBalance(of: [.german], in: index.snapshot, visible: .none) == nil)
    #expect(LanguageBalance(of: [.german, .french], in: index.snapshot, visible: .none) == nil)
  }
}
