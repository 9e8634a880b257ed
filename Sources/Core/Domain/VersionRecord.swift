import Foundation

/// One version of a document without its text, as editors see it.
public struct VersionRecord: Hashable, Sendable {
  public let version: Int
  public let title: String
  /// Everything but the text; nil of a version that was written before such things were kept (schema 2).
  public let metadata: VersionMetadata?
  public let publication: Publication
  /// Whether readers find this version now.
  public let isLive: Bool
  /// When it was first live; nil where it never was.
  public let liveAt: Date?
  public let textBytes: Int
  public let createdAt: Date
  /// Who wrote it, as the audit log names them; nil where it is not known.
  public let author: String?

  public init(
    version: Int, title: String, metadata: VersionMetadata?, publication: Publication, isLive: Bool,
    liveAt: Date?, textBytes: Int, createdAt: Date, author: String?
  ) {
    self.version = version
    self.title = title
    self.metadata = metadata
    self.publication = publication
    self.isLive = isLive
    self.liveAt = liveAt
    self.textBytes = textBytes
    self.createdAt = createdAt
    self.author = author
  }
}

/// What a version says of itself beside title and text.
public struct VersionMetadata: Hashable, Sendable {
  public let kind: DocumentKind
  public let questions: [String]
  public let url: String?
  public let language: String?
  public let tags: [String]
  public let attributes: [String: String]
  public let visibility: Visibility

  public init(
    kind: DocumentKind, questions: [String], url: String?, language: String?, tags: [String],
    attributes: [String: String], visibility: Visibility
  ) {
    self.kind = kind
    self.questions = questions
    self.url = url
    self.language = language
    self.tags = tags
    self.attributes = attributes
    self.visibility = visibility
  }
}
