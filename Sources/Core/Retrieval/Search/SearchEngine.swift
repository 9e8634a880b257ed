import Domain
import Embedding
import Foundation
import Logging
import SearchIndex
import Synchronization
import TextAnalysis

/// Answers searches and questions from the indexes of one store.
///
/// Reads one immutable snapshot per request; safe to call from any task. The same functions serve REST,
/// CLI and evaluation.
public final class SearchEngine: Sendable {
  public struct Options: Sendable {
    /// Share of the lexical half; nil for what suits the model.
    public var lexicalWeight: Double?
    /// BM25F score that counts as 1.
    public var lexicalScale = ConvexFusion.standard.lexicalScale
    public var feedback = RelevanceFeedback.standard
    public var bm25 = BM25FParameters.passages
    /// Share of wrong ones among given answers to aim at.
    public var answerTarget = 0.1
    /// Probability of being right below which an answer is not given; nil for what suits the target.
    public var answerThreshold: Double?
    /// Searches running at one time.
    public var threads = ProcessInfo.processInfo.activeProcessorCount
    /// Searches running and waiting before the next is refused.
    public var queueLimit = 512
    public var generationTimeout: Duration = .seconds(5)
    /// Compares the best hits with the question; nil for none.
    public var reranker: Reranker?
    /// Share of the cross-encoder in a score, 0-1.
    public var rerankWeight = 0.15
    public var priors = DocumentPriors.none
    public init() {}
  }

  let store: any DocumentStore
  let indexes: IndexRegistry
  let embedders: EmbedderRegistry
  let options: Options
  let analyzer = TextAnalyzer()
  let workers: SearchWorkers
  let mentionsByGeneration = Mutex<
    [KnowledgeBaseID: (generation: Int64, byFilter: [LabelFilter: AttributeMentions])]
  >([:])
  let balanceByGeneration = Mutex<
    [KnowledgeBaseID: (generation: Int64, byFilter: [LabelFilter: LanguageBalance?])]
  >([:])
  private let languagesByGeneration = Mutex<
    [KnowledgeBaseID: (generation: Int64, languages: [LanguageCount])]
  >([:])

  public init(
    store: any DocumentStore, indexes: IndexRegistry, embedders: EmbedderRegistry,
    options: Options = Options()
  ) {
    self.store = store
    self.indexes = indexes
    self.embedders = embedders
    self.options = options
    workers = SearchWorkers(threads: options.threads, limit: options.queueLimit)
  }

  /// Lets go of the index of a knowledge base that was deleted.
  public func forget(_ knowledgeBase: String) async {
    await indexes.forget(knowledgeBase)
    mentionsByGeneration.withLock { $0 = [:] }
    balanceByGeneration.withLock { $0 = [:] }
    languagesByGeneration.withLock { $0 = [:] }
  }

  // MARK: Search

  /// Finds the passages nearest to a query.
  ///
  /// - Returns: hits best first, ties by chunk id, of a single generation. Hybrid without a usable model
  ///   is lexical, and says so in `degraded`.
  /// - Throws: `query_empty`, `query_too_long`, `invalid_limit`, `unknown_filter_key`, `kb_not_found`,
  ///   `invalid_facets`, `invalid_without`, `generation_not_reached`, `mode_unavailable` and `model_unavailable` (dense
  ///   only), `overloaded`.
  public func search(_ request: SearchRequest) async throws -> SearchResponse {
    let start = ContinuousClock.now
    return try await workers.run { try await self.search(request, since: start) }
  }

  private func search(
    _ request: SearchRequest, since start: ContinuousClock.Instant
  ) async throws -> SearchResponse {
    var trace = SearchTrace()
    let plan = try await plan(request, trace: &trace)
    let result = try await hits(of: plan, request: request, trace: &trace)
    var missing: MissingHit?
    if let id = request.whyNot {
      missing = try await self.missing(id, from: result, plan: plan, request: request)
    }
    let took = start.duration(to: .now).milliseconds
    return SearchResponse(
      hits: result.hits, generation: Generation(rawValue: plan.snapshot.generation), tookMilliseconds: took,
      degraded: plan.degraded + result.degraded, facets: result.facets, missing: missing,
      explanation: request.explain ? explanation(of: plan, result, trace: trace) : nil)
  }

  /// A request understood: everything that the index needs, the snapshot that is read, and what was found in
  /// the meantime.
  struct Plan: Sendable {
    let knowledgeBase: KnowledgeBaseID
    let query: String
    /// The query with what earlier turns make of it.
    let standalone: StandaloneQuery
    let snapshot: SearchSnapshot
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
    let (snapshot, model) = (current.snapshot, current.model)
    let filterLabels = try request.filter.labels(known: snapshot.labels(startingWith:))
    for key in request.facets { _ = try IndexLabel.prefix(ofKey: key) }
    let counts = languages(of: follower.id, in: snapshot)
    let languages = counts.map(\.language)
    let standalone = FollowUpReader(analyzer: analyzer, languages: languages).read(
      query, after: request.history)
    var lap = ContinuousClock.now
    let visible = LabelFilter(
      all: request.viewer.labels.map { [$0.map { IndexLabel.visibility + $0 }] } ?? [])
    func analyzed(_ text: String) -> [QueryTerm] {
      analyzer.queryTerms(of: text, languages: languages).map { $0.corrected(by: snapshot, visible: visible) }
    }
    let rules = current.rules.compiled(by: analyzer, for: languages)
    let terms = analyzer.queryTerms(of: standalone.text, languages: languages)
      .map { rules.synonyms.knows($0) ? $0 : $0.corrected(by: snapshot, visible: visible) }
    let expansion = rules.synonyms.expand(terms, of: standalone.text).completed(
      request.mode == .suggest && request.query.last?.isWhitespace == false
        ? { $0.completed(by: snapshot, visible: visible) } : nil)
    async let embedding = embedding(of: standalone, as: expansion.texts, by: model, for: request)
    let earlierTerms = standalone.continued.map(analyzed) ?? []
    let boosts =
      request.mode == .hybrid
      ? boosts(of: standalone, kb: follower.id, in: snapshot, visible: visible, languages: languages) : []
    trace.mark("analyze", since: &lap)
    let language = Self.language(of: standalone.text, among: languages)
    let weights = HalfWeights(
      options, model: try? ModelCatalogue.specification(named: model), language: language,
      ownShare: Self.ownShare(of: standalone.text, among: counts), terms: terms,
      isRare: { (1...Self.rareChunks).contains(snapshot.documentFrequency(of: $0)) })
    var candidateQuery = CandidateQuery(
      mode: request.mode,
      lexical: lexicalQuery(expansion, continuing: earlierTerms, in: request.mode), vector: nil,
      filter: LabelFilter(all: filterLabels + visible.all), weights: weights, boosts: boosts,
      balance: request.mode == .hybrid
        ? balance(
          for: model, of: follower.id, in: snapshot, visible: visible, languages: languages)
        : nil)
    let depth = max(100, 2 * request.limit)
    let lexicalHits = candidateQuery.lexicalHits(in: snapshot, depth: depth)
    trace.mark("lexical", since: &lap)
    let degraded: [String]
    (candidateQuery.vector, degraded) = try await embedding
    trace.mark("embed", since: &lap)
    return Plan(
      knowledgeBase: follower.id, query: query, standalone: standalone, snapshot: snapshot, model: model,
      languages: languages, language: language, terms: expansion.asked,
      curations: rules.curations(for: terms), earlierTerms: earlierTerms, candidateQuery: candidateQuery,
      depth: depth, lexicalHits: lexicalHits, degraded: degraded,
      calibrator: current.calibrator.flatMap { $0.basis == calibrationBasis(for: model) ? $0 : nil })
  }

  /// The language in which a query will find something: its own, or that of most documents where it is too short to
  /// tell or nothing is written in it.
  ///
  /// - Parameter languages: those of the knowledge base, the most used first.
  static func language(of query: String, among languages: [Language]) -> Language? {
    guard languages.count > 1, let own = LanguageDetector().detect(query)?.language, languages.contains(own)
    else { return languages.first }
    return own
  }

  /// The share of passages that are in a query's own language; nil where it is too short to tell, or nothing is known
  /// of theirs.
  static func ownShare(of query: String, among languages: [LanguageCount]) -> Double? {
    guard !languages.isEmpty, let own = LanguageDetector().detect(query)?.language else { return nil }
    let count = languages.first { $0.language == own }?.passages ?? 0
    return Double(count) / Double(languages.reduce(0) { $0 + $1.passages })
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
      var own = try await service.embedQuery(texts[0])
      for text in texts.dropFirst() {
        own = zip(own, try await service.embedQuery(text)).map { $0 + $1 }
      }
      own = own.unit ?? own
      guard let context = query.context else { return (own, []) }
      let share = Float(query.contextShare)
      let blend = zip(own, try await service.embedQuery(context)).map { (1 - share) * $0 + share * $1 }
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
  private func languages(of id: KnowledgeBaseID, in snapshot: SearchSnapshot) -> [LanguageCount] {
    if let known = languagesByGeneration.withLock({ $0[id] }), known.generation == snapshot.generation {
      return known.languages
    }
    let counts = snapshot.labelCounts(prefix: IndexLabel.language, filter: LabelFilter(all: []))
    let languages = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
      .map {
        LanguageCount(
          language: Language(rawValue: String($0.key.dropFirst(IndexLabel.language.count))),
          passages: $0.value)
      }
    languagesByGeneration.withLock { $0[id] = (snapshot.generation, languages) }
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

  // MARK: Candidates to hits

  struct HitSet: Sendable {
    var hits: [SearchHit] = []
    let candidates: CandidateSet
    var rerankPairs = 0
    var degraded: [String] = []
    var facets: [String: [FacetCount]] = [:]
  }

  func hits(of plan: Plan, request: SearchRequest, trace: inout SearchTrace) async throws -> HitSet {
    let pairs = pairs(of: request, plan: plan)
    let limit = max(request.limit, pairs, options.priors.isNone ? 0 : DocumentPriors.depth)
    let curated = try await curated(by: plan, for: request)
    var depth = plan.depth
    while true {
      let found = candidates(of: plan, depth: depth, trace: &trace)
      var lap = ContinuousClock.now
      let (pinned, rest) = try await curated.applied(to: found.candidates, by: self, for: request)
      let chosen = Self.choose(rest, grouping: request.grouping)
      var passages = try await gather(chosen, limit: limit, for: request)
      trace.mark("hydrate", since: &lap)
      if passages.count >= limit || found.isExhausted {
        var result = HitSet(candidates: found)
        if !options.priors.isNone { weigh(&passages) }
        if !request.facets.isEmpty {
          result.facets = try await facets(
            request.facets, of: pinned.map(\.candidate) + rest, for: request.viewer)
          trace.mark("facets", since: &lap)
        }
        if pairs > 0 {
          let missing = try await rerank(&passages, first: pairs, for: plan.standalone.question)
          trace.mark("rerank", since: &lap)
          if let missing {
            result.degraded.append(missing)
          } else {
            result.rerankPairs = min(pairs, passages.count)
          }
        }
        let shown = (pinned + passages).prefix(request.limit)
        result.hits = hits(from: shown, plan: plan, request: request)
        trace.mark("highlight", since: &lap)
        return result
      }
      depth *= 4
    }
  }

  private func candidates(of plan: Plan, depth: Int, trace: inout SearchTrace) -> CandidateSet {
    let (snapshot, query) = (plan.snapshot, plan.candidateQuery)
    var lap = ContinuousClock.now
    let lexicalHits =
      depth == plan.depth ? plan.lexicalHits : query.lexicalHits(in: snapshot, depth: depth)
    trace.mark("lexical", since: &lap)
    let denseHits = query.denseHits(in: snapshot, depth: depth)
    trace.mark("dense", since: &lap)
    let found = query.candidates(
      in: snapshot, lexicalHits: lexicalHits, denseHits: denseHits, depth: depth)
    trace.mark("fuse", since: &lap)
    return found
  }

  /// The best passage of each document, or passages as they come.
  static func choose(_ candidates: [Candidate], grouping: SearchGrouping) -> [Candidate] {
    guard grouping == .document else { return candidates }
    var seen: Set<UInt64> = []
    return candidates.filter { seen.insert($0.group).inserted }
  }

  /// The first passages that say something new, as many as are wanted.
  private func gather(
    _ candidates: [Candidate], limit: Int, for request: SearchRequest
  ) async throws -> [Found] {
    var collapse = PassageCollapse(countsTitles: request.mode == .suggest)
    var rest = candidates[...]
    while collapse.found.count < limit, !rest.isEmpty {
      let page = rest.prefix(limit - collapse.found.count)
      rest = rest.dropFirst(page.count)
      for found in try await hydrate(Array(page), for: request.viewer) { collapse.add(found) }
    }
    return collapse.found
  }

  private func weigh(_ passages: inout [Found]) {
    for place in passages.indices {
      let prior = options.priors.prior(of: passages[place].passage.document)
      passages[place].candidate.prior = prior
      passages[place].candidate.score += prior
    }
    passages.sort { Candidate.precedes($0.candidate, $1.candidate) }
  }

  /// The passages of candidates, in one query. What was deleted since the snapshot was taken, or hidden from
  /// this viewer since, is left out.
  func hydrate(_ candidates: [Candidate], for viewer: Viewer) async throws -> [Found] {
    let ids = candidates.map { ChunkID(rawValue: $0.key) }
    let passages = try await CallerThread.$mayBlock.withValue(true) { try await store.passages(ids) }
    return candidates.compactMap { candidate in
      guard let passage = passages[ChunkID(rawValue: candidate.key)],
        viewer.maySee(passage.document.visibility)
      else { return nil }
      return Found(candidate: candidate, passage: passage)
    }
  }

  private func hits(from found: ArraySlice<Found>, plan: Plan, request: SearchRequest) -> [SearchHit] {
    let highlighter = Highlighter(analyzer: analyzer, terms: plan.terms)
    return found.map { found in
      SearchHit(
        found.candidate, passage: found.passage, highlights: highlighter.highlights(in: found.passage),
        mode: plan.candidateQuery.mode, isFused: plan.candidateQuery.vector != nil,
        isPinned: found.isPinned, alsoIn: found.alsoIn.map(DocumentReference.init),
        explanation: request.explain ? explanation(of: found.candidate, plan: plan) : nil)
    }
  }
}

extension SearchHit {
  fileprivate init(
    _ candidate: Candidate, passage: Passage, highlights: [[Int]], mode: SearchMode, isFused: Bool,
    isPinned: Bool, alsoIn: [DocumentReference], explanation: HitExplanation?
  ) {
    self.init(
      documentID: passage.document.id.description, externalID: passage.document.externalID,
      chunkID: passage.chunk.description, title: passage.document.title, headingPath: passage.headingPath,
      text: passage.text, highlights: highlights, score: candidate.score,
      scores: HitScores(
        lexical: candidate.lexical, dense: candidate.dense,
        fused: mode == .hybrid && isFused ? candidate.fused ?? candidate.score : nil,
        rerank: candidate.rerank),
      citation: Citation(quoting: passage.text, at: passage.span, of: passage.document),
      explanation: explanation, isPinned: isPinned, alsoIn: alsoIn, passage: passage)
  }
}

extension Duration {
  public var milliseconds: Double {
    Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
  }
}
