import Foundation

/// What a probability of being right was learned from.
public enum Calibration: String, Sendable, Encodable {
  /// Sets of questions that are not the user's.
  case prior
  /// The knowledge base's own questions.
  case own
}

/// The probability that an answer is right, as it was learned from sets of questions that are not the user's.
///
/// There are two ways to know an answer: its text says it, or its title asks the question. The better of both counts,
/// and a logistic regression makes it a probability. With a cross-encoder that reads the text, without one, or without
/// any model. `tools/eval/prior` fits it to five sets and checks it leave-one-set-out: `tools/adr/0012`.
public struct ConfidencePrior: Sendable {
  /// Whose cosines were learned: other models' mean something else, and are left out.
  static let cosineModel = "all-MiniLM-L6-v2"
  /// Another version's scores mean something else.
  static let version = "prior-2"

  private let intercept: Double
  private let weight: Double
  /// 0-1; nil where its evidence is missing.
  private let knows: @Sendable (AnswerEvidence) -> Double?

  private static let priors = [
    ConfidencePrior(intercept: -0.790, weight: 3.358) { evidence in
      evidence.relevance.map { max(sigmoid($0 - 5), asked(evidence.title)) }
    },
    ConfidencePrior(intercept: -0.687, weight: 3.311) { evidence in
      guard evidence.title != nil || evidence.sentence != nil else { return nil }
      let sentence = evidence.sentence ?? 0
      let said = sigmoid(10 * ((evidence.overlap ?? 0) - 0.75)) * sigmoid(10 * (sentence - 0.5))
      return max(asked(max(sentence, evidence.title ?? 0)), said)
    },
    ConfidencePrior(intercept: -0.585, weight: 2.831) { evidence in
      evidence.overlap.flatMap { $0 < leastOverlap ? nil : sigmoid(10 * ($0 - 0.75)) }
    },
  ]
  /// Below it an answer has next to nothing of the question's words, and no model says otherwise.
  private static let leastOverlap = 0.2

  /// The probability by the first that has its evidence; 0 where none has. No finer than word statistics of hidden
  /// documents should show.
  public static func score(_ evidence: AnswerEvidence) -> Double {
    for prior in priors {
      guard let known = prior.knows(evidence) else { continue }
      return (sigmoid(prior.intercept + prior.weight * known) * 1000).rounded() / 1000
    }
    return 0
  }

  /// Thresholds, and the share of wrong ones among the answers that they let through: about what was measured on sets
  /// that had no part in the fit.
  private static let errors: [(threshold: Double, error: Double)] = [
    (0.4, 0.13), (0.5, 0.1), (0.6, 0.075), (0.7, 0.05), (0.8, 0.04),
  ]

  /// The probability from which answers are given, where at most a share of them should be wrong.
  ///
  /// - Parameter target: outside of 0.04 to 0.13 the nearest of both counts.
  public static func threshold(target: Double) -> Double {
    for (above, below) in zip(errors, errors.dropFirst()) where target >= below.error {
      let part = min(1, (target - below.error) / (above.error - below.error))
      return below.threshold - part * (below.threshold - above.threshold)
    }
    return errors[errors.count - 1].threshold
  }

  /// How surely two texts ask the same, by their cosine.
  private static func asked(_ cosine: Double?) -> Double { cosine.map { sigmoid(20 * ($0 - 0.75)) } ?? 0 }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
}
