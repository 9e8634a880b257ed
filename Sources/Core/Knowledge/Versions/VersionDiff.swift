import Domain
import Foundation

/// What changed from one version of a document to another.
public struct VersionDiff: Sendable {
  /// A field that is another.
  public struct FieldChange: Sendable, Hashable, Encodable {
    /// As REST names it; `attributes.NAME` for an attribute.
    public let field: String
    public let from: FieldValue
    public let to: FieldValue
  }

  public enum FieldValue: Sendable, Hashable, Encodable {
    case none
    case text(String)
    case list([String])

    public func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .none: try container.encodeNil()
      case .text(let text): try container.encode(text)
      case .list(let list): try container.encode(list)
      }
    }
  }

  public let from: VersionRecord
  public let to: VersionRecord
  /// In a fixed order. Where the metadata of either was not kept, title and state alone.
  public let changes: [FieldChange]
  public let text: UnifiedDiff

  init(from old: KeptVersion, to new: KeptVersion, of externalID: String) {
    from = old.record
    to = new.record
    let (before, after) = (Self.fields(old.record), Self.fields(new.record))
    let isComparable = old.record.metadata != nil && new.record.metadata != nil
    let names = Self.order + Set(before.keys).union(after.keys).subtracting(Self.order).sorted()
    changes = names.compactMap { name in
      guard isComparable || Self.ofEvery.contains(name) else { return nil }
      let (a, b) = (before[name] ?? .none, after[name] ?? .none)
      return a == b ? nil : FieldChange(field: name, from: a, to: b)
    }
    text = UnifiedDiff(
      from: old.text, to: new.text, named: "\(externalID) (version \(old.record.version))",
      "\(externalID) (version \(new.record.version))")
  }

  private static let ofEvery: Set = ["title", "status", "publish_at", "expires_at"]
  private static let order = [
    "title", "kind", "questions", "url", "language", "tags", "visibility", "status", "publish_at",
    "expires_at",
  ]

  private static func fields(_ record: VersionRecord) -> [String: FieldValue] {
    func text(_ value: String?) -> FieldValue { value.map { .text($0) } ?? .none }
    func list(_ values: [String]) -> FieldValue { values.isEmpty ? .none : .list(values) }
    func date(_ value: Date?) -> FieldValue {
      text(value?.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
    }
    let publication = record.publication
    var fields: [String: FieldValue] = [
      "title": .text(record.title), "status": .text(publication.status.rawValue),
      "publish_at": date(publication.publishAt), "expires_at": date(publication.expiresAt),
    ]
    guard let metadata = record.metadata else { return fields }
    fields["kind"] = .text(metadata.kind.rawValue)
    fields["questions"] = list(metadata.questions)
    fields["url"] = text(metadata.url)
    fields["language"] = text(metadata.language)
    fields["tags"] = list(metadata.tags)
    fields["visibility"] = .text(metadata.visibility.description)
    for (name, value) in metadata.attributes { fields["attributes." + name] = .text(value) }
    return fields
  }
}

extension IngestService {
  /// Compares two versions of a document, also of a deleted one.
  ///
  /// - Parameters:
  ///   - old: nil for the one before `new`, or where readers see an older one, that.
  ///   - new: nil for the newest.
  /// - Throws: `kb_not_found`, `document_not_found`, `version_not_found`.
  public func diff(
    of externalID: String, in name: String, from old: Int? = nil, to new: Int? = nil
  ) async throws -> VersionDiff {
    let knowledgeBase = try await knowledgeBase(name)
    let newest = try await store.versions(of: externalID, in: knowledgeBase.id, before: nil, limit: 1)
    guard let last = newest.first else { throw Self.notFound(externalID) }
    let to = new ?? last.version
    let live = try await store.latestDocument(externalID, in: knowledgeBase.id)?.liveVersion
    let from = old ?? (live.map { $0 < to ? $0 : to - 1 } ?? to - 1)
    func kept(_ version: Int) async throws -> KeptVersion {
      guard let found = try await store.keptVersion(version, of: externalID, in: knowledgeBase.id) else {
        throw KnowledgeError(
          .versionNotFound,
          version < 1
            ? "There is no version before \(to)."
            : "There is no version \(version) of this document; the newest is \(last.version).")
      }
      return found
    }
    let (before, after) = (try await kept(from), try await kept(to))
    return await Blocking.run { VersionDiff(from: before, to: after, of: externalID) }
  }
}
