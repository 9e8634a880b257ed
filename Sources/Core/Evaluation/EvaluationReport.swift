import Retrieval

/// Figures of one run; encodes as the contract's JSON.
public struct EvaluationReport: Sendable, Encodable {
  public struct Abstention: Sendable, Encodable {
    /// Of confidence against right; nil where all or none were right.
    public let auroc: Double?
    /// Answered answerable questions / answerable questions.
    public let coverage: Double
    /// Not right / answered.
    public let error: Double
    /// Share of wrong answers that was asked for; nil where a threshold was set instead.
    public let target: Double?
    enum CodingKeys: CodingKey { case auroc, coverage, error, target }
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(auroc, forKey: .auroc)
      try container.encode(coverage, forKey: .coverage)
      try container.encode(error, forKey: .error)
      try container.encode(target, forKey: .target)
    }
  }
  public let ndcg10: Double
  public let mrr10: Double
  public let recall10: Double
  public let recall100: Double
  public let queries: Int
  public let p50Milliseconds: Double
  public let p95Milliseconds: Double
  public let mode: String
  public let model: String
  public let rerankPairs: Int
  /// Whether only hits that might then be first were compared.
  public let rerankContested: Bool
  public let threads: Int
  public let documents: Int
  public let chunks: Int
  public let answerHit: Double?
  public let abstention: Abstention?
  /// What was learned from the run, where it was asked for.
  public var calibration: CalibrationReport?

  enum CodingKeys: String, CodingKey {
    case ndcg10 = "ndcg@10"
    case mrr10 = "mrr@10"
    case recall10 = "recall@10"
    case recall100 = "recall@100"
    case queries
    case p50Milliseconds = "p50_ms"
    case p95Milliseconds = "p95_ms"
    case mode, model
    case rerankPairs = "rerank_pairs"
    case rerankContested = "rerank_contested"
    case threads, documents, chunks
    case answerHit = "answer_hit"
    case abstention, calibration
  }
}

/// What one query found and how well: the lines of a saved run.
public struct QueryOutcome: Sendable, Codable {
  public let query: String
  public let documents: [String]
  public let measures: RankingMeasures?
  public let answerKind: String?
  /// Whether the answer's text contains an expected one.
  public let isHit: Bool?
  /// And its first citation is of a relevant document.
  public let isRight: Bool?
  public let confidence: Double?
  /// What was said.
  public let answer: String?
  /// Of the answer, given or not.
  public let evidence: AnswerEvidence?
}

/// Two runs over the same queries, side by side.
public struct RunComparison: Sendable, Encodable {
  public struct Change: Sendable, Encodable {
    public let query: String
    public let before: Double
    public let after: Double
  }
  /// Mean difference in nDCG@10, this run less the other.
  public let difference: Double
  public let low: Double
  public let high: Double
  public let better: [Change]
  public let worse: [Change]

  public init(_ now: [QueryOutcome], against other: [QueryOutcome]) {
    let before = Dictionary(other.map { ($0.query, $0.measures?.ndcg10) }, uniquingKeysWith: { a, _ in a })
    var changes: [Change] = []
    for outcome in now {
      guard let after = outcome.measures?.ndcg10, let old = before[outcome.query] ?? nil else { continue }
      changes.append(Change(query: outcome.query, before: old, after: after))
    }
    let differences = changes.map { $0.after - $0.before }
    difference = differences.isEmpty ? 0 : differences.reduce(0, +) / Double(differences.count)
    let interval = Statistics.bootstrapInterval(differences)
    (low, high) = (interval.lowerBound, interval.upperBound)
    better = changes.filter { $0.after > $0.before }.sorted { $0.after - $0.before > $1.after - $1.before }
    worse = changes.filter { $0.after < $0.before }.sorted { $0.after - $0.before < $1.after - $1.before }
  }
}
