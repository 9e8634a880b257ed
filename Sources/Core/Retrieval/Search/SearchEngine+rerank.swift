import Domain
import Embedding
import Foundation

extension SearchEngine {
  /// A candidate with the passage that it names.
  struct Found: Sendable {
    var candidate: Candidate
    let passage: Passage
    /// An editor put it first.
    var isPinned = false
    /// Documents that have the same passage.
    var alsoIn: [DocumentRecord] = []
  }

  /// How many of the best hits are compared with the question: of hybrid searches alone, since the others show
  /// one half as it is; unless asked for, none in a language that the cross-encoder was not trained on.
  func pairs(of request: SearchRequest, plan: Plan) -> Int {
    guard request.mode == .hybrid, plan.candidateQuery.vector != nil else { return 0 }
    if let pairs = request.rerankPairs { return pairs }
    guard let reranker = options.reranker, reranker.reads(plan.language) else { return 0 }
    return reranker.defaultPairs
  }

  /// Puts the first hits in the order of both scores: `weight` of the cross-encoder's, as a probability, and the
  /// rest of the fused one. A hit that was not compared counts as improbable, so that scores stay in order.
  ///
  /// - Returns: what is missing where there should have been an order, else nil.
  func rerank(_ found: inout [Found], first count: Int, for question: String) async throws -> String? {
    guard let reranker = options.reranker else { return "rerank_unavailable: no model is set (rerank_model)" }
    let compared = found.prefix(count).map(\.passage.textToCompare)
    let scores: [Float]
    do {
      scores = try await reranker.scores(of: compared, for: question)
    } catch let error as EmbeddingError {
      return "rerank_unavailable: \(error.message)"
    }
    let weight = options.rerankWeight
    for place in found.indices {
      let score = place < scores.count ? Double(scores[place]) : nil
      found[place].candidate.rerank = score
      found[place].candidate.fused = found[place].candidate.score
      found[place].candidate.score =
        (1 - weight) * found[place].candidate.score + weight * Self.probability(score)
    }
    found.sort { Candidate.precedes($0.candidate, $1.candidate) }
    return nil
  }

  /// Softened, so that hits which the model all holds for answers still differ.
  private static func probability(_ score: Double?) -> Double {
    score.map { 1 / (1 + exp(-$0 / temperature)) } ?? 0
  }

  private static let temperature = 6.0

  /// The sum that made a score of both, written out for `explain`.
  func arithmetic(rerank: Double?, fused: Double, score: Double) -> String {
    func f(_ x: Double) -> String { ConvexFusion.format(x) }
    let weight = options.rerankWeight
    return "; \(f(1 - weight)) x \(f(fused)) + \(f(weight)) x \(f(Self.probability(rerank))) = \(f(score))"
  }
}

extension Passage {
  /// What a cross-encoder reads: the passage under its title and headings.
  var textToCompare: String {
    ([document.title] + headingPath + [text]).filter { !$0.isEmpty }.joined(separator: "\n")
  }
}
