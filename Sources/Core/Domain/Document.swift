import Foundation

/// How a document is chunked and answered from.
public enum DocumentKind: String, Sendable, Codable {
  /// Running text: chunked along its structure; answers are sentences of it.
  case article
  /// One question with its answer: one chunk; the answer is given whole.
  case faq
}

/// What a document says and how it may be found; everything an upsert replaces.
///
/// For a FAQ entry `title` is the question, `text` the answer and `questions` its further phrasings.
public struct DocumentContent: Hashable, Sendable {
  public var kind: DocumentKind
  public var title: String
  /// The extracted text; citations and chunk spans are byte ranges of it.
  public var text: String
  public var questions: [String]
  public var url: String?
  /// BCP 47 primary subtag, or nil where undetected.
  public var language: String?
  public var tags: [String]
  public var attributes: [String: String]
  public var visibility: Visibility

  public init(
    kind: DocumentKind = .article, title: String, text: String, questions: [String] = [], url: String? = nil,
    language: String? = nil, tags: [String] = [], attributes: [String: String] = [:],
    visibility: Visibility = .public
  ) {
    self.kind = kind
    self.title = title
    self.text = text
    self.questions = questions
    self.url = url
    self.language = language
    self.tags = tags
    self.attributes = attributes
    self.visibility = visibility
  }
}

/// Who may see a document: anyone, whoever is signed in, or the members of named groups.
public enum Visibility: Hashable, Sendable {
  case `public`
  case signedIn
  /// Never empty; sorted, distinct.
  case groups([String])

  /// The labels under which the index stores it; a viewer matches on any one.
  public var labels: [String] {
    switch self {
    case .public: ["public"]
    case .signedIn: ["signed_in"]
    case .groups(let names): names.map { "group:" + $0 }
    }
  }

  /// Parses `public`, `signed_in`, or comma-separated group names.
  ///
  /// - Throws: `ValidationError` with code `invalid_visibility` where nothing is named.
  public init(parsing string: String) throws(ValidationError) {
    try self.init(names: string.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
  }

  public init(names: [String]) throws(ValidationError) {
    let names = Set(names.filter { !$0.isEmpty })
    switch names {
    case []:
      throw ValidationError(
        code: "invalid_visibility", message: "visibility is public, signed_in, or one or more group names.")
    case ["public"]: self = .public
    case ["signed_in"]: self = .signedIn
    default: self = .groups(names.sorted())
    }
  }

  /// The inverse of `init(parsing:)`.
  public var description: String {
    switch self {
    case .public: "public"
    case .signedIn: "signed_in"
    case .groups(let names): names.joined(separator: ",")
    }
  }
}

/// Whose eyes a search uses.
public enum Viewer: Hashable, Sendable {
  case anonymous
  case signedIn(groups: Set<String>)
  /// Editors, agents and the CLI: everything.
  case all

  /// Labels of which a visible document carries at least one; nil means no restriction.
  public var labels: [String]? {
    switch self {
    case .anonymous: ["public"]
    case .signedIn(let groups): ["public", "signed_in"] + groups.sorted().map { "group:" + $0 }
    case .all: nil
    }
  }

  public func maySee(_ visibility: Visibility) -> Bool {
    guard let labels else { return true }
    return visibility.labels.contains { labels.contains($0) }
  }
}

/// The external id of a document: the user's own, 1-1,024 UTF-8 bytes, kept byte for byte.
public enum ExternalID {
  /// - Throws: `ValidationError` with code `invalid_external_id`.
  public static func validate(_ id: String) throws(ValidationError) {
    guard (1...1024).contains(id.utf8.count), !id.utf8.contains(0) else {
      throw ValidationError(
        code: "invalid_external_id", message: "An external id is 1 to 1,024 UTF-8 bytes without NUL.")
    }
  }
}

/// A document without its text: as readers find it, or as its newest version has it.
public struct DocumentRecord: Hashable, Sendable {
  public let id: DocumentID
  public let knowledgeBase: KnowledgeBaseID
  public let externalID: String
  /// Counts from 1; one more with every change of content.
  public let version: Int
  public let kind: DocumentKind
  public let title: String
  public let url: String?
  public let language: String?
  public let tags: [String]
  public let attributes: [String: String]
  public let visibility: Visibility
  /// The folder or file that was given to `ingest`, by its last name; `DocumentRecord.api` where it came by REST.
  public let source: String
  public let textBytes: Int
  public let chunkCount: Int
  /// The change that made this version.
  public let generation: Generation
  public let createdAt: Date
  public let updatedAt: Date
  /// Of this version.
  public let publication: Publication
  /// The version that readers find now; nil where they find none.
  public let liveVersion: Int?
  /// How often the document's state changed without a new version.
  public let revision: Int

  public init(
    id: DocumentID, knowledgeBase: KnowledgeBaseID, externalID: String, version: Int, kind: DocumentKind,
    title: String, url: String?, language: String?, tags: [String], attributes: [String: String],
    visibility: Visibility, source: String, textBytes: Int, chunkCount: Int, generation: Generation,
    createdAt: Date, updatedAt: Date, publication: Publication = .published, liveVersion: Int? = nil,
    revision: Int = 0
  ) {
    self.id = id
    self.knowledgeBase = knowledgeBase
    self.externalID = externalID
    self.version = version
    self.kind = kind
    self.title = title
    self.url = url
    self.language = language
    self.tags = tags
    self.attributes = attributes
    self.visibility = visibility
    self.source = source
    self.textBytes = textBytes
    self.chunkCount = chunkCount
    self.generation = generation
    self.createdAt = createdAt
    self.updatedAt = updatedAt
    self.publication = publication
    self.liveVersion = liveVersion
    self.revision = revision
  }
}

extension DocumentRecord {
  public static let api = "api"

  /// The source of documents that came from a root.
  public static func source(ofRoot root: String?) -> String {
    root.flatMap { $0.split(separator: "/").last.map(String.init) } ?? api
  }
}

/// One version of a document with its text; superseded ones stay until purged.
public struct DocumentVersion: Hashable, Sendable {
  public let document: DocumentID
  public let externalID: String
  public let version: Int
  public let title: String
  public let text: String
  public let createdAt: Date
  /// Whether this is what search finds now.
  public let isCurrent: Bool

  public init(
    document: DocumentID, externalID: String, version: Int, title: String, text: String, createdAt: Date,
    isCurrent: Bool
  ) {
    self.document = document
    self.externalID = externalID
    self.version = version
    self.title = title
    self.text = text
    self.createdAt = createdAt
    self.isCurrent = isCurrent
  }
}
