import Domain
import Embedding
import Foundation
import SearchIndex
import TextAnalysis

extension SearchEngine {
  /// A request understood: everything that the index needs, the snapshot that is read, and what was found in
  /// the meantime.
  struct Plan: Sendable {
    let knowledgeBase: KnowledgeBaseID
    let query: String
    /// The query with what earlier turns make of it.
    let standalone: StandaloneQuery
    let snapshot: SearchSnapshot
    /// What it was read from; of a search of the past the generation that was asked for.
    let generation: Generation
    let passages: any PassageSource
    let model: String
    let languages: [Language]
    /// That of the question; nil in a knowledge base without any.
    let language: Language?
    /// What is asked for, synonyms included.
    let terms: [QueryTerm]
    /// What an editor decided for this question.
    let curations: [SearchRules.Curation]
    /// Those of the question that this one continues.
    let earlierTerms: [QueryTerm]
    let candidateQuery: CandidateQuery
    /// How many hits each half is first asked for.
    let depth: Int
    /// Those of the lexical half, found while the model was at work.
    let lexicalHits: [Hit]
    let degraded: [String]
    /// Of the knowledge base's own questions; nil where there is none that fits.
    let calibrator: AnswerCalibrator?

    /// What the question asks for, with what it continues.
    var askedTerms: [QueryTerm] { terms + earlierTerms }
  }

  func plan(_ request: SearchRequest, trace: inout SearchTrace) async throws -> Plan {
    let query = try Self.validated(request)
    let follower = try await indexes.follower(of: request.knowledgeBase)
    if let generation = request.minGeneration {
      try await follower.wait(for: generation, timeout: options.generationTimeout)
    }
    let current = follower.current.value
    let read = try await read(current, of: follower.id, for: request)
    let (snapshot, model, cache) = (read.snapshot, current.model, read.cache)
    let filterLabels = try request.filter.labels(known: snapshot.labels(startingWith:))
    for key in request.facets { _ = try IndexLabel.prefix(ofKey: key) }
    let counts = languages(of: cache, in: snapshot)
    let languages = counts.map(\.language)
    let standalone = FollowUpReader(analyzer: analyzer, languages: languages).read(
      query, after: request.history)
    var lap = ContinuousClock.now
    let visible = LabelFilter(
      all: request.viewer.labels.map { [$0.map { IndexLabel.visibility + $0 }] } ?? [])
    let rules = current.rules.compiled(by: analyzer, for: languages)
    let terms = analyzer.queryTerms(of: standalone.text, languages: languages)
      .map { rules.synonyms.knows($0) ? $0 : $0.corrected(by: snapshot, visible: visible) }
    let expansion = rules.synonyms.expand(terms, of: standalone.text).completed(
      request.mode == .suggest && request.query.last?.isWhitespace == false
        ? { $0.completed(by: snapshot, visible: visible) } : nil)
    async let embedding = embedding(of: standalone, as: expansion.texts, by: model, for: request)
    let earlierTerms =
      standalone.continued.map {
        analyzer.queryTerms(of: $0, languages: languages).map { $0.corrected(by: snapshot, visible: visible) }
      } ?? []
    let boosts =
      request.mode == .hybrid
      ? boosts(of: standalone, kb: cache, in: snapshot, visible: visible, languages: languages) : []
    trace.mark("analyze", since: &lap)
    let specification = try? ModelCatalogue.specification(named: model)
    let readsAll = specification?.readsEveryLanguage == true
    // Of one language there is nothing to tell apart, unless the question may be in another.
    let own =
      languages.count > 1 || readsAll ? LanguageDetector().detect(standalone.text)?.language : nil
    let language = Self.language(of: own, among: languages)
    let weights = HalfWeights(
      options, model: specification, language: language,
      ownShare: own.flatMap { Self.share(of: $0, among: counts) }, terms: terms,
      isRare: { (1...Self.rareChunks).contains(snapshot.documentFrequency(of: $0)) })
    var candidateQuery = CandidateQuery(
      mode: request.mode,
      lexical: lexicalQuery(expansion, continuing: earlierTerms, in: request.mode), vector: nil,
      filter: LabelFilter(all: filterLabels + visible.all), weights: weights, boosts: boosts,
      balance: request.mode == .hybrid && readsAll
        ? balance(of: cache, in: snapshot, visible: visible, languages: languages) : nil)
    let depth = max(100, 2 * request.limit)
    let lexicalHits = candidateQuery.lexicalHits(in: snapshot, depth: depth)
    trace.mark("lexical", since: &lap)
    let degraded: [String]
    (candidateQuery.vector, degraded) = try await embedding
    trace.mark("embed", since: &lap)
    return Plan(
      knowledgeBase: follower.id, query: query, standalone: standalone, snapshot: snapshot,
      generation: read.generation, passages: read.passages, model: model,
      languages: languages, language: language, terms: expansion.asked,
      curations: rules.curations(for: terms), earlierTerms: earlierTerms, candidateQuery: candidateQuery,
      depth: depth, lexicalHits: lexicalHits, degraded: degraded + read.degraded,
      calibrator: current.calibrator.flatMap { $0.basis == calibrationBasis(for: model) ? $0 : nil })
  }

  /// The language in which a query will find something: its own, or that of most documents where it is too short to
  /// tell or nothing is written in it.
  ///
  /// - Parameters:
  ///   - own: the query's; nil where it is too short to tell.
  ///   - languages: those of the knowledge base, the most used first.
  static func language(of own: Language?, among languages: [Language]) -> Language? {
    own.flatMap { languages.contains($0) ? $0 : nil } ?? languages.first
  }

  /// The share of passages that are in a language; nil where nothing is known of theirs.
  static func share(of language: Language, among languages: [LanguageCount]) -> Double? {
    let total = languages.reduce(0) { $0 + $1.passages }
    guard total > 0 else { return nil }
    return Double(languages.first { $0.language == language }?.passages ?? 0) / Double(total)
  }

  /// The query's vector, and what is missing where there is none that should be.
  private func embedding(
    of query: StandaloneQuery, as texts: [String], by model: String, for request: SearchRequest
  ) async throws -> (vector: [Float]?, degraded: [String]) {
    guard request.mode.asksModel else { return (nil, []) }
    guard model != KnowledgeBase.noModel else {
      guard request.mode == .dense else { return (nil, []) }
      throw RetrievalError(
        .modeUnavailable, "Knowledge base '\(request.knowledgeBase)' has no embedding model: use lexical.")
    }
    do {
      let service = try await embedders.service(for: model)
      func embed(_ text: String) async throws -> [Float] {
        try await InferenceTimer.measure(.embed, model: model) { try await service.embedQuery(text) }
      }
      var own = try await embed(texts[0])
      for text in texts.dropFirst() {
        own = zip(own, try await embed(text)).map { $0 + $1 }
      }
      own = own.unit ?? own
      guard let context = query.context else { return (own, []) }
      let share = Float(query.contextShare)
      let blend = zip(own, try await embed(context)).map { (1 - share) * $0 + share * $1 }
      return (blend.unit ?? own, [])
    } catch let error as EmbeddingError where error.code == "overloaded" {
      throw RetrievalError(.overloaded, "Too many questions at once; try again in a second.", cause: error)
    } catch let error as EmbeddingError where request.mode == .hybrid {
      return (nil, ["dense_unavailable: \(error.message)"])
    } catch let error as EmbeddingError {
      throw RetrievalError(.modelUnavailable, error.message, cause: error)
    }
  }

  /// A term of so few chunks is a name.
  private static let rareChunks = 5

  private static func validated(_ request: SearchRequest) throws(RetrievalError) -> String {
    guard request.query.utf8.count <= SearchRequest.maxQueryBytes else {
      throw RetrievalError(
        .queryTooLong, "A query is at most \(SearchRequest.maxQueryBytes) bytes; send the question alone.")
    }
    // NUL and other controls separate words and mean nothing else.
    let query = String(
      String.UnicodeScalarView(request.query.unicodeScalars.map { $0.value < 0x20 ? " " : $0 })
    ).trimmingCharacters(in: .whitespacesAndNewlines)
    guard !query.isEmpty else {
      throw RetrievalError(.queryEmpty, "The query is empty; say what to look for.")
    }
    guard request.facets.count <= SearchRequest.maxFacets else {
      throw RetrievalError(.invalidFacets, "facets holds at most \(SearchRequest.maxFacets) keys.")
    }
    guard request.without.count <= SearchRequest.maxWithout else {
      throw RetrievalError(.invalidWithout, "without holds at most \(SearchRequest.maxWithout) ids.")
    }
    guard SearchRequest.limits.contains(request.limit) else {
      throw RetrievalError(.invalidLimit, "limit is 1 to \(SearchRequest.limits.upperBound).")
    }
    guard (0...Reranker.maxPairs).contains(request.rerankPairs ?? 0) else {
      throw RetrievalError(.invalidRerankPairs, "rerank_pairs is 0 to \(Reranker.maxPairs).")
    }
    guard request.history.count <= SearchRequest.maxHistoryTurns else {
      throw RetrievalError(
        .invalidHistory, "history holds at most \(SearchRequest.maxHistoryTurns) turns; send the last ones.")
    }
    return query
  }

  /// The languages that a knowledge base is written in, most used first.
  ///
  /// - Parameter id: nil where nothing is to be remembered.
  private func languages(of id: KnowledgeBaseID?, in snapshot: SearchSnapshot) -> [LanguageCount] {
    if let id, let known = languagesByGeneration.withLock({ $0[id] }), known.generation == snapshot.generation
    {
      return known.languages
    }
    let counts = snapshot.labelCounts(prefix: IndexLabel.language, filter: LabelFilter(all: []))
    let languages = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
      .map {
        LanguageCount(
          language: Language(rawValue: String($0.key.dropFirst(IndexLabel.language.count))),
          passages: $0.value)
      }
    if let id { languagesByGeneration.withLock { $0[id] = (snapshot.generation, languages) } }
    return languages
  }

  /// A term said twice counts twice: its weight is its count. Those of the question that this one continues count
  /// half.
  private func lexicalQuery(
    _ expansion: SynonymMap.Expansion, continuing earlier: [QueryTerm], in mode: SearchMode
  ) -> LexicalQuery {
    var order: [[String]] = []
    var weights: [[String]: Float] = [:]
    for term in expansion.terms {
      if weights[term.alternatives] == nil { order.append(term.alternatives) }
      weights[term.alternatives, default: 0] += 1
    }
    for addition in expansion.additions where weights[addition.term.alternatives] == nil {
      order.append(addition.term.alternatives)
      weights[addition.term.alternatives] = addition.weight
    }
    for term in earlier where weights[term.alternatives] == nil && !term.isStopWord {
      order.append(term.alternatives)
      weights[term.alternatives] = 0.5
    }
    return LexicalQuery(
      terms: order.map { LexicalQuery.Term(alternatives: $0, weight: weights[$0] ?? 1) },
      parameters: mode == .suggest ? .suggestions : options.bm25)
  }
}
