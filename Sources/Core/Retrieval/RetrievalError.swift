import Domain

/// What Retrieval throws.
public struct RetrievalError: CodedError {
  public enum Code: String, Sendable, CaseIterable {
    case kbNotFound = "kb_not_found"
    case queryEmpty = "query_empty"
    case queryTooLong = "query_too_long"
    case invalidLimit = "invalid_limit"
    case invalidHistory = "invalid_history"
    case invalidRerankPairs = "invalid_rerank_pairs"
    case unknownFilterKey = "unknown_filter_key"
    case invalidFacets = "invalid_facets"
    case invalidWithout = "invalid_without"
    /// The moment's passages are more than can be indexed for one search.
    case asOfTooLarge = "as_of_too_large"
    /// A search of the past by someone who may not see old versions.
    case forbidden
    case generationNotReached = "generation_not_reached"
    case modelUnavailable = "model_unavailable"
    /// Dense search in a knowledge base that has no model.
    case modeUnavailable = "mode_unavailable"
    case overloaded
    case indexUnavailable = "index_unavailable"
  }
  public let kind: Code
  public let message: String
  public let cause: (any Error)?
  public var code: String { kind.rawValue }

  public init(_ kind: Code, _ message: String, cause: (any Error)? = nil) {
    self.kind = kind
    self.message = message
    self.cause = cause
  }
}
