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

  /// Which of the best hits are compared with the question.
  struct Comparison: Sendable {
    /// At most.
    let pairs: Int
    /// Only hits that may then be first.
    let onlyContested: Bool
    static let none = Comparison(pairs: 0, onlyContested: false)
  }

  /// How many of the best hits are compared with the question: of hybrid searches alone, since the others show
  /// one half as it is. Unless a number is asked for, as many as there is time for, only where that may change
  /// which hit is first, and none in a language that the cross-encoder was not trained on.
  func comparison(of request: SearchRequest, plan: Plan) -> Comparison {
    guard request.mode == .hybrid, plan.candidateQuery.vector != nil else { return .none }
    if let pairs = request.rerankPairs { return Comparison(pairs: pairs, onlyContested: false) }
    guard let reranker = options.reranker, reranker.reads(plan.language) else { return .none }
    return Comparison(pairs: reranker.defaultPairs, onlyContested: true)
  }

  /// The hits that are to be compared: none where the first one is too far ahead to be overtaken.
  private func contested(_ found: [Found], _ comparison: Comparison) -> ArraySlice<Found> {
    let first = found.prefix(comparison.pairs)
    guard comparison.onlyContested, let best = first.first?.candidate.score else { return first }
    let weight = weight(of: comparison, first: nil, question: "")
    let reach = weight / (1 - weight) * Self.probabilityRange
    let near = first.prefix { best - $0.candidate.score < reach }
    return near.count > 1 ? near : []
  }

  /// The cross-encoder's share of a score: it judges well which text answers a question, and less well which title or
  /// other question means the same. More than a little it counts only where somebody asked for it.
  private func weight(of comparison: Comparison, first: Found?, question: String) -> Double {
    if let weight = options.rerankWeight { return weight }
    let isText = first.map { !QuestionForm.matches($0.passage.document.title) } ?? false
    return !comparison.onlyContested && isText && QuestionForm.matches(question)
      ? Self.weightOfTexts : Self.standardWeight
  }

  /// Of each passage what begins with the sentence that says most of the question, under its title: a third of the
  /// time of the whole passage, and as good (`tools/adr/0017`).
  private func excerpts(of found: ArraySlice<Found>, for plan: Plan) -> [String] {
    let composer = AnswerComposer(analyzer: analyzer)
    let weights = termWeights(plan)
    return found.map { found in
      let sentences = composer.sentences(
        of: [(found.passage, found.candidate.score)], terms: plan.askedTerms, weights: weights)
      let best = sentences.max { ($0.overlap, $1.span.start) < ($1.overlap, $0.span.start) }
      guard let best else { return found.passage.textToCompare }
      let passage = found.passage
      let rest = passage.text.slice(
        ByteSpan(start: best.span.start - passage.span.start, end: passage.text.utf8.count))
      return
        ([passage.document.title] + passage.headingPath.suffix(1)
        + [
          (rest ?? "").split(whereSeparator: \.isWhitespace).prefix(Self.excerptWords).joined(separator: " ")
        ])
        .filter { !$0.isEmpty }.joined(separator: "\n")
    }
  }

  /// Puts the first hits in the order of both scores: `weight` of the cross-encoder's, as a probability, and the
  /// rest of the fused one. A hit that was not compared counts as improbable, so that scores stay in order.
  ///
  /// - Returns: how many were compared, or what is missing where there should have been an order.
  func rerank(
    _ found: inout [Found], _ comparison: Comparison, of plan: Plan
  ) async throws -> (pairs: Int, missing: String?) {
    guard let reranker = options.reranker else {
      return (0, "rerank_unavailable: no model is set (rerank_model)")
    }
    let contested = contested(found, comparison)
    let compared =
      comparison.onlyContested ? excerpts(of: contested, for: plan) : contested.map(\.passage.textToCompare)
    guard !compared.isEmpty else { return (0, nil) }
    if comparison.onlyContested, await reranker.isBusy { return (0, nil) }
    let scores: [Float]
    do {
      scores = try await reranker.scores(of: compared, for: plan.standalone.question)
    } catch let error as EmbeddingError {
      return (0, "rerank_unavailable: \(error.message)")
    }
    let weight = weight(of: comparison, first: found.first, question: plan.standalone.question)
    for place in found.indices {
      let score = place < scores.count ? Double(scores[place]) : nil
      found[place].candidate.rerank = score
      found[place].candidate.rerankWeight = weight
      found[place].candidate.fused = found[place].candidate.score
      found[place].candidate.score =
        (1 - weight) * found[place].candidate.score + weight * Self.probability(score)
    }
    found.sort { Candidate.precedes($0.candidate, $1.candidate) }
    return (scores.count, nil)
  }

  /// Softened, so that hits which the model all holds for answers still differ.
  private static func probability(_ score: Double?) -> Double {
    score.map { 1 / (1 + exp(-$0 / temperature)) } ?? 0
  }

  private static let standardWeight = 0.15
  private static let weightOfTexts = 0.6
  private static let excerptWords = 24
  private static let temperature = 6.0
  /// By how much two probabilities differ at most: the model's numbers are within -12 and 12.
  private static let probabilityRange = probability(12) - probability(-12)

  /// The sum that made a score of both, written out for `explain`.
  func arithmetic(rerank: Double?, weight: Double, fused: Double, score: Double) -> String {
    func f(_ x: Double) -> String { ConvexFusion.format(x) }
    return "; \(f(1 - weight)) x \(f(fused)) + \(f(weight)) x \(f(Self.probability(rerank))) = \(f(score))"
  }
}

extension Passage {
  /// What a cross-encoder reads: the passage under its title and headings.
  var textToCompare: String {
    ([document.title] + headingPath + [text]).filter { !$0.isEmpty }.joined(separator: "\n")
  }
}
