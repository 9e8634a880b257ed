import Domain
import Foundation
import GRDB

/// The columns of `documents AS d` that make a `DocumentRecord`, in one place for every query.
enum DocumentColumns {
  static let sql = """
    d.id, d.kb, d.external_id, d.version, d.kind, d.title, d.url, d.language, d.tags, d.attributes, \
    d.visibility, d.text_bytes, d.chunk_count, d.generation, d.created_at, d.updated_at, d.origin_root
    """
  /// How many they are: where a query's own columns begin when these stand first.
  static let count = 17

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
      updatedAt: try row.date(first + 15)
    )
  }
}
