import Domain
import Foundation
import Synchronization

/// Turns the prior's score into the probability that an answer is right in one knowledge base, and finds from where on
/// answers may be given.
public final class AnswerCalibrator: Sendable {
  public enum Method: String, Sendable, Encodable {
    /// Pool adjacent violators (Zadrozny and Elkan, KDD 2002).
    case isotonic
    /// A logistic regression on the score's log-odds (Platt 1999).
    case platt
  }

  /// Labelled questions from which on the shape is left to the data.
  static let isotonicOutcomes = 200

  public let method: Method
  public let basis: String
  private let outcomes: [AnswerCalibration.Outcome]
  private let curve: Curve
  private let thresholds = Mutex<[Level: Double?]>([:])

  /// - Returns: nil where nothing can be learned: fewer than 20 outcomes, or all of them alike.
  public init?(_ calibration: AnswerCalibration) {
    outcomes = calibration.outcomes
    basis = calibration.basis
    let rights = outcomes.count { $0.isRight }
    guard outcomes.count >= Self.leastOutcomes, rights > 0, rights < outcomes.count else { return nil }
    method = outcomes.count >= Self.isotonicOutcomes ? .isotonic : .platt
    curve = method == .isotonic ? .isotonic(outcomes) : .platt(outcomes)
  }

  private static let leastOutcomes = 20

  private struct Level: Hashable {
    let target: Double
    /// Nil for an estimate.
    let delta: Double?
  }

  /// The probability of being right, not falling with the score.
  public func probability(_ score: Double) -> Double { curve.value(at: score) }

  /// The least score from which at most a share of the answers is wrong, but for bad luck with a probability of `delta`.
  ///
  /// - Returns: nil where the outcomes are too few, or the answers too bad, to say so.
  public func threshold(target: Double, delta: Double = 0.1) -> Double? {
    known(Level(target: target, delta: delta)) {
      RiskControl.threshold(outcomes, target: target, delta: delta)
    }
  }

  /// The least score from which at most a share of the measured answers was wrong: a guess where there is no promise.
  ///
  /// - Returns: nil where there is none.
  public func estimatedThreshold(target: Double) -> Double? {
    known(Level(target: target, delta: nil)) { RiskControl.estimate(outcomes, target: target) }
  }

  private func known(_ level: Level, _ find: () -> Double?) -> Double? {
    thresholds.withLock { known in
      if let threshold = known[level] { return threshold }
      let threshold = find()
      known[level] = .some(threshold)
      return threshold
    }
  }

  /// A monotone function of the score.
  private enum Curve {
    /// The ends of stretches of equal probability, both ascending; straight lines between them.
    case steps([(score: Double, probability: Double)])
    case logistic(intercept: Double, slope: Double)

    func value(at score: Double) -> Double {
      switch self {
      case .logistic(let intercept, let slope): return sigmoid(intercept + slope * logit(score))
      case .steps(let steps):
        guard let above = steps.firstIndex(where: { $0.score >= score }) else {
          return steps.last?.probability ?? 0
        }
        guard above > 0 else { return steps[0].probability }
        let (low, high) = (steps[above - 1], steps[above])
        let share = high.score > low.score ? (score - low.score) / (high.score - low.score) : 1
        return low.probability + share * (high.probability - low.probability)
      }
    }

    static func isotonic(_ outcomes: [AnswerCalibration.Outcome]) -> Curve {
      var blocks: [(scores: ClosedRange<Double>, rights: Double, count: Double)] = []
      for outcome in outcomes.sorted(by: { $0.score < $1.score }) {
        blocks.append((outcome.score...outcome.score, outcome.isRight ? 1 : 0, 1))
        while blocks.count > 1 {
          let (a, b) = (blocks[blocks.count - 2], blocks[blocks.count - 1])
          // Equal scores are one place.
          guard a.rights / a.count >= b.rights / b.count || a.scores.upperBound == b.scores.lowerBound else {
            break
          }
          blocks.removeLast(2)
          blocks.append(
            (a.scores.lowerBound...b.scores.upperBound, a.rights + b.rights, a.count + b.count))
        }
      }
      // Few outcomes do not make a certainty (Laplace's rule of succession).
      var highest = 0.0
      return .steps(
        blocks.flatMap { block in
          highest = max(highest, (block.rights + 1) / (block.count + 2))
          return [(block.scores.lowerBound, highest), (block.scores.upperBound, highest)]
        })
    }

    /// By Newton's method, towards targets that are not quite 0 and 1, as Platt has it.
    static func platt(_ outcomes: [AnswerCalibration.Outcome]) -> Curve {
      let rights = Double(outcomes.count { $0.isRight })
      let wrongs = Double(outcomes.count) - rights
      let (high, low) = ((rights + 1) / (rights + 2), 1 / (wrongs + 2))
      var (intercept, slope) = (0.0, 1.0)
      for _ in 0..<100 {
        // Of the regularised likelihood: the slope stays near 1 where there is little to learn from.
        var (g0, g1, h00, h01, h11) = (0.0, slope - 1, 1e-9, 0.0, 1.0)
        for outcome in outcomes {
          let x = logit(outcome.score)
          let p = sigmoid(intercept + slope * x)
          let error = p - (outcome.isRight ? high : low)
          let weight = p * (1 - p)
          g0 += error
          g1 += error * x
          h00 += weight
          h01 += weight * x
          h11 += weight * x * x
        }
        let determinant = h00 * h11 - h01 * h01
        guard determinant > 1e-12 else { break }
        let step0 = (h11 * g0 - h01 * g1) / determinant
        let step1 = (h00 * g1 - h01 * g0) / determinant
        intercept -= step0
        slope = max(0, slope - step1)
        if abs(step0) + abs(step1) < 1e-9 { break }
      }
      return .logistic(intercept: intercept, slope: slope)
    }
  }
}

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
private func logit(_ p: Double) -> Double {
  let p = min(max(p, 1e-6), 1 - 1e-6)
  return log(p / (1 - p))
}

/// Thresholds with a promise for questions that were not seen.
///
/// Learn then Test (Angelopoulos, Bates, Candès, Jordan and Lei 2021, arXiv:2110.01052): each threshold is a null
/// hypothesis "more than the target is wrong", with an exact binomial p-value; they are tested from strict to loose, so
/// that none costs the others any of their level, from a few starts that share it.
enum RiskControl {
  static func threshold(
    _ outcomes: [AnswerCalibration.Outcome], target: Double, delta: Double
  ) -> Double? {
    guard target > 0, target < 1, delta > 0, delta < 1 else { return nil }
    let steps = steps(outcomes)
    // The first start is where no wrong answer at all would be enough; looking at scores alone, so nothing is given away.
    for starts in (1...maxStarts).reversed() {
      let level = delta / Double(starts)
      let least = Int((log(level) / log(1 - target)).rounded(.up))
      guard least << (starts - 1) <= outcomes.count || starts == 1 else { continue }
      var best: Double?
      for start in 0..<starts {
        guard let first = steps.firstIndex(where: { $0.answered >= least << start }) else { continue }
        for step in steps[first...] {
          guard pValue(step.wrong, of: step.answered, target) <= level else { break }
          best = min(best ?? step.score, step.score)
        }
      }
      return best
    }
    return nil
  }

  private static let maxStarts = 5

  /// The loosest threshold of which the outcomes themselves say so, with one more wrong one than there was.
  static func estimate(_ outcomes: [AnswerCalibration.Outcome], target: Double) -> Double? {
    steps(outcomes).last { Double($0.wrong + 1) <= target * Double($0.answered + 1) }?.score
  }

  /// The ends of equal scores, from the highest on, with how many are answered from there and how many of them are
  /// wrong.
  private static func steps(
    _ outcomes: [AnswerCalibration.Outcome]
  ) -> [(score: Double, answered: Int, wrong: Int)] {
    var steps: [(score: Double, answered: Int, wrong: Int)] = []
    var (answered, wrong) = (0, 0)
    let sorted = outcomes.sorted { $0.score > $1.score }
    for (place, outcome) in sorted.enumerated() {
      answered += 1
      wrong += outcome.isRight ? 0 : 1
      if place + 1 == sorted.count || sorted[place + 1].score < outcome.score {
        steps.append((outcome.score, answered, wrong))
      }
    }
    return steps
  }

  /// How likely so few wrong ones are where a share of `risk` is wrong: the binomial distribution's lower tail. At most
  /// `delta` just where the upper bound of Clopper and Pearson (1934) is at most `risk`.
  static func pValue(_ wrong: Int, of count: Int, _ risk: Double) -> Double {
    var term = Double(count) * log1p(-risk)
    var sum = exp(term)
    for k in 1...max(1, wrong) where k <= wrong {
      term += log(Double(count - k + 1)) - log(Double(k)) + log(risk) - log1p(-risk)
      sum += exp(term)
    }
    return min(1, sum)
  }
}
