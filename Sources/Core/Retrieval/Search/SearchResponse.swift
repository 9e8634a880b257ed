import Domain

/// Raw scores of a hit; nil where the half was not asked or did not find it.
public struct HitScores: Sendable, Hashable, Encodable {
  /// BM25F, 0 and up.
  public var lexical: Double?
  /// Cosine, -1 to 1.
  public var dense: Double?
  public var fused: Double?
  public var rerank: Double?

  public init(lexical: Double? = nil, dense: Double? = nil, fused: Double? = nil, rerank: Double? = nil) {
    self.lexical = lexical
    self.dense = dense
    self.fused = fused
    self.rerank = rerank
  }

  enum CodingKeys: CodingKey { case lexical, dense, fused, rerank }
  // Null is said, not left out: the contract.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(lexical, forKey: .lexical)
    try container.encode(dense, forKey: .dense)
    try container.encode(fused, forKey: .fused)
    try container.encode(rerank, forKey: .rerank)
  }
}

/// A passage that was found.
public struct SearchHit: Sendable, Encodable {
  public let documentID: String
  public let externalID: String
  public let chunkID: String
  public let title: String
  public let headingPath: [String]
  public let text: String
  /// Half-open UTF-8 byte ranges of `text`, ascending, not overlapping.
  public let highlights: [[Int]]
  /// What the hits are ordered by.
  public let score: Double
  public let scores: HitScores
  /// Of the whole passage.
  public let citation: Citation
  public let explanation: HitExplanation?
  /// Whether an editor put it first for this question.
  public let isPinned: Bool
  /// Other documents that have this very passage, of those that would have come later.
  public let alsoIn: [DocumentReference]
  /// The passage itself, for those who go on with it.
  public let passage: Passage

  enum CodingKeys: String, CodingKey {
    case documentID = "document_id"
    case externalID = "external_id"
    case chunkID = "chunk_id"
    case title
    case headingPath = "heading_path"
    case text, highlights, score, scores, citation, explanation
    case isPinned = "pinned"
    case alsoIn = "also_in"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(documentID, forKey: .documentID)
    try container.encode(externalID, forKey: .externalID)
    try container.encode(chunkID, forKey: .chunkID)
    try container.encode(title, forKey: .title)
    try container.encode(headingPath, forKey: .headingPath)
    try container.encode(text, forKey: .text)
    try container.encode(highlights, forKey: .highlights)
    try container.encode(score, forKey: .score)
    try container.encode(scores, forKey: .scores)
    try container.encode(citation, forKey: .citation)
    try container.encodeIfPresent(explanation, forKey: .explanation)
    if isPinned { try container.encode(true, forKey: .isPinned) }
    if !alsoIn.isEmpty { try container.encode(alsoIn, forKey: .alsoIn) }
  }
}

/// Names a document.
public struct DocumentReference: Sendable, Hashable, Encodable {
  public let documentID: String
  public let externalID: String
  public let title: String

  init(_ record: DocumentRecord) {
    documentID = record.id.description
    externalID = record.externalID
    title = record.title
  }

  enum CodingKeys: String, CodingKey {
    case documentID = "document_id"
    case externalID = "external_id"
    case title
  }
}

/// How many of the documents that were found have a value.
public struct FacetCount: Sendable, Hashable, Encodable {
  public let value: String
  public let count: Int
}

/// Hits, and the state of the index that they were read from.
public struct SearchResponse: Sendable, Encodable {
  public let hits: [SearchHit]
  public let generation: Generation
  public let tookMilliseconds: Double
  /// What was missing while searching (`dense_unavailable`), empty in health.
  public let degraded: [String]
  /// By the keys that were asked for, the most frequent value first.
  public let facets: [String: [FacetCount]]
  /// Where the document was lost that was asked about.
  public let missing: MissingHit?
  public let explanation: SearchExplanation?

  enum CodingKeys: String, CodingKey {
    case missing = "why_not"
    case hits, generation, degraded, facets, explanation
    case tookMilliseconds = "took_ms"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(hits, forKey: .hits)
    try container.encode(generation.rawValue, forKey: .generation)
    try container.encode(tookMilliseconds, forKey: .tookMilliseconds)
    if !degraded.isEmpty { try container.encode(degraded, forKey: .degraded) }
    if !facets.isEmpty { try container.encode(facets, forKey: .facets) }
    try container.encodeIfPresent(missing, forKey: .missing)
    try container.encodeIfPresent(explanation, forKey: .explanation)
  }
}
