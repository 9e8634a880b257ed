import Domain
import Foundation
import Knowledge
import Retrieval

/// Runs a set's questions through the very functions that REST calls.
public struct EvaluationRunner: Sendable {
  public struct Options: Sendable {
    public var mode = SearchMode.hybrid
    public var usesHistory = true
    public var knowledgeBase = KnowledgeBase.defaultName
    public var threads = 1
    /// What the engine aims at; nil where its threshold was set.
    public var answerTarget: Double?
    /// Answers are given however unsure they are.
    public var answersAlways = false
    /// Fixed, so that results repeat.
    public var rerankPairs = 0
    /// Compares only hits that may then be first, as searches do that do not say how many: the reranker must allow
    /// as many pairs.
    public var rerankContested = false
    /// Whether answers are composed too; nil: where the set carries answers or says what is answerable.
    public var answers: Bool?
    public init() {}
  }

  let engine: SearchEngine
  let store: any DocumentStore
  private let indexes: IndexRegistry
  let options: Options

  public init(engine: SearchEngine, store: any DocumentStore, indexes: IndexRegistry, options: Options) {
    self.engine = engine
    self.store = store
    self.indexes = indexes
    self.options = options
  }

  /// Brings a set's documents into the knowledge base; those already there and equal cost nothing.
  public static func load(
    _ set: EvaluationSet, into knowledgeBase: String, by ingest: IngestService,
    onProgress: @escaping @Sendable (IngestProgress) -> Void
  ) async throws {
    switch set.corpus {
    case .documents(let documents):
      try await ingest.ingest(documents, into: knowledgeBase, onProgress: onProgress)
    case .folder(let folder):
      var request = PathIngest(paths: [folder.path], knowledgeBase: knowledgeBase)
      request.prune = true
      _ = try await ingest.ingest(request, onProgress: onProgress)
    }
  }

  public func run(
    _ set: EvaluationSet, onQuery: @Sendable (Int) -> Void = { _ in }
  ) async throws -> (report: EvaluationReport, outcomes: [QueryOutcome]) {
    let follower = try await indexes.follower(of: options.knowledgeBase)
    try await follower.catchUp()
    let current = follower.current.value
    var outcomes: [QueryOutcome] = []
    var times: [Double] = []
    let withAnswers = options.answers ?? set.hasAnswers
    for (i, query) in set.queries.enumerated() {
      onQuery(i)
      let grades = set.judgements[query.id] ?? [:]
      let isJudged = grades.values.contains { $0 > 0 }
      var ranked: [String] = []
      if isJudged {
        let (found, time) = try await search(query)
        ranked = found
        times.append(time)
      }
      let answer = withAnswers ? try await self.answer(query, grades: grades) : nil
      outcomes.append(
        QueryOutcome(
          query: query.id, documents: Array(ranked.prefix(10)),
          measures: isJudged ? RankingMeasures(ranked: ranked, grades: grades) : nil,
          answerKind: answer?.kind.rawValue, isHit: answer?.isHit, isRight: answer?.isRight,
          confidence: answer?.confidence,
          answer: answer?.text, evidence: answer?.evidence))
    }
    times.sort()
    let measures = outcomes.compactMap(\.measures)
    func mean(_ value: (RankingMeasures) -> Double) -> Double {
      measures.isEmpty ? 0 : measures.reduce(0) { $0 + value($1) } / Double(measures.count)
    }
    let (answerHit, abstention) = answerFigures(set, outcomes)
    return (
      EvaluationReport(
        ndcg10: mean(\.ndcg10), mrr10: mean(\.mrr10), recall10: mean { $0.recall10 ?? 0 },
        recall100: mean(\.recall100), queries: measures.count,
        p50Milliseconds: Statistics.percentile(times, 0.5),
        p95Milliseconds: Statistics.percentile(times, 0.95),
        mode: options.mode.rawValue, model: current.model, rerankPairs: options.rerankPairs,
        rerankContested: options.rerankContested,
        threads: options.threads,
        documents: current.snapshot.liveGroups, chunks: current.snapshot.liveChunks, answerHit: answerHit,
        abstention: abstention),
      outcomes
    )
  }

  private var rerankPairs: Int? { options.rerankContested ? nil : options.rerankPairs }

  private func search(_ query: EvaluationSet.Query) async throws -> (ranked: [String], milliseconds: Double) {
    let response = try await engine.search(
      SearchRequest(
        query: query.text, knowledgeBase: options.knowledgeBase, limit: 100, mode: options.mode,
        history: options.usesHistory ? query.history : [], rerankPairs: rerankPairs, viewer: .all))
    let ranked = response.hits.sorted {
      $0.score != $1.score ? $0.score > $1.score : $0.externalID < $1.externalID
    }
    return (
      ranked.flatMap { [$0.externalID] + $0.alsoIn.map(\.externalID).sorted() }, response.tookMilliseconds
    )
  }

  private struct JudgedAnswer {
    let kind: Answer.Kind
    let text: String
    /// Contains what is expected; nil where the set does not say what is.
    let isHit: Bool?
    let isRight: Bool
    let confidence: Double
    let evidence: AnswerEvidence?
  }

  private func answer(_ query: EvaluationSet.Query, grades: [String: Int]) async throws -> JudgedAnswer {
    var request = AnswerRequest(
      question: query.text, knowledgeBase: options.knowledgeBase,
      history: options.usesHistory ? query.history : [], rerankPairs: rerankPairs, viewer: .all)
    request.answersAlways = options.answersAlways
    let response = try await engine.answer(request)
    let isRelevant = response.citations.first.map { grades[$0.externalID, default: 0] > 0 } ?? false
    let isHit = query.answers.map { AnswerMatch.contains(any: $0, in: response.answer.text) }
    return JudgedAnswer(
      kind: response.answer.kind, text: response.answer.text, isHit: isHit,
      isRight: isRelevant && isHit ?? true,
      confidence: response.answer.confidence,
      evidence: response.evidence)
  }

  private func answerFigures(
    _ set: EvaluationSet, _ outcomes: [QueryOutcome]
  ) -> (hit: Double?, abstention: EvaluationReport.Abstention?) {
    let pairs = zip(set.queries, outcomes).filter { $1.answerKind != nil }
    guard !pairs.isEmpty else { return (nil, nil) }
    let withGold = pairs.filter { $0.0.answers != nil && $0.0.answerable != false }
    let hits = withGold.count { $0.1.isHit == true }
    let answered = pairs.filter { $0.1.answerKind != Answer.Kind.abstain.rawValue }
    let answerable = pairs.filter { $0.0.answerable ?? true }
    let wrong = answered.count { $0.1.isRight != true }
    let covered = answerable.count { $0.1.answerKind != Answer.Kind.abstain.rawValue }
    return (
      withGold.isEmpty ? nil : Double(hits) / Double(withGold.count),
      EvaluationReport.Abstention(
        auroc: Statistics.auroc(pairs.map { ($0.1.confidence ?? 0, $0.1.isRight == true) }),
        coverage: answerable.isEmpty ? 0 : Double(covered) / Double(answerable.count),
        error: answered.isEmpty ? 0 : Double(wrong) / Double(answered.count), target: options.answerTarget)
    )
  }
}
