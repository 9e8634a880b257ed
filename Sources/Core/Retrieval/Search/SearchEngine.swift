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
    /// Share of the cross-encoder in a score, 0-1; nil for what suits the question.
    public var rerankWeight: Double?
    public var priors = DocumentPriors.none
    public var past = PastLimits()
    public init() {}
  }

  let store: any DocumentStore
  let indexes: IndexRegistry
  public let embedders: EmbedderRegistry
  let options: Options
  let analyzer = TextAnalyzer()
  let workers: SearchWorkers
  let pastIndexes: PastIndexes
  let mentionsByGeneration = Mutex<
    [KnowledgeBaseID: (generation: Int64, byFilter: [LabelFilter: AttributeMentions])]
  >([:])
  let balanceByGeneration = Mutex<
    [KnowledgeBaseID: (generation: Int64, byFilter: [LabelFilter: LanguageBalance?])]
  >([:])
  let languagesByGeneration = Mutex<
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
    pastIndexes = PastIndexes(
      store: store, embedders: embedders, analyzer: analyzer, limits: options.past)
    workers = SearchWorkers(threads: options.threads, limit: options.queueLimit)
  }

  /// Lets go of the index of a knowledge base that was deleted.
  public func forget(_ knowledgeBase: String) async {
    await pastIndexes.forgetAll()
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
  ///   `invalid_facets`, `invalid_without`, `as_of_unavailable`, `as_of_too_large`, `generation_not_reached`, `mode_unavailable` and `model_unavailable` (dense
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
      hits: result.hits, generation: plan.generation, tookMilliseconds: took,
      degraded: plan.degraded + result.degraded, facets: result.facets, missing: missing,
      explanation: request.explain ? explanation(of: plan, result, trace: trace) : nil)
  }
}

extension Duration {
  public var milliseconds: Double {
    Double(components.seconds) * 1000 + Double(components.attoseconds) / 1e15
  }
}
