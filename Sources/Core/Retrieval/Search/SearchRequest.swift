import Domain

/// Which halves of the index a search asks.
public enum SearchMode: String, Sendable, CaseIterable, Codable {
  case hybrid, lexical, dense
  /// For search as you type: the last word may be unfinished, and titles count most. Asks no model.
  case suggest

  var asksModel: Bool { self == .hybrid || self == .dense }
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
  /// Keys: `tags`, `language`, `kind`, `source`, `updated`, `attributes.NAME`. A value `FROM..TO` (either may be left
  /// out) is a range of dates or of other texts in byte order, both ends included.
  public var conditions: [String: [String]]
  public init(_ conditions: [String: [String]] = [:]) { self.conditions = conditions }

  /// Index labels, a list per key; keys in order, so that equal filters give equal lists.
  ///
  /// - Parameter known: labels of the index that start with a prefix; asked for ranges.
  /// - Throws: `unknown_filter_key`.
  func labels(known: (String) -> [String]) throws(RetrievalError) -> [[String]] {
    var all: [[String]] = []
    for (key, values) in conditions.sorted(by: { $0.key < $1.key }) {
      let prefix = try IndexLabel.prefix(ofKey: key)
      var labels: [String] = []
      for value in values {
        guard let range = ValueRange(value, isDate: key == "updated") else {
          labels.append(prefix + value)
          continue
        }
        labels += known(prefix).filter { range.contains($0.dropFirst(prefix.count)) }
      }
      all.append(labels)
    }
    return all
  }

  /// Whether a document meets every condition, as the index would say.
  func admits(_ labels: Set<String>) throws(RetrievalError) -> Bool {
    try self.labels { prefix in labels.filter { $0.hasPrefix(prefix) } }
      .allSatisfy { !labels.isDisjoint(with: $0) }
  }
}

/// Texts from one to another, both included: `2026-01-01..2026-06-30`, `2026..`, `..2025-12`.
struct ValueRange {
  private let from: Substring
  private let to: Substring

  /// - Parameter isDate: whether a single value is a range too: `2026-11` is all of that month.
  /// - Returns: nil for a value that is no range.
  init?(_ text: String, isDate: Bool = false) {
    guard let dots = text.firstRange(of: "..") else {
      guard isDate else { return nil }
      (from, to) = (text[...], text[...])
      return
    }
    (from, to) = (text[..<dots.lowerBound], text[dots.upperBound...])
    if from.isEmpty, to.isEmpty { return nil }
  }

  /// The end is a prefix, so that `..2026-06` has all of June.
  func contains(_ value: Substring) -> Bool {
    value >= from && (to.isEmpty || value.prefix(to.count) <= to)
  }
}

extension IndexLabel {
  static let filterKeys = "tags, language, kind, source, updated or attributes.NAME"

  /// What the labels of a filter's or a facet's key start with.
  static func prefix(ofKey key: String) throws(RetrievalError) -> String {
    switch key {
    case "tags": return tag
    case "language": return language
    case "kind": return kind
    case "source": return source
    case "updated": return updated
    case _ where key.hasPrefix(attributes) && key.utf8.count > attributes.utf8.count: return key + "="
    default:
      throw RetrievalError(.unknownFilterKey, "There is no filter '\(key)'; use \(filterKeys).")
    }
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
  /// Keys of filters whose values are counted over what was found.
  public var facets: [String] = []
  /// The external id of a document whose place, or absence, is to be explained.
  public var whyNot: String?
  /// External ids of documents that are left out: to see what there is without them.
  public var without: [String] = []
  /// How many of the best hits a cross-encoder compares with the query; nil for what the machine affords.
  public var rerankPairs: Int?
  /// Wait until this is searchable.
  public var minGeneration: Generation?
  /// Search what readers found then. Only for those who see every document; rules and calibration are today's.
  public var asOf: AsOf?
  public var viewer: Viewer

  public static let defaultLimit = 10
  public static let limits = 1...1000
  public static let maxQueryBytes = 8192
  public static let maxHistoryTurns = 100
  public static let maxFacets = 20
  public static let maxWithout = 100

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
