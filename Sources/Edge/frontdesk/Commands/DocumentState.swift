import Domain
import Foundation

/// A document's state as commands print it.
struct DocumentState: Encodable {
  let externalID: String
  let version: Int
  let status: DocumentStatus
  let publishAt: Date?
  let expiresAt: Date?
  let liveVersion: Int?
  let generation: Int64

  enum CodingKeys: String, CodingKey {
    case version, status, generation
    case externalID = "external_id"
    case publishAt = "publish_at"
    case expiresAt = "expires_at"
    case liveVersion = "live_version"
  }

  static func show(_ record: DocumentRecord, _ generation: Generation, _ global: GlobalOptions) throws {
    let state = DocumentState(
      externalID: record.externalID, version: record.version, status: record.publication.status,
      publishAt: record.publication.publishAt, expiresAt: record.publication.expiresAt,
      liveVersion: record.liveVersion, generation: generation.rawValue)
    if global.json { return try Console.json(state) }
    let live = record.liveVersion.map { "readers find version \($0)" } ?? "readers find nothing"
    print("version \(state.version) is \(state.status.rawValue); \(live); generation \(generation)")
  }
}

/// A version as commands print it.
struct VersionEntry: Encodable {
  let version: Int
  let title: String
  let status: DocumentStatus
  let publishAt: Date?
  let expiresAt: Date?
  let isLive: Bool
  let liveAt: Date?
  let bytes: Int
  let createdAt: Date
  let author: String?

  init(_ record: VersionRecord) {
    version = record.version
    title = record.title
    status = record.publication.status
    publishAt = record.publication.publishAt
    expiresAt = record.publication.expiresAt
    isLive = record.isLive
    liveAt = record.liveAt
    bytes = record.textBytes
    createdAt = record.createdAt
    author = record.author
  }

  enum CodingKeys: String, CodingKey {
    case version, title, status, bytes, author
    case publishAt = "publish_at"
    case expiresAt = "expires_at"
    case isLive = "is_live"
    case liveAt = "live_at"
    case createdAt = "created_at"
  }
}
