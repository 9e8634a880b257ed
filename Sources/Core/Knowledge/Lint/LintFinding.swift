import Domain

/// What is looked for, in the order in which it is reported.
public enum LintCode: String, Sendable, Codable, CaseIterable {
  case contradiction
  case deadLink = "dead_link"
  case notFoundByItsQuestion = "not_found_by_its_question"
  case duplicate
  case nearDuplicate = "near_duplicate"
  case stale
}

/// Where a finding is: a document, and what in it.
public struct LintPlace: Hashable, Sendable, Encodable {
  public let externalID: String
  public let title: String
  public var chunk: ChunkID?
  public var headingPath: [String]?
  /// Of the source, from 1.
  public var line: Int?
  public var quote: String?

  init(_ document: DocumentRecord) {
    externalID = document.externalID
    title = document.title
  }

  enum CodingKeys: String, CodingKey {
    case externalID = "external_id"
    case title
    case chunk = "chunk_id"
    case headingPath = "heading_path"
    case line, quote
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(externalID, forKey: .externalID)
    try container.encode(title, forKey: .title)
    try container.encodeIfPresent(chunk?.description, forKey: .chunk)
    try container.encodeIfPresent(headingPath, forKey: .headingPath)
    try container.encodeIfPresent(line, forKey: .line)
    try container.encodeIfPresent(quote, forKey: .quote)
  }
}

/// One thing for an editor to look at.
public struct LintFinding: Hashable, Sendable, Encodable {
  public let code: LintCode
  public let document: LintPlace
  /// The second document, where it takes two.
  public var other: LintPlace?
  /// External ids of further documents that it holds for, at most 20.
  public var also: [String] = []
  public let message: String
  public let remedy: String

  static let maxAlso = 20

  mutating func add(also document: DocumentRecord) {
    if also.count < Self.maxAlso { also.append(document.externalID) }
  }

  enum CodingKeys: CodingKey { case code, document, other, also, message, remedy }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(code, forKey: .code)
    try container.encode(document, forKey: .document)
    try container.encodeIfPresent(other, forKey: .other)
    if !also.isEmpty { try container.encode(also, forKey: .also) }
    try container.encode(message, forKey: .message)
    try container.encode(remedy, forKey: .remedy)
  }
}

/// What `kb lint` found; encodes as its JSON.
public struct LintReport: Sendable, Encodable {
  public struct Checked: Sendable, Encodable {
    public var documents = 0
    public var passages = 0
    public var links = 0
    public var faqEntries = 0
    enum CodingKeys: String, CodingKey {
      case documents, passages, links
      case faqEntries = "faq_entries"
    }
  }
  /// At most so many of each code as were asked for.
  public internal(set) var findings: [LintFinding] = []
  /// All that were found, by code.
  public internal(set) var counts: [LintCode: Int] = [:]
  public internal(set) var checked = Checked()
  public internal(set) var generation: Generation = .zero
  public internal(set) var seconds = 0.0
  /// What could not be checked, and why.
  public internal(set) var notes: [String] = []

  enum CodingKeys: CodingKey { case findings, counts, checked, generation, seconds, notes }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(findings, forKey: .findings)
    let counts = counts.map { ($0.key.rawValue, $0.value) }
    try container.encode(Dictionary(uniqueKeysWithValues: counts), forKey: .counts)
    try container.encode(checked, forKey: .checked)
    try container.encode(generation.rawValue, forKey: .generation)
    try container.encode((seconds * 1000).rounded() / 1000, forKey: .seconds)
    if !notes.isEmpty { try container.encode(notes, forKey: .notes) }
  }
}
