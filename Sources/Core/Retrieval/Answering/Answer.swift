import Domain

/// A question that wants one answer.
public struct AnswerRequest: Sendable {
  public var question: String
  public var knowledgeBase: String
  public var history: [HistoryTurn]
  /// Which documents may be answered from.
  public var filter: SearchFilter
  /// As of `SearchRequest`.
  public var rerankPairs: Int?
  public var minGeneration: Generation?
  public var viewer: Viewer
  /// Gives an answer however unsure it is: for those who measure.
  public var answersAlways = false
  /// As of `SearchRequest`: what would the answer be without them?
  public var without: [String] = []
  /// As of `SearchRequest`.
  public var asOf: AsOf?

  public init(
    question: String, knowledgeBase: String = KnowledgeBase.defaultName, history: [HistoryTurn] = [],
    filter: SearchFilter = SearchFilter(), rerankPairs: Int? = nil, minGeneration: Generation? = nil,
    viewer: Viewer = .anonymous
  ) {
    self.question = question
    self.knowledgeBase = knowledgeBase
    self.history = history
    self.filter = filter
    self.rerankPairs = rerankPairs
    self.minGeneration = minGeneration
    self.viewer = viewer
  }
}

/// What is said to the customer.
public struct Answer: Sendable, Hashable, Encodable {
  public enum Kind: String, Sendable, Codable { case faq, extract, generated, abstain }
  public let kind: Kind
  public let text: String
  /// Probability that the answer is right, or would be where none is given; 0-1.
  public let confidence: Double
  /// What the probability was learned from.
  public let calibration: Calibration

  enum CodingKeys: CodingKey { case kind, text, confidence, calibration }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(kind, forKey: .kind)
    try container.encode(text, forKey: .text)
    try container.encode(confidence, forKey: .confidence)
    try container.encode(calibration, forKey: .calibration)
  }
}

/// A nearby document that may help where the answer does not.
public struct Suggestion: Sendable, Hashable, Encodable {
  public let documentID: String
  public let externalID: String
  public let title: String
  public let url: String?
  enum CodingKeys: String, CodingKey {
    case documentID = "document_id"
    case externalID = "external_id"
    case title, url
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(documentID, forKey: .documentID)
    try container.encode(externalID, forKey: .externalID)
    try container.encode(title, forKey: .title)
    try container.encode(url, forKey: .url)
  }
}

/// What an extract was taken from, for those who go on with it.
public struct AnswerGrounds: Sendable {
  /// The best first.
  public let passages: [Passage]
  /// Of the sentence that answers best.
  public let core: Citation
}

/// An answer with its proof.
public struct AnswerResponse: Sendable, Encodable {
  public let answer: Answer
  /// Empty in an abstention.
  public let citations: [Citation]
  public let suggestions: [Suggestion]
  public let generation: Generation
  public let tookMilliseconds: Double
  /// What speaks for the answer, given or not; nil where nothing was found.
  public let evidence: AnswerEvidence?
  /// What an extract was taken from; nil for other answers.
  public let grounds: AnswerGrounds?

  enum CodingKeys: String, CodingKey {
    case answer, citations, suggestions, generation
    case tookMilliseconds = "took_ms"
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(answer, forKey: .answer)
    try container.encode(citations, forKey: .citations)
    try container.encode(suggestions, forKey: .suggestions)
    try container.encode(generation.rawValue, forKey: .generation)
    try container.encode(tookMilliseconds, forKey: .tookMilliseconds)
  }
}
