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
  /// neighbours, at most 60 words, unchanged. Where it is less likely to be right than the threshold, the answer
  /// abstains.
  ///
  /// - Throws: as `search`.
  public func answer(_ request: AnswerRequest) async throws -> AnswerResponse {
    let start = ContinuousClock.now
    return try await workers.run { try await self.answer(request, since: start) }
  }

  private func answer(
    _ request: AnswerRequest, since start: ContinuousClock.Instant
  ) async throws -> AnswerResponse {
    var searchRequest = SearchRequest(
      query: request.question, knowledgeBase: request.knowledgeBase, limit: 8, filter: request.filter,
      grouping: .passage, history: request.history, rerankPairs: request.rerankPairs,
      minGeneration: request.minGeneration,
      viewer: request.viewer)
    searchRequest.without = request.without
    searchRequest.asOf = request.asOf
    var trace = SearchTrace()
    let plan = try await plan(searchRequest, trace: &trace)
    let hits = try await hits(of: plan, request: searchRequest, trace: &trace).hits
    let composed = try await compose(from: hits, plan: plan, viewer: request.viewer)
    var evidence: AnswerEvidence?
    if let composed, let best = hits.first {
      evidence = try await self.evidence(for: composed, from: best, plan: plan)
    }
    let sureness = sureness(of: evidence, by: plan.calibrator)
    let chosen = sureness.isEnough || request.answersAlways ? composed : nil
    let answered = Set((chosen?.citations ?? []).map(\.documentID))
    return AnswerResponse(
      answer: Answer(
        kind: chosen?.kind ?? .abstain, text: chosen?.text ?? Self.abstention,
        confidence: sureness.confidence, calibration: plan.calibrator == nil ? .prior : .own),
      citations: chosen?.citations ?? [], suggestions: Self.suggestions(from: hits, without: answered),
      generation: plan.generation,
      tookMilliseconds: start.duration(to: .now).milliseconds, evidence: evidence, grounds: chosen?.grounds)
  }

  /// How sure an answer is, and whether that is enough to give it.
  private func sureness(
    of evidence: AnswerEvidence?, by calibrator: AnswerCalibrator?
  ) -> (confidence: Double, isEnough: Bool) {
    // Without anything to say there is nothing to be right.
    guard let score = evidence.map(ConfidencePrior.score) else { return (0, false) }
    let confidence = ((calibrator?.probability(score) ?? score) * 1000).rounded() / 1000
    if let threshold = options.answerThreshold { return (confidence, confidence >= threshold) }
    let target = options.answerTarget
    if let threshold = calibrator?.threshold(target: target) ?? calibrator?.estimatedThreshold(target: target)
    {
      return (confidence, score >= threshold)
    }
    return (confidence, min(score, confidence) >= ConfidencePrior.threshold(target: target))
  }

  /// Names what answers are judged by with a model: scores of another basis mean something else.
  public func calibrationBasis(for model: String) -> String {
    [model, options.reranker?.model ?? KnowledgeBase.noModel, ConfidencePrior.version].joined(separator: "/")
  }

  /// An answer that may be given, with what it was made of.
  struct ComposedAnswer: Sendable {
    let kind: Answer.Kind
    let text: String
    let citations: [Citation]
    /// Those of an extract, in reading order.
    var sentences: [AnswerComposer.Sentence] = []
    var grounds: AnswerGrounds?
  }

  private func compose(from hits: [SearchHit], plan: Plan, viewer: Viewer) async throws -> ComposedAnswer? {
    guard let best = hits.first else { return nil }
    if best.passage.document.kind == .faq, !best.text.isEmpty {
      return ComposedAnswer(kind: .faq, text: best.text, citations: [best.citation])
    }
    return try await extract(from: hits, plan: plan, viewer: viewer)
  }

  /// Gathers what speaks for an answer; what needs a model that is missing, busy or does not know the language is
  /// left out.
  private func evidence(
    for answer: ComposedAnswer, from best: SearchHit, plan: Plan
  ) async throws -> AnswerEvidence {
    var evidence = AnswerEvidence()
    let composer = AnswerComposer(analyzer: analyzer)
    evidence.overlap =
      answer.sentences.map(\.overlap).max()
      ?? composer.overlap(of: plan.askedTerms, termWeights(plan), with: composer.terms(in: best.passage))
    // Both sentences of an extract are of one document, which need not be the best hit's.
    let title = answer.sentences.first?.passage.document.title ?? best.title
    do {
      try await compare(answer, under: title, with: plan, &evidence)
      if let reranker = options.reranker, reranker.reads(plan.language) {
        let read = [title, answer.text].filter { !$0.isEmpty }.joined(separator: "\n")
        evidence.relevance =
          try await reranker.scores(of: [read], for: plan.standalone.question).first.map(Double.init)
      }
    } catch is EmbeddingError {
      // Not installed, or busy: the rest speaks.
    }
    return evidence
  }

  /// Cosines of the question with the title and the sentences of an answer.
  private func compare(
    _ answer: ComposedAnswer, under title: String, with plan: Plan, _ evidence: inout AnswerEvidence
  ) async throws {
    guard plan.model == ConfidencePrior.cosineModel, plan.candidateQuery.vector != nil,
      try ModelCatalogue.specification(named: plan.model).reads(plan.language?.rawValue)
    else { return }
    let service = try await embedders.service(for: plan.model)
    let question = try await service.embedQuery(plan.standalone.question)
    // Sentences were compared with the question already, unless the turns before it had a part in that.
    let isCompared = plan.standalone.context == nil
    let texts = (title.isEmpty ? [] : [title]) + (isCompared ? [] : answer.sentences.map(\.text))
    var cosines = try await service.embedForQuestion(texts).map { $0.cosine(with: question) }
    if !title.isEmpty { evidence.title = cosines.removeFirst() }
    evidence.sentence = isCompared ? answer.sentences.map(\.cosine).max() : cosines.max()
  }

  static let abstention = "I could not find an answer to that in the knowledge base."

  /// idf of every query term in the snapshot; a term that nothing contains weighs most.
  func termWeights(_ plan: Plan) -> [String: Double] {
    var weights: [String: Double] = [:]
    let total = Double(plan.snapshot.liveChunks)
    for term in plan.askedTerms {
      for alternative in term.alternatives {
        let frequency = Double(plan.snapshot.documentFrequency(of: alternative))
        weights[alternative] = log(1 + (total - frequency + 0.5) / (frequency + 0.5))
      }
    }
    return weights
  }

  private func extract(
    from hits: [SearchHit], plan: Plan, viewer: Viewer
  ) async throws -> ComposedAnswer? {
    guard let best = hits.first else { return nil }
    var passages = hits.prefix(Self.answerPassages)
      .filter { $0.score >= best.score * Self.passageShare && $0.passage.document.kind == .article }
      .map { (passage: $0.passage, score: $0.score) }
    let around = max(0, best.passage.ordinal - 1)...(best.passage.ordinal + 1)
    let neighbours = try await plan.passages.passages(of: best.passage.document.id, ordinals: around)
    for neighbour in neighbours where !passages.contains(where: { $0.passage.chunk == neighbour.chunk }) {
      guard viewer.maySee(neighbour.document.visibility),
        neighbour.document.version == best.passage.document.version
      else { continue }
      passages.append((neighbour, best.score * Self.passageShare))
    }
    let composer = AnswerComposer(analyzer: analyzer)
    let (terms, weights, all) = (plan.askedTerms, termWeights(plan), passages)
    var sentences = composer.sentences(of: all, terms: terms, weights: weights)
    if let vector = plan.candidateQuery.vector, !sentences.isEmpty {
      let vectors = try await embedders.service(for: plan.model).embedForQuestion(sentences.map(\.text))
      for (i, sentence) in vectors.enumerated() {
        sentences[i].cosine = plan.candidateQuery.fusion.scaled(sentence.cosine(with: vector))
      }
    }
    try await compare(&sentences, with: plan)
    let chosen = composer.choose(sentences)
    guard let core = chosen.min(by: AnswerComposer.precedes) else { return nil }
    return ComposedAnswer(
      kind: .extract, text: chosen.map(\.text).joined(separator: " "),
      citations: chosen.map(Citation.init), sentences: chosen,
      grounds: AnswerGrounds(passages: passages.map(\.passage), core: Citation(core)))
  }

  /// Lets the cross-encoder judge the sentences that look best; where it is missing, busy or does not know the
  /// language, their looks decide.
  private func compare(_ sentences: inout [AnswerComposer.Sentence], with plan: Plan) async throws {
    guard sentences.count > 1, let reranker = options.reranker, reranker.reads(plan.language) else { return }
    sentences.sort(by: AnswerComposer.precedes)
    let compared = sentences.prefix(AnswerComposer.compared)
    do {
      let scores = try await reranker.scores(
        of: compared.map(\.textToCompare), for: plan.standalone.question)
      for (place, score) in scores.enumerated() { sentences[place].relevance = Double(score) }
    } catch is EmbeddingError {
      return
    }
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
