import Domain
import Foundation
import GRDB

/// Finds live documents with texts that have no vector of a model, within one transaction.
struct UnembeddedReader {
  private let kb: Int64
  private let model: String
  private let db: Database

  init(kb: Int64, model: String, _ db: Database) {
    self.kb = kb
    self.model = model
    self.db = db
  }

  /// By id. Costs a look-up for each text of the documents that are passed over.
  ///
  /// - Parameter changedAfter: looks at those alone that the feed names since; zero for all.
  func ids(changedAfter: Int64, after: Int64, limit: Int) throws -> [Int64] {
    let lacks = """
      EXISTS (SELECT 1 FROM chunks c JOIN chunk_embeddings e ON e.chunk = c.id
        WHERE c.document = d.id
          AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.text_hash = e.text_hash AND v.model = ?2))
      """
    if changedAfter == 0 {
      return try db.integers(
        """
        SELECT d.id FROM documents d INDEXED BY documents_live
        WHERE d.kb = ?1 AND d.live = 1 AND d.id > ?3 AND \(lacks) ORDER BY d.id LIMIT ?4
        """,
        kb,
        model,
        after,
        limit
      )
    }
    return try db.integers(
      """
      SELECT d.id FROM changes f INDEXED BY changes_by_kb CROSS JOIN documents d ON d.id = f.document
      WHERE f.kb = ?1 AND f.seq > ?5 AND d.live = 1 AND d.id > ?3 AND \(lacks) ORDER BY d.id LIMIT ?4
      """,
      kb,
      model,
      after,
      limit,
      changedAfter
    )
  }

  func documents(changedAfter: Int64, after: Int64, limit: Int) throws -> [UnembeddedDocument] {
    try ids(changedAfter: changedAfter, after: after, limit: limit).compactMap(document)
  }

  private func document(_ id: Int64) throws -> UnembeddedDocument? {
    guard
      let row = try db.row(
        """
        SELECT d.kind, d.title, d.questions, d.language, v.text
        FROM documents d JOIN versions v ON v.document = d.id AND v.version = d.version WHERE d.id = ?
        """,
        id
      )
    else { return nil }
    guard let kind = DocumentKind(rawValue: try row.text(0)) else {
      throw StoreError.corrupt("a document's kind is unknown")
    }
    let content = DocumentContent(
      kind: kind, title: try row.text(1), text: try row.text(4), questions: try row.strings(2),
      language: try row.textIfPresent(3))
    let (chunks, missing) = try chunks(of: id)
    return UnembeddedDocument(
      id: DocumentID(rawValue: id), content: content, chunks: chunks, missing: missing)
  }

  /// A row comes for each text of each chunk.
  private func chunks(of document: Int64) throws -> ([UnembeddedDocument.Chunk], missing: Set<Data>) {
    var chunks: [UnembeddedDocument.Chunk] = []
    var missing: Set<Data> = []
    var open: (id: Int64, headingPath: [String], span: ByteSpan, text: String)?
    var hashes: [Data] = []
    func close() {
      guard let chunk = open else { return }
      chunks.append(
        .init(headingPath: chunk.headingPath, span: chunk.span, text: chunk.text, textHashes: hashes))
      hashes = []
    }
    try db.each(
      """
      SELECT c.id, c.heading_path, c.span_start, c.span_end, c.text, e.text_hash, v.id IS NULL
      FROM chunks c JOIN chunk_embeddings e ON e.chunk = c.id
      LEFT JOIN vectors v ON v.text_hash = e.text_hash AND v.model = ?2
      WHERE c.document = ?1 ORDER BY c.ordinal, c.id, e.ordinal
      """,
      [document, model]
    ) { row in
      let id = try row.integer(0)
      if open?.id != id {
        close()
        open = (id, try row.strings(1), ByteSpan(start: try row.int(2), end: try row.int(3)), try row.text(4))
      }
      let hash = try row.data(5)
      hashes.append(hash)
      if try row.integer(6) == 1 { missing.insert(hash) }
    }
    close()
    return (chunks, missing)
  }
}
