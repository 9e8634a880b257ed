import Foundation
import SearchIndex

/// Moves a query's vector towards the passages that were found best.
///
/// Pseudo-relevance feedback: Rocchio's formula on embeddings (Li, Mourad, Zhuang, Koopman and Zuccon, "Pseudo
/// Relevance Feedback with Deep Language Models and Dense Retrievers", ACM TOIS 2023, doi:10.1145/3570724). The best
/// passages weigh by the softmax of their scores, so that a clear winner leads alone. Candidates are compared
/// again with what comes out; no others are sought. Measured in `tools/adr/0010`.
public struct RelevanceFeedback: Sendable, Hashable {
  /// Length of what is added to the query's vector, itself of length 1; 0 leaves it as it is.
  public var weight: Double
  /// Passages that are followed.
  public var passages: Int
  /// Difference in score at which a passage weighs e times as much as another.
  public var temperature: Double

  public init(weight: Double, passages: Int = 8, temperature: Double = 0.05) {
    self.weight = weight
    self.passages = passages
    self.temperature = temperature
  }

  public static let standard = RelevanceFeedback(weight: 0.4)

  /// - Parameters:
  ///   - query: of unit length.
  ///   - best: best first, scores of both halves joined.
  /// - Returns: of unit length; nil where there is nothing to follow.
  func moved(_ query: [Float], towards best: some Sequence<Candidate>, in snapshot: SearchSnapshot)
    -> [Float]?
  {
    guard weight > 0 else { return nil }
    var centroid = [Float](repeating: 0, count: query.count)
    var first: Double?
    for candidate in best.prefix(passages) {
      guard let vector = snapshot.vector(of: candidate.key, nearest: query) else { continue }
      let top = first ?? candidate.score
      first = top
      let share = Float(exp((candidate.score - top) / temperature))
      for place in centroid.indices { centroid[place] += share * vector[place] }
    }
    guard let direction = centroid.unit else { return nil }
    return zip(query, direction).map { $0 + Float(weight) * $1 }.unit
  }
}
