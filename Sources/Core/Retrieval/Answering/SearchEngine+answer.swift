import Domain
import Embedding
import Foundation
import TextAnalysis

extension SearchEngine {
  /// Passages that an extract is taken from, at most.
  private static let answerPassages = 4
  /// A further passage must score at least this share of the best one.
  private static let passageShare = 0.75
  private static let suggestionLimit = 3

  /// Answers a question from one knowledge base, or says that it cannot.
  ///
  /// A FAQ hit gives its answer whole; else one or two sentences of the best passages and of their
  /// neighbours, at most 60 words, unchanged. Below the threshold the answer abstains.
  ///
  /// - Throws: as `search`.
  public func answer(_ request: AnswerRequest) async throws -> AnswerResponse {
    let start = ContinuousClock.now
    return try await workers.run { try await self.answer(request, since: start) }
  }

  private func answer(
    _ request: AnswerRequest, since start: ContinuousClock.Instant
  ) async throws -> AnswerResponse {
    let searchRequest = SearchRequest(
      query: request.question, knowledgeBase: request.knowledgeBase, limit: 8, grouping: .passage,
      history: request.history, rerankPairs: request.rerankPairs, minGeneration: request.minGeneration,
      viewer: request.viewer)
    var trace = SearchTrace()
    let plan = try await plan(searchRequest, trace: &trace)
    let hits = try await hits(of: plan, request: searchRequest, trace: &trace).hits
    let support = support(of: hits, plan: plan)
    var chosen: (kind: Answer.Kind, text: String, citations: [Citation])?
    if let best = hits.first, support >= options.answerThreshold {
      if best.passage.document.kind == .faq, !best.text.isEmpty {
        chosen = (.faq, best.text, [best.citation])
      } else {
        chosen = try await extract(from: hits, plan: plan, viewer: request.viewer)
      }
    }
    let answered = Set((chosen?.citations ?? []).map(\.documentID))
    return AnswerResponse(
      answer: Answer(kind: chosen?.kind ?? .abstain, text: chosen?.text ?? Self.abstention, confidence: nil),
      citations: chosen?.citations ?? [], suggestions: Self.suggestions(from: hits, without: answered),
      generation: Generation(rawValue: plan.snapshot.generation),
      tookMilliseconds: start.duration(to: .now).milliseconds, support: support)
  }

  static let abstention = "I could not find an answer to that in the knowledge base."

  /// How well the best hit is supported, 0 to about 1; uncalibrated.
  ///
  /// Cosine and the share of the question's term weight (idf) that the best passage contains. Neither grows
  /// with the number of documents, as BM25 does, so one threshold serves small and large knowledge bases.
  private func support(of hits: [SearchHit], plan: Plan) -> Double {
    guard let best = hits.first else { return 0 }
    let overlap = overlap(of: best.passage, plan: plan)
    guard let dense = best.scores.dense else { return overlap }
    let share = AnswerComposer.lexicalShare
    let blend = share * overlap + (1 - share) * max(0, dense)
    // Question against question, other words may say the same: nearness alone counts, less a margin.
    return best.passage.document.kind == .faq ? max(blend, dense - 0.1) : blend
  }

  /// Share of the question's term weight found in a passage, its title or its headings, 0-1.
  private func overlap(of passage: Passage, plan: Plan) -> Double {
    let weights = termWeights(plan)
    let found = AnswerComposer(analyzer: analyzer).terms(in: passage)
    var (matched, total) = (0.0, 0.0)
    for term in plan.terms {
      let weight = weights[term.alternatives.first ?? ""] ?? 0
      total += weight
      if term.alternatives.contains(where: found.contains) { matched += weight }
    }
    return total > 0 ? matched / total : 0
  }

  /// idf of every query term in the snapshot; a term that nothing contains weighs most.
  private func termWeights(_ plan: Plan) -> [String: Double] {
    var weights: [String: Double] = [:]
    let total = Double(plan.snapshot.liveChunks)
    for term in plan.terms {
      for alternative in term.alternatives {
        let frequency = Double(plan.snapshot.documentFrequency(of: alternative))
        weights[alternative] = log(1 + (total - frequency + 0.5) / (frequency + 0.5))
      }
    }
    return weights
  }

  private func extract(
    from hits: [SearchHit], plan: Plan, viewer: Viewer
  ) async throws -> (kind: Answer.Kind, text: String, citations: [Citation])? {
    guard let best = hits.first else { return nil }
    var passages = hits.prefix(Self.answerPassages)
      .filter { $0.score >= best.score * Self.passageShare && $0.passage.document.kind == .article }
      .map { (passage: $0.passage, score: $0.score) }
    let around = max(0, best.passage.ordinal - 1)...(best.passage.ordinal + 1)
    let neighbours = try await CallerThread.$mayBlock.withValue(true) {
      try await store.passages(of: best.passage.document.id, ordinals: around)
    }
    for neighbour in neighbours where !passages.contains(where: { $0.passage.chunk == neighbour.chunk }) {
      guard viewer.maySee(neighbour.document.visibility),
        neighbour.document.version == best.passage.document.version
      else { continue }
      passages.append((neighbour, best.score * Self.passageShare))
    }
    let composer = AnswerComposer(analyzer: analyzer)
    let (terms, weights, all) = (plan.terms, termWeights(plan), passages)
    var sentences = composer.sentences(of: all, terms: terms, weights: weights)
    if let vector = plan.candidateQuery.vector, !sentences.isEmpty {
      let vectors = try await embedders.service(for: plan.model).embedForQuestion(sentences.map(\.text))
      for (i, sentence) in vectors.enumerated() {
        sentences[i].cosine = Double(zip(sentence, vector).map(*).reduce(0, +))
      }
    }
    let chosen = composer.choose(sentences)
    guard !chosen.isEmpty else { return nil }
    return (
      .extract, chosen.map(\.text).joined(separator: " "),
      chosen.map { Citation(quoting: $0.text, at: $0.span, of: $0.passage.document) }
    )
  }

  private static func suggestions(from hits: [SearchHit], without answered: Set<String>) -> [Suggestion] {
    var seen = answered
    var suggestions: [Suggestion] = []
    for hit in hits where seen.insert(hit.documentID).inserted && suggestions.count < suggestionLimit {
      suggestions.append(
        Suggestion(
          documentID: hit.documentID, externalID: hit.externalID, title: hit.title,
          url: hit.passage.document.url))
    }
    return suggestions
  }
}

extension AnswerComposer {
  /// All index terms of a passage with its title and headings.
  func terms(in passage: Passage) -> Set<String> {
    let text = ([passage.document.title] + passage.headingPath + [passage.text]).joined(separator: "\n")
    return Set(
      analyzer.tokens(of: text, language: passage.document.language.map(Language.init(rawValue:)))
        .map(\.term))
  }
}
