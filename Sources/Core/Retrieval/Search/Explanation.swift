/// How a query was understood and searched: what `explain` adds to a response.
public struct SearchExplanation: Sendable, Encodable {
  /// A query token as the lexical half sees it.
  public struct Term: Sendable, Encodable {
    public let alternatives: [String]
    /// Live chunks that contain the first alternative.
    public let docFreq: Int
    enum CodingKeys: String, CodingKey {
      case alternatives
      case docFreq = "doc_freq"
    }
  }
  /// How a turn was understood after those before it.
  public struct FollowUp: Sendable, Encodable {
    /// What the conversation named, and what documents about it gain.
    public struct Named: Sendable, Encodable {
      public let attribute: String
      public let value: String
      public let boost: Double
    }
    /// question, continuation, choice or reply.
    public let reading: String
    /// What was searched for.
    public let query: String
    /// The earlier question that it goes on from.
    public let continued: String?
    public let named: [Named]
  }
  public let query: String
  public let terms: [Term]
  public let languages: [String]
  public let model: String?
  public let fusion: String
  public let lexicalCandidates: Int
  public let denseCandidates: Int
  /// Hits that the cross-encoder compared with the question.
  public let rerankPairs: Int
  /// Nil without history.
  public let followUp: FollowUp?
  /// Milliseconds by step.
  public let steps: [String: Double]

  enum CodingKeys: String, CodingKey {
    case query, terms, languages, model, fusion, steps
    case lexicalCandidates = "lexical_candidates"
    case denseCandidates = "dense_candidates"
    case rerankPairs = "rerank_pairs"
    case followUp = "follow_up"
  }
}

/// Why a hit stands where it stands.
public struct HitExplanation: Sendable, Encodable {
  public struct TermMatch: Sendable, Encodable {
    public let term: String
    public let docFreq: Int
    public let idf: Double
    /// Occurrences by field name.
    public let frequencies: [String: Int]
    public let score: Double
    enum CodingKeys: String, CodingKey {
      case term, idf, frequencies, score
      case docFreq = "doc_freq"
    }
  }
  /// Ranks from 1 among each half's candidates; nil where the half did not bring it.
  public let lexicalRank: Int?
  public let denseRank: Int?
  /// Cosine with the query as the best passages moved it; nil where nothing did.
  public let feedback: Double?
  public let matchedTerms: [TermMatch]
  /// The sum that made the score, written out.
  public let arithmetic: String

  enum CodingKeys: String, CodingKey {
    case lexicalRank = "lexical_rank"
    case denseRank = "dense_rank"
    case feedback
    case matchedTerms = "matched_terms"
    case arithmetic
  }
}
