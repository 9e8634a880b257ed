import Domain
import SearchIndex

/// Milliseconds by step of one search.
struct SearchTrace {
  private(set) var steps: [String: Double] = [:]

  mutating func add(_ step: String, _ milliseconds: Double) { steps[step, default: 0] += milliseconds }

  mutating func mark(_ step: String, since lap: inout ContinuousClock.Instant) {
    let now = ContinuousClock.now
    add(step, lap.duration(to: now).milliseconds)
    lap = now
  }
}

extension SearchEngine {
  func explanation(of plan: Plan, _ result: HitSet, trace: SearchTrace) -> SearchExplanation {
    let fusion = plan.candidateQuery.fusion
    let hybrid = plan.candidateQuery.mode == .hybrid && plan.candidateQuery.vector != nil
    func f(_ x: Double) -> String { ConvexFusion.format(x) }
    return SearchExplanation(
      query: plan.query,
      terms: plan.candidateQuery.lexical.terms.map { term in
        SearchExplanation.Term(
          alternatives: term.alternatives,
          docFreq: term.alternatives.first.map(plan.snapshot.documentFrequency(of:)) ?? 0)
      },
      languages: plan.languages.map(\.rawValue),
      model: plan.candidateQuery.vector == nil ? nil : plan.model,
      fusion: hybrid
        ? "convex: \(f(fusion.lexicalWeight)) x BM25F/\(f(fusion.lexicalScale)) + "
          + "\(f(1 - fusion.lexicalWeight)) x \(fusion.cosineTerm("cosine"))"
          + feedbackNote(plan.candidateQuery.weights.feedback)
          + (plan.candidateQuery.balance == nil ? "" : ", languages balanced")
        : (plan.candidateQuery.vector == nil ? "none: BM25F alone" : "none: cosine alone"),
      lexicalCandidates: result.candidates.lexicalCount, denseCandidates: result.candidates.denseCount,
      rerankPairs: result.rerankPairs, followUp: followUp(of: plan, result), steps: trace.steps)
  }

  private func followUp(of plan: Plan, _ result: HitSet) -> SearchExplanation.FollowUp? {
    guard plan.standalone.context != nil else { return nil }
    // Only what the request's filter leaves something of.
    let keys = result.candidates.candidates.map(\.key)
    let named = plan.candidateQuery.boosts.filter {
      !plan.snapshot.chunks(among: keys, with: $0.label).isEmpty
    }
    return SearchExplanation.FollowUp(
      reading: plan.standalone.reading.rawValue, query: plan.standalone.text,
      continued: plan.standalone.continued,
      named: named.map { .init(attribute: $0.key, value: $0.value, boost: $0.amount) })
  }

  private func feedbackNote(_ feedback: RelevanceFeedback) -> String {
    feedback.weight > 0
      ? ", the query moved by \(ConvexFusion.format(feedback.weight)) towards the best \(feedback.passages)"
      : ""
  }

  func explanation(of candidate: Candidate, plan: Plan) -> HitExplanation {
    let contributions = plan.snapshot.explain(key: candidate.key, plan.candidateQuery.lexical) ?? []
    let query = plan.candidateQuery
    var arithmetic: String
    switch query.mode {
    case .hybrid where query.vector != nil:
      arithmetic = query.fusion.arithmetic(
        lexical: candidate.lexical ?? 0, dense: candidate.liftedCosine,
        boost: candidate.boost)
    case .dense: arithmetic = "cosine = " + ConvexFusion.format(candidate.score)
    default:
      arithmetic = "BM25F = " + ConvexFusion.format(candidate.lexical ?? 0)
      if candidate.boost > 0 {
        arithmetic +=
          "; with \(ConvexFusion.format(query.fusion.lexicalScale)) x \(ConvexFusion.format(candidate.boost)) for what was "
          + "named " + ConvexFusion.format(candidate.fused ?? candidate.score)
      }
    }
    if candidate.prior > 0 {
      arithmetic += "; + \(ConvexFusion.format(candidate.prior)) for freshness and authority"
    }
    if let fused = candidate.fused {
      arithmetic += self.arithmetic(
        rerank: candidate.rerank, weight: candidate.rerankWeight, fused: fused, score: candidate.score)
    }
    return HitExplanation(
      lexicalRank: candidate.lexicalRank, denseRank: candidate.denseRank, feedback: candidate.feedback,
      matchedTerms: contributions.map { contribution in
        var frequencies: [String: Int] = [:]
        for (field, frequency) in zip(IndexField.allCases, contribution.frequencies) where frequency > 0 {
          frequencies[field.name] = frequency
        }
        return HitExplanation.TermMatch(
          term: contribution.term, docFreq: contribution.docFreq, idf: contribution.idf,
          frequencies: frequencies, score: contribution.score)
      },
      arithmetic: arithmetic)
  }
}
