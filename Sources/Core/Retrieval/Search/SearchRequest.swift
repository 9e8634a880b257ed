import Domain

/// Which halves of the index a search asks.
public enum SearchMode: String, Sendable, CaseIterable, Codable {
  case hybrid, lexical, dense
}

/// Whether a document is listed once, by its best passage, or with every passage.
public enum SearchGrouping: String, Sendable, CaseIterable, Codable {
  case document, passage
}

/// One earlier turn of a conversation, oldest first.
public struct HistoryTurn: Sendable, Hashable, Codable {
  public enum Role: String, Sendable, Codable, CaseIterable { case customer, assistant, agent }
  public let role: Role
  public let text: String
  public init(role: Role, text: String) {
    self.role = role
    self.text = text
  }
}

/// Conditions on metadata: OR within a key's values, AND between keys.
public struct SearchFilter: Sendable, Hashable {
  /// Keys: `tags`, `language`, `kind`, `attributes.NAME`.
  public var conditions: [String: [String]]
  public init(_ conditions: [String: [String]] = [:]) { self.conditions = conditions }

  /// Index labels, a list per key; keys in order, so that equal filters give equal lists.
  ///
  /// - Throws: `unknown_filter_key`.
  func labels() throws(RetrievalError) -> [[String]] {
    var all: [[String]] = []
    for (key, values) in conditions.sorted(by: { $0.key < $1.key }) {
      let prefix: String
      switch key {
      case "tags": prefix = IndexLabel.tag
      case "language": prefix = IndexLabel.language
      case "kind": prefix = IndexLabel.kind
      case _ where key.hasPrefix("attributes.") && key.utf8.count > "attributes.".utf8.count:
        prefix = key + "="
      default:
        throw RetrievalError(
          .unknownFilterKey,
          "There is no filter '\(key)'; use tags, language, kind or attributes.NAME.")
      }
      all.append(values.map { prefix + $0 })
    }
    return all
  }
}

/// A question to one knowledge base.
public struct SearchRequest: Sendable {
  public var query: String
  public var knowledgeBase: String
  /// Documents, or passages where grouped so: 1 to 1,000.
  public var limit: Int
  public var mode: SearchMode
  public var filter: SearchFilter
  public var grouping: SearchGrouping
  public var history: [HistoryTurn]
  public var explain: Bool
  /// How many of the best hits a cross-encoder compares with the query; nil for what the machine affords.
  public var rerankPairs: Int?
  /// Wait until this is searchable.
  public var minGeneration: Generation?
  public var viewer: Viewer

  public static let defaultLimit = 10
  public static let limits = 1...1000
  public static let maxQueryBytes = 8192
  public static let maxHistoryTurns = 100

  public init(
    query: String, knowledgeBase: String = KnowledgeBase.defaultName, limit: Int = defaultLimit,
    mode: SearchMode = .hybrid, filter: SearchFilter = SearchFilter(), grouping: SearchGrouping = .document,
    history: [HistoryTurn] = [], explain: Bool = false, rerankPairs: Int? = nil,
    minGeneration: Generation? = nil,
    viewer: Viewer = .anonymous
  ) {
    self.query = query
    self.knowledgeBase = knowledgeBase
    self.limit = limit
    self.mode = mode
    self.filter = filter
    self.grouping = grouping
    self.history = history
    self.explain = explain
    self.rerankPairs = rerankPairs
    self.minGeneration = minGeneration
    self.viewer = viewer
  }
}
