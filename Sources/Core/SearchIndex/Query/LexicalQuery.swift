/// Terms to score by, and how.
public struct LexicalQuery: Sendable, Equatable {
  /// A word of the query in the spellings that may stand in the index, such as its stems in several
  /// languages: it scores as the best of them in each chunk, each with its own document frequency.
  public struct Term: Sendable, Equatable {
    public var alternatives: [String]
    /// Multiplies the term's score; not above 0 leaves the term out.
    public var weight: Float

    public init(alternatives: [String], weight: Float = 1) {
      self.alternatives = alternatives
      self.weight = weight
    }
  }

  public var terms: [Term]
  public var parameters: BM25FParameters

  public init(terms: [Term], parameters: BM25FParameters = .standard) {
    self.terms = terms
    self.parameters = parameters
  }
}

/// Free parameters of BM25F; any may change from query to query.
public struct BM25FParameters: Sendable, Equatable, Codable {
  /// Saturation of term frequency, not below 0.
  public var k1: Float
  /// Weight by field, in the order of the index's identity; 1 for a field that is not listed.
  public var fieldWeights: [Float]
  /// Length normalisation by field, 0 (none) to 1 (full); 0.75 for a field that is not listed.
  public var b: [Float]

  public init(k1: Float = 1.2, fieldWeights: [Float] = [], b: [Float] = []) {
    self.k1 = k1
    self.fieldWeights = fieldWeights
    self.b = b
  }

  /// k1 = 1.2 and b = 0.75 with all fields alike (the customary start; Robertson and Zaragoza,
  /// "The Probabilistic Relevance Framework", 2009, doi:10.1561/1500000019).
  public static let standard = BM25FParameters()
}

/// A chunk that a search found.
public struct Hit: Sendable, Equatable {
  public let key: UInt64
  /// The chunk's document.
  public let group: UInt64
  /// BM25F, or cosine.
  public let score: Double

  public init(key: UInt64, group: UInt64, score: Double) {
    self.key = key
    self.group = group
    self.score = score
  }
}

/// What one term of a query adds to a chunk's BM25F score.
public struct TermContribution: Sendable, Equatable {
  /// Place in the query's `terms`.
  public let queryTerm: Int
  /// The alternative that scored best.
  public let term: String
  /// Live chunks that have it.
  public let docFreq: Int
  public let idf: Double
  /// By field.
  public let frequencies: [Int]
  /// Lengths of the chunk's fields, and their average over live chunks.
  public let lengths: [Int]
  public let averageLengths: [Double]
  public let score: Double
}
