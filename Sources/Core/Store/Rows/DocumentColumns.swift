import Domain
import Foundation
import GRDB

/// The columns of `documents AS d` that make a `DocumentRecord`, in one place for every query.
enum DocumentColumns {
  /// Of a live document.
  static let sql = """
    d.id, d.kb, d.external_id, d.version, d.kind, d.title, d.url, d.language, d.tags, d.attributes, \
    d.visibility, d.text_bytes, d.chunk_count, d.generation, d.created_at, d.updated_at, d.origin_root, \
    'published', d.publish_at, d.expires_at, d.version, d.revision
    """
  /// Of its newest version, which is `version_details AS v`.
  static let latest = """
    d.id, d.kb, d.external_id, v.version, v.kind, v.title, v.url, v.language, v.tags, v.attributes, \
    v.visibility, v.text_bytes, v.chunk_count, v.generation, d.created_at, v.changed_at, v.origin_root, \
    v.status, v.publish_at, v.expires_at, CASE d.live WHEN 1 THEN d.version END, d.revision
    """
  static let latestJoin = "documents d JOIN version_details v ON v.document = d.id AND v.version = d.latest"

  /// How many they are: where a query's own columns begin when these stand first.
  static let count = 22

  /// Whether readers find `documents AS d`, also at the very moment of expiry.
  ///
  /// - Parameter now: names the argument that holds the time.
  static func isLive(_ now: String) -> String {
    "(d.live = 1 AND (d.expires_at IS NULL OR d.expires_at > \(now)))"
  }

  static func record(_ row: Row, at first: Int = 0) throws -> DocumentRecord {
    guard let kind = DocumentKind(rawValue: try row.text(first + 4)) else {
      throw StoreError.corrupt("a document's kind is unknown")
    }
    return DocumentRecord(
      id: DocumentID(rawValue: try row.integer(first)),
      knowledgeBase: KnowledgeBaseID(rawValue: try row.integer(first + 1)),
      externalID: try row.text(first + 2),
      version: try row.int(first + 3),
      kind: kind,
      title: try row.text(first + 5),
      url: try row.textIfPresent(first + 6),
      language: try row.textIfPresent(first + 7),
      tags: try row.strings(first + 8),
      attributes: try row.pairs(first + 9),
      visibility: try Visibility(column: row.text(first + 10)),
      source: DocumentRecord.source(ofRoot: try row.textIfPresent(first + 16)),
      textBytes: try row.int(first + 11),
      chunkCount: try row.int(first + 12),
      generation: Generation(rawValue: try row.integer(first + 13)),
      createdAt: try row.date(first + 14),
      updatedAt: try row.date(first + 15),
      publication: try publication(row, at: first + 17),
      liveVersion: try row.intIfPresent(first + 20),
      revision: try row.int(first + 21)
    )
  }

  /// Three columns: status, publish_at, expires_at.
  static func publication(_ row: Row, at first: Int) throws -> Publication {
    guard let status = DocumentStatus(rawValue: try row.text(first)) else {
      throw StoreError.corrupt("a document's status is unknown")
    }
    return Publication(
      status: status, publishAt: try row.dateIfPresent(first + 1), expiresAt: try row.dateIfPresent(first + 2)
    )
  }
}
