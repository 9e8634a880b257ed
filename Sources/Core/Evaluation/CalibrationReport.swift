import Domain
import Retrieval

/// What a knowledge base's labelled questions say of its answers.
public struct CalibrationReport: Sendable, Encodable {
  public let questions: Int
  public let right: Int
  public let method: AnswerCalibrator.Method?
  /// Mean squared error of the probability (Brier 1950), before and after; after by five-fold cross-validation.
  public let brierBefore: Double
  public let brierAfter: Double?
  public let target: Double
  /// Probability that the promise does not hold.
  public let delta: Double
  /// Nil where there is not enough data for one.
  public let threshold: Double?
  /// Share of the questions that it answers, and of wrong ones among those.
  public let answered: Double?
  public let wrong: Double?

  enum CodingKeys: String, CodingKey {
    case questions, right, method, target, delta, threshold, answered, wrong
    case brierBefore = "brier_before"
    case brierAfter = "brier_after"
  }

  public init(_ calibration: AnswerCalibration, target: Double, delta: Double = 0.1) {
    let outcomes = calibration.outcomes
    let calibrator = AnswerCalibrator(calibration)
    questions = outcomes.count
    right = outcomes.count { $0.isRight }
    method = calibrator?.method
    self.target = target
    self.delta = delta
    brierBefore = Self.brier(outcomes) { $0 }
    brierAfter = Self.crossValidatedBrier(calibration)
    threshold = calibrator?.threshold(target: target, delta: delta)
    let given = threshold.map { threshold in outcomes.filter { $0.score >= threshold } }
    answered = given.map { Double($0.count) / Double(outcomes.count) }
    wrong = given.map { given in Double(given.count { !$0.isRight }) / Double(max(1, given.count)) }
  }

  private static func brier(
    _ outcomes: [AnswerCalibration.Outcome], _ probability: (Double) -> Double
  ) -> Double {
    let errors = outcomes.map { outcome in
      let error = probability(outcome.score) - (outcome.isRight ? 1 : 0)
      return error * error
    }
    return errors.isEmpty ? 0 : errors.reduce(0, +) / Double(errors.count)
  }

  /// - Returns: nil where a fold teaches nothing.
  private static func crossValidatedBrier(_ calibration: AnswerCalibration) -> Double? {
    let folds = 5
    let outcomes = calibration.outcomes
    var sum = 0.0
    for fold in 0..<folds {
      let rest = outcomes.enumerated().filter { $0.offset % folds != fold }.map(\.element)
      let held = outcomes.enumerated().filter { $0.offset % folds == fold }.map(\.element)
      guard let learned = AnswerCalibrator(AnswerCalibration(basis: calibration.basis, outcomes: rest)) else {
        return nil
      }
      sum += brier(held, learned.probability) * Double(held.count)
    }
    return outcomes.isEmpty ? nil : sum / Double(outcomes.count)
  }
}

extension EvaluationRunner {
  /// Keeps how sure and how right the answers of a run were with its knowledge base.
  ///
  /// - Parameter outcomes: of a run in which answers were always given.
  public func calibrate(by outcomes: [QueryOutcome]) async throws -> AnswerCalibration {
    guard let kb = try await store.knowledgeBase(named: options.knowledgeBase) else {
      throw RetrievalError(.kbNotFound, "There is no knowledge base '\(options.knowledgeBase)'.")
    }
    let judged = outcomes.filter { $0.answerKind != nil }.prefix(AnswerCalibration.maxOutcomes)
    let calibration = AnswerCalibration(
      basis: engine.calibrationBasis(for: kb.model),
      outcomes: judged.map { outcome in
        .init(score: outcome.evidence.map(ConfidencePrior.score) ?? 0, isRight: outcome.isRight == true)
      })
    _ = try await store.setAnswerCalibration(calibration, of: kb.id)
    return calibration
  }
}
