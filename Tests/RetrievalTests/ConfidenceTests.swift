import Testing

@testable import Retrieval

/// Probabilities of being right, and thresholds for a share of wrong answers.
@Suite struct ConfidenceTests {
  private func probability(
    title: Double? = nil, sentence: Double? = nil, overlap: Double? = nil, relevance: Double? = nil
  ) -> Double {
    ConfidencePrior.score(
      AnswerEvidence(title: title, sentence: sentence, overlap: overlap, relevance: relevance))
  }

  @Test func eitherWayOfKnowingIsEnough() {
    let unknown = probability(title: 0.2, relevance: -8)
    #expect(probability(title: 0.2, relevance: 9) > 0.9)
    #expect(probability(title: 0.95, relevance: -8) > 0.9)
    #expect(unknown < 0.35)
    #expect(probability(title: nil, relevance: 9) > 0.9)
  }

  @Test func moreEvidenceNeverCountsLess() {
    var last = 0.0
    for step in 0...40 {
      let p = probability(title: 0.3, relevance: Double(step) / 2 - 8)
      #expect(p >= last)
      last = p
    }
    last = 0
    for step in 0...40 {
      let p = probability(title: Double(step) / 40, sentence: 0.4, overlap: 0.5)
      #expect(p >= last)
      last = p
    }
    last = 0
    for step in 0...40 {
      let p = probability(overlap: Double(step) / 40)
      #expect(p >= last)
      last = p
    }
  }

  @Test func whatIsMissingIsDoneWithout() {
    #expect(probability(title: 0.95, overlap: 1) > 0.85)
    #expect(probability(sentence: 0.9, overlap: 1) > 0.85)
    #expect(probability(overlap: 1) > 0.8)
    #expect(probability(overlap: 0.1) == 0)
    for p in [probability(), probability(relevance: .infinity), probability(title: -1, relevance: -100)] {
      #expect((0...1).contains(p))
    }
  }

  @Test func thresholdsRiseAsFewerWrongAnswersAreWanted() {
    let targets = [0.5, 0.13, 0.1, 0.08, 0.05, 0.03, 0.02, 0]
    let thresholds = targets.map(ConfidencePrior.threshold(target:))
    #expect(thresholds == thresholds.sorted())
    #expect(abs(ConfidencePrior.threshold(target: 0.05) - 0.7) < 1e-12)
    #expect(abs(ConfidencePrior.threshold(target: 0.1) - 0.5) < 1e-12)
    #expect(thresholds.first == 0.4 && thresholds.last == 0.8)
  }
}
