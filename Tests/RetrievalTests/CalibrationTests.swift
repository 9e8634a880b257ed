import Domain
import EngineSupport
import Foundation
import TestSupport
import Testing

@testable import Retrieval

/// What a knowledge base's own questions teach: a probability, and a threshold with a promise.
@Suite struct CalibrationTests {
  /// Answers whose chance of being right is some function of their score.
  private func outcomes(
    _ count: Int, seed: UInt64, chance: (Double) -> Double
  ) -> [AnswerCalibration.Outcome] {
    var random = SeededGenerator(seed)
    return (0..<count).map { _ in
      let score = Double.random(in: 0...1, using: &random)
      return .init(score: score, isRight: Double.random(in: 0..<1, using: &random) < chance(score))
    }
  }

  private func calibrator(_ outcomes: [AnswerCalibration.Outcome]) throws -> AnswerCalibrator {
    try #require(AnswerCalibrator(AnswerCalibration(basis: "test", outcomes: outcomes)))
  }

  @Test func manyQuestionsGiveTheirOwnShape() throws {
    let shape: (Double) -> Double = { $0 < 0.5 ? 0.1 : 0.8 }
    let learned = try calibrator(outcomes(4000, seed: 1, chance: shape))
    #expect(learned.method == .isotonic)
    for score in [0.1, 0.3, 0.7, 0.9] {
      #expect(abs(learned.probability(score) - shape(score)) < 0.08, "\(score)")
    }
  }

  @Test func fewQuestionsShiftTheCurve() throws {
    // The prior is too sure.
    let learned = try calibrator(outcomes(150, seed: 2) { $0 * 0.5 })
    #expect(learned.method == .platt)
    #expect(learned.probability(0.9) < 0.75 && learned.probability(0.9) > learned.probability(0.3))
  }

  @Test(arguments: [30, 150, 250, 2000])
  func moreIsNeverLess(_ count: Int) throws {
    let learned = try calibrator(outcomes(count, seed: 3) { 1 - $0 })
    var last = 0.0
    for step in 0...1000 {
      let p = learned.probability(Double(step) / 1000)
      #expect(p >= last && (0...1).contains(p))
      last = p
    }
  }

  @Test func nothingIsLearnedFromNothing() {
    func make(_ outcomes: [AnswerCalibration.Outcome]) -> AnswerCalibrator? {
      AnswerCalibrator(AnswerCalibration(basis: "test", outcomes: outcomes))
    }
    #expect(make([]) == nil)
    #expect(make(outcomes(19, seed: 4) { $0 }) == nil)
    #expect(make((0..<300).map { .init(score: Double($0) / 300, isRight: true) }) == nil)
    #expect(make((0..<300).map { _ in .init(score: 0.5, isRight: false) }) == nil)
    #expect(make((0..<300).map { .init(score: 0.5, isRight: $0 % 3 == 0) })?.probability(0.5) != nil)
  }

  /// The exact binomial tail, against values of R's pbinom.
  @Test func tailOfTheBinomialDistribution() {
    #expect(abs(RiskControl.pValue(0, of: 45, 0.05) - 0.0994) < 1e-4)
    #expect(abs(RiskControl.pValue(2, of: 10, 0.5) - 0.0546875) < 1e-12)
    #expect(abs(RiskControl.pValue(10, of: 10, 0.5) - 1) < 1e-12)
    #expect(RiskControl.pValue(40, of: 2000, 0.05) < 1e-10)
    #expect(RiskControl.pValue(99_000, of: 100_000, 0.5) == 1)
  }

  @Test func tooFewQuestionsPromiseNothing() {
    let perfect = (0..<40).map { AnswerCalibration.Outcome(score: Double($0) / 40, isRight: true) }
    #expect(RiskControl.threshold(perfect, target: 0.05, delta: 0.1) == nil)
    #expect(RiskControl.threshold([], target: 0.05, delta: 0.1) == nil)
    let enough = (0..<46).map { AnswerCalibration.Outcome(score: Double($0) / 46, isRight: true) }
    #expect(RiskControl.threshold(enough, target: 0.05, delta: 0.1) == 0)
    #expect(RiskControl.threshold(enough, target: 0, delta: 0.1) == nil)
  }

  /// Of many calibrations no more than `delta` break their promise on the distribution they were drawn from.
  @Test func thePromiseHolds() {
    let target = 0.1, delta = 0.1
    let chance: (Double) -> Double = { 0.5 + 0.5 * $0 }
    // Above a threshold t, the share of wrong ones is (1 - t) / 4.
    let allowed = 1 - 4 * target
    var broken = 0
    var answered = 0.0
    for seed in 0..<400 {
      let drawn = outcomes(600, seed: UInt64(seed) + 1, chance: chance)
      guard let threshold = RiskControl.threshold(drawn, target: target, delta: delta) else { continue }
      if threshold < allowed { broken += 1 }
      answered += 1 - threshold
    }
    #expect(Double(broken) / 400 <= delta + 0.045, "three standard errors above delta at most")
    #expect(answered / 400 > 0.1, "and it is of use: 0.4 would be perfect")
  }

  @Test func withoutAPromiseTheOutcomesAreTakenAtTheirWord() throws {
    let drawn = (0..<100).map { AnswerCalibration.Outcome(score: Double($0) / 100, isRight: $0 >= 70) }
    let learned = try calibrator(drawn)
    #expect(learned.threshold(target: 0.05) == nil, "30 answers are too few")
    #expect(learned.estimatedThreshold(target: 0.05) == 0.7)
    #expect(learned.estimatedThreshold(target: 0.03) == nil)
    #expect(RiskControl.estimate([], target: 0.1) == nil)
  }

  @Test func equalScoresStandTogether() throws {
    var drawn = (0..<300).map { _ in AnswerCalibration.Outcome(score: 0.9, isRight: true) }
    drawn += (0..<300).map { AnswerCalibration.Outcome(score: 0.5, isRight: $0 % 2 == 0) }
    #expect(RiskControl.threshold(drawn, target: 0.05, delta: 0.1) == 0.9)
    let learned = try calibrator(drawn)
    #expect(learned.threshold(target: 0.05) == 0.9)
    #expect(learned.probability(0.9) > 0.98 && abs(learned.probability(0.5) - 0.5) < 0.05)
  }

  // MARK: In a knowledge base

  private func engine(target: Double = 0.1) async throws -> TestEngine {
    var options = SearchEngine.Options()
    options.answerTarget = target
    let engine = try TestEngine(options: options)
    try await engine.makeLexical()
    try await engine.put("hours", title: "Opening hours", "We are open from nine to five.", kind: .faq)
    try await engine.catchUp()
    return engine
  }

  private func calibrate(_ engine: TestEngine, basis: String? = nil, isRight: (Double) -> Bool) async throws {
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    let outcomes = (0..<400).map { Double($0 % 100) / 100 }
      .map { AnswerCalibration.Outcome(score: $0, isRight: isRight($0)) }
    _ = try await engine.store.setAnswerCalibration(
      AnswerCalibration(
        basis: basis ?? engine.engine.calibrationBasis(for: kb.model), outcomes: outcomes), of: kb.id)
    try await engine.catchUp()
  }

  private func answer(_ engine: TestEngine) async throws -> Answer {
    try await engine.engine.answer(
      AnswerRequest(question: "opening hours", knowledgeBase: "words", viewer: .all)
    ).answer
  }

  @Test func itsOwnQuestionsDecide() async throws {
    let engine = try await engine()
    let before = try await answer(engine)
    #expect(before.kind == .faq && before.calibration == .prior)
    // Here answers of that kind are never right.
    try await calibrate(engine) { $0 > 0.97 }
    let strict = try await answer(engine)
    #expect(strict.kind == .abstain && strict.calibration == .own && strict.confidence < 0.2)
    // Measured anew: nearly all are.
    try await calibrate(engine) { $0 > 0.02 }
    let sure = try await answer(engine)
    #expect(sure.kind == .faq && sure.calibration == .own && sure.confidence > 0.9)
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    _ = try await engine.store.setAnswerCalibration(nil, of: kb.id)
    try await engine.catchUp()
    #expect(try await answer(engine) == before)
    await engine.close()
  }

  @Test func whatOtherModelsTaughtDoesNotCount() async throws {
    let engine = try await engine()
    let before = try await answer(engine)
    try await calibrate(engine, basis: "another-model/none/prior-1") { $0 > 0.97 }
    #expect(try await answer(engine) == before)
    await engine.close()
  }

  @Test func whoMeasuresGetsEveryAnswer() async throws {
    let engine = try await engine()
    try await calibrate(engine) { $0 > 0.97 }
    var request = AnswerRequest(question: "opening hours", knowledgeBase: "words", viewer: .all)
    request.answersAlways = true
    #expect(try await engine.engine.answer(request).answer.kind == .faq)
    await engine.close()
  }
}
