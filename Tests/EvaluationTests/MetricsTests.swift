import Foundation
import Testing

@testable import Evaluation

@Suite struct MetricsTests {
  /// Worked by hand: gains 0, 2, 1 at ranks 1-3; ideal 2, 1.
  @Test func ndcgHasLinearGain() {
    let measures = RankingMeasures(ranked: ["x", "a", "b"], grades: ["a": 2, "b": 1, "c": 0])
    let gain = 2 / log2(3.0) + 1 / log2(4.0)
    let ideal = 2 / log2(2.0) + 1 / log2(3.0)
    #expect(abs(measures.ndcg10 - gain / ideal) < 1e-12)
    #expect(measures.mrr10 == 0.5)
    #expect(measures.recall10 == 1 && measures.recall100 == 1)
  }

  @Test func nothingFoundIsZero() {
    let measures = RankingMeasures(ranked: [], grades: ["a": 1])
    #expect(measures.ndcg10 == 0 && measures.mrr10 == 0 && measures.recall100 == 0)
  }

  @Test func rankElevenDoesNotCount() {
    let ranked = (0..<10).map { "x\($0)" } + ["a"]
    let measures = RankingMeasures(ranked: ranked, grades: ["a": 1])
    #expect(measures.ndcg10 == 0 && measures.mrr10 == 0 && measures.recall10 == 0 && measures.recall100 == 1)
  }

  @Test func aurocCountsTiesHalf() {
    #expect(Statistics.auroc([(0.9, true), (0.1, false)]) == 1)
    #expect(Statistics.auroc([(0.1, true), (0.9, false)]) == 0)
    #expect(Statistics.auroc([(0.5, true), (0.5, false)]) == 0.5)
    #expect(Statistics.auroc([(0.5, true)]) == nil)
  }

  @Test func bootstrapCoversTheMeanAndRepeats() {
    let differences = (0..<200).map { Double($0 % 5) / 10 - 0.1 }
    let interval = Statistics.bootstrapInterval(differences)
    #expect(interval.contains(0.1))
    #expect(interval == Statistics.bootstrapInterval(differences))
  }

  @Test(arguments: [
    ("308", "They gave up 308 points.", true), ("308", "They gave up 1308 points.", false),
    ("Luke Kuechly", "...by luke  kuechly, who", true), ("118", "Nothing here.", false),
    ("三十天", "您有三十天的时间", true),
  ])
  func goldAnswersAreFoundFolded(_ gold: String, _ text: String, _ found: Bool) {
    #expect(AnswerMatch.contains(any: [gold], in: text) == found)
  }
}
