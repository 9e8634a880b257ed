import Foundation

/// What an editor decided about the search of one knowledge base: words that mean the same, and results put first or
/// taken out for certain questions.
public struct SearchRules: Hashable, Sendable, Codable {
  /// Lines as Solr and Elasticsearch read them: `tv, television` (the same) or `tele => television` (is searched as).
  public var synonyms: [String]
  public var curations: [Curation]

  public init(synonyms: [String] = [], curations: [Curation] = []) {
    self.synonyms = synonyms
    self.curations = curations
  }

  /// A list that is left out is empty.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    synonyms = try container.decodeIfPresent([String].self, forKey: .synonyms) ?? []
    curations = try container.decodeIfPresent([Curation].self, forKey: .curations) ?? []
  }

  public static let none = SearchRules()
  public var isEmpty: Bool { synonyms.isEmpty && curations.isEmpty }

  /// Results for some questions, by external id.
  public struct Curation: Hashable, Sendable, Codable {
    /// It holds for a search whose words are those of one of these; case, endings and small words apart.
    public var queries: [String]
    /// Shown first, in this order.
    public var pinned: [String]
    /// Not shown.
    public var hidden: [String]

    public init(queries: [String], pinned: [String] = [], hidden: [String] = []) {
      self.queries = queries
      self.pinned = pinned
      self.hidden = hidden
    }

    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      queries = try container.decode([String].self, forKey: .queries)
      pinned = try container.decodeIfPresent([String].self, forKey: .pinned) ?? []
      hidden = try container.decodeIfPresent([String].self, forKey: .hidden) ?? []
    }
  }

  public static let maxSynonyms = 5000
  public static let maxCurations = 1000
  public static let maxQueries = 50
  public static let maxPinned = 50
  public static let maxHidden = 500
  /// Of a line, a query or an id.
  public static let maxTextBytes = 1024

  /// - Throws: `ValidationError` with code `invalid_rules`, naming what is wrong.
  public func validate() throws(ValidationError) {
    func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(ValidationError) {
      guard condition else { throw ValidationError(code: "invalid_rules", message: message()) }
    }
    try require(
      synonyms.count <= Self.maxSynonyms, "There may be at most \(Self.maxSynonyms) lines of synonyms.")
    try require(curations.count <= Self.maxCurations, "There may be at most \(Self.maxCurations) curations.")
    for (place, line) in synonyms.enumerated() {
      do throws(ValidationError) { _ = try SynonymRule(parsing: line) } catch {
        throw ValidationError(code: error.code, message: "Synonyms, line \(place + 1): \(error.message)")
      }
    }
    for (place, curation) in curations.enumerated() {
      let name = "Curation \(place + 1)"
      try require(
        (1...Self.maxQueries).contains(curation.queries.count),
        "\(name) needs 1 to \(Self.maxQueries) queries that it holds for.")
      try require(
        curation.pinned.count <= Self.maxPinned && curation.hidden.count <= Self.maxHidden,
        "\(name) may pin at most \(Self.maxPinned) documents and hide at most \(Self.maxHidden).")
      try require(
        !(curation.pinned.isEmpty && curation.hidden.isEmpty), "\(name) pins and hides nothing; leave it out."
      )
      for text in curation.queries + curation.pinned + curation.hidden {
        try require(
          !text.isEmpty && text.utf8.count <= Self.maxTextBytes && !text.utf8.contains(0),
          "\(name): a query or id has 1 to \(Self.maxTextBytes) bytes.")
      }
    }
  }
}

/// One line of synonyms, read.
public struct SynonymRule: Hashable, Sendable {
  /// What may stand in a question.
  public let from: [String]
  /// What is searched for then.
  public let to: [String]
  /// `=>`: the words of the question are replaced, and it does not hold the other way round.
  public let isOneWay: Bool

  /// - Throws: `ValidationError` with code `invalid_rules`.
  public init(parsing line: String) throws(ValidationError) {
    func fail(_ message: String) -> ValidationError {
      ValidationError(code: "invalid_rules", message: message)
    }
    guard line.utf8.count <= SearchRules.maxTextBytes, !line.utf8.contains(0) else {
      throw fail("a line has at most \(SearchRules.maxTextBytes) bytes.")
    }
    func words(_ text: Substring) -> [String] {
      text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
    let sides = line.split(separator: "=>", omittingEmptySubsequences: false)
    switch sides.count {
    case 1:
      from = words(sides[0])
      to = from
      isOneWay = false
      guard from.count >= 2 else { throw fail("'\(line)' needs two words at least, separated by commas.") }
    case 2:
      from = words(sides[0])
      to = words(sides[1])
      isOneWay = true
      guard !from.isEmpty, !to.isEmpty else { throw fail("'\(line)' needs words on both sides of =>.") }
    default: throw fail("'\(line)' has more than one =>.")
    }
  }

  /// The lines of a file of synonyms: `#` begins a comment, empty lines are left out.
  public static func lines(of text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
  }
}
