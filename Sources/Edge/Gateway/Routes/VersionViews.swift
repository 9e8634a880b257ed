import Domain
import Foundation
import Knowledge

/// A version as editors see it in a list.
struct VersionDetailView: Encodable {
  private let record: VersionRecord

  init(_ record: VersionRecord) { self.record = record }

  enum CodingKeys: String, CodingKey {
    case version, title, kind, questions, url, language, tags, attributes, visibility, status, bytes, author
    case metadataKept = "metadata_kept"
    case publishAt = "publish_at"
    case expiresAt = "expires_at"
    case isLive = "is_live"
    case liveAt = "live_at"
    case createdAt = "created_at"
  }

  // Null is said, not left out.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let metadata = record.metadata
    try container.encode(record.version, forKey: .version)
    try container.encode(record.title, forKey: .title)
    try container.encode(metadata?.kind, forKey: .kind)
    try container.encode(metadata?.questions ?? [], forKey: .questions)
    try container.encode(metadata?.url, forKey: .url)
    try container.encode(metadata?.language, forKey: .language)
    try container.encode(metadata?.tags ?? [], forKey: .tags)
    try container.encode(metadata?.attributes ?? [:], forKey: .attributes)
    try container.encode((metadata?.visibility).map(JSONValue.init), forKey: .visibility)
    try container.encode(metadata != nil, forKey: .metadataKept)
    try container.encode(record.publication.status, forKey: .status)
    try container.encode(record.publication.publishAt.map(Timestamp.text), forKey: .publishAt)
    try container.encode(record.publication.expiresAt.map(Timestamp.text), forKey: .expiresAt)
    try container.encode(record.isLive, forKey: .isLive)
    try container.encode(record.liveAt.map(Timestamp.text), forKey: .liveAt)
    try container.encode(record.textBytes, forKey: .bytes)
    try container.encode(Timestamp.text(record.createdAt), forKey: .createdAt)
    try container.encode(record.author, forKey: .author)
  }
}

struct VersionListView: Encodable {
  let versions: [VersionDetailView]
  let hasMore: Bool

  enum CodingKeys: String, CodingKey {
    case versions
    case hasMore = "has_more"
  }
}

struct VersionDiffView: Encodable {
  let from: VersionDetailView
  let to: VersionDetailView
  let changes: [VersionDiff.FieldChange]
  let diff: String
  let linesAdded: Int
  let linesRemoved: Int

  init(_ diff: VersionDiff) {
    from = VersionDetailView(diff.from)
    to = VersionDetailView(diff.to)
    changes = diff.changes
    self.diff = diff.text.text
    linesAdded = diff.text.added
    linesRemoved = diff.text.removed
  }

  enum CodingKeys: String, CodingKey {
    case from, to, changes, diff
    case linesAdded = "lines_added"
    case linesRemoved = "lines_removed"
  }
}

/// What an editor's act made of a document.
struct PublicationView: Encodable {
  let document: DocumentView
  let generation: Int64

  init(_ receipt: PublicationReceipt) {
    document = DocumentView(receipt.record)
    generation = receipt.generation.rawValue
  }
}

extension JSONValue {
  init(_ visibility: Visibility) {
    self =
      switch visibility {
      case .public: "public"
      case .signedIn: "signed_in"
      case .groups(let names): .array(names.map { .string($0) })
      }
  }
}
