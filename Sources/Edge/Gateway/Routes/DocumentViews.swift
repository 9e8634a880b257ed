import Domain
import Foundation
import Knowledge

/// A document as the API shows it.
struct DocumentView: Encodable {
  let id: String
  let externalID: String
  let version: Int
  let kind: DocumentKind
  let title: String
  let url: String?
  let language: String?
  let tags: [String]
  let attributes: [String: String]
  let visibility: JSONValue
  let source: String
  let bytes: Int
  let chunks: Int
  let status: DocumentStatus
  let publishAt: String?
  let expiresAt: String?
  /// Nil where readers find none.
  let liveVersion: Int?
  let createdAt: String
  let updatedAt: String

  init(_ record: DocumentRecord) {
    id = record.id.description
    externalID = record.externalID
    version = record.version
    kind = record.kind
    title = record.title
    url = record.url
    language = record.language
    tags = record.tags
    attributes = record.attributes
    visibility = JSONValue(record.visibility)
    source = record.source
    bytes = record.textBytes
    chunks = record.chunkCount
    status = record.publication.status
    publishAt = record.publication.publishAt.map(Timestamp.text)
    expiresAt = record.publication.expiresAt.map(Timestamp.text)
    liveVersion = record.liveVersion
    createdAt = Timestamp.text(record.createdAt)
    updatedAt = Timestamp.text(record.updatedAt)
  }

  enum CodingKeys: String, CodingKey {
    case id, version, kind, title, url, language, tags, attributes, visibility, source, bytes, chunks, status
    case externalID = "external_id"
    case publishAt = "publish_at"
    case expiresAt = "expires_at"
    case liveVersion = "live_version"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  // Null is said, not left out: a client sees every field there is.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(externalID, forKey: .externalID)
    try container.encode(version, forKey: .version)
    try container.encode(kind, forKey: .kind)
    try container.encode(title, forKey: .title)
    try container.encode(url, forKey: .url)
    try container.encode(language, forKey: .language)
    try container.encode(tags, forKey: .tags)
    try container.encode(attributes, forKey: .attributes)
    try container.encode(visibility, forKey: .visibility)
    try container.encode(source, forKey: .source)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(chunks, forKey: .chunks)
    try container.encode(status, forKey: .status)
    try container.encode(publishAt, forKey: .publishAt)
    try container.encode(expiresAt, forKey: .expiresAt)
    try container.encode(liveVersion, forKey: .liveVersion)
    try container.encode(createdAt, forKey: .createdAt)
    try container.encode(updatedAt, forKey: .updatedAt)
  }
}

struct GetDocumentView: Encodable {
  let document: DocumentView
  /// The change that made this version.
  let generation: Int64
}

/// One version of a document, current or not.
struct VersionView: Encodable {
  let id: String
  let externalID: String
  let version: Int
  let title: String
  let isCurrent: Bool
  let bytes: Int
  let createdAt: String

  init(_ version: DocumentVersion) {
    id = version.document.description
    externalID = version.externalID
    self.version = version.version
    title = version.title
    isCurrent = version.isCurrent
    bytes = version.text.utf8.count
    createdAt = Timestamp.text(version.createdAt)
  }

  enum CodingKeys: String, CodingKey {
    case id, version, title, bytes
    case externalID = "external_id"
    case isCurrent = "is_current"
    case createdAt = "created_at"
  }
}

struct GetVersionView: Encodable {
  let document: VersionView
}

/// What a put did.
struct UpsertView: Encodable {
  struct Chunks: Encodable {
    let added: Int
    let kept: Int
    let removed: Int
  }
  let document: DocumentView
  let effect: DocumentReceipt.Effect
  let generation: Int64
  let chunks: Chunks
  /// What was wrong with parts of a file that went in all the same.
  let diagnostics: [Diagnostic]

  init(_ receipt: UpsertReceipt) {
    document = DocumentView(receipt.record)
    effect = receipt.effect
    generation = receipt.generation.rawValue
    chunks = Chunks(added: receipt.chunksAdded, kept: receipt.chunksKept, removed: receipt.chunksRemoved)
    diagnostics = receipt.diagnostics
  }
}

struct DocumentListView: Encodable {
  let documents: [DocumentView]
  let hasMore: Bool
  let afterCursor: String?

  /// - Parameter last: the external id after which the next page begins.
  init(_ records: [DocumentRecord], hasMore: Bool, last: String?) {
    documents = records.map(DocumentView.init)
    self.hasMore = hasMore
    afterCursor = hasMore ? last.map(ListCursor.encode) : nil
  }

  enum CodingKeys: String, CodingKey {
    case documents
    case hasMore = "has_more"
    case afterCursor = "after_cursor"
  }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(documents, forKey: .documents)
    try container.encode(hasMore, forKey: .hasMore)
    try container.encode(afterCursor, forKey: .afterCursor)
  }
}

struct GenerationView: Encodable {
  let generation: Int64
}
