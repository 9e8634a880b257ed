import Foundation

/// What a knowledge base's own labelled questions showed: how sure answers were, and whether they were right.
///
/// Kept as it was measured, without texts, so that a threshold can be found for any share of wrong answers.
public struct AnswerCalibration: Hashable, Sendable, Codable {
  public struct Outcome: Hashable, Sendable, Codable {
    /// What the prior said before anything was learned, 0-1.
    public let score: Double
    public let isRight: Bool
    public init(score: Double, isRight: Bool) {
      self.score = score
      self.isRight = isRight
    }
  }

  /// Names what made the scores; under other models they mean something else.
  public let basis: String
  public let outcomes: [Outcome]
  public let measuredAt: Date

  public init(basis: String, outcomes: [Outcome], measuredAt: Date = Date()) {
    self.basis = basis
    self.outcomes = outcomes
    self.measuredAt = measuredAt
  }

  public static let maxOutcomes = 100_000
}
