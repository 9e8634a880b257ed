import Domain
import Foundation
import GRDB

/// Reads documents with chunks and vectors for a follower, a page at a time, within one read transaction.
///
/// Memory is bounded by a page (and by eight bytes a changed document), however many there are.
struct ChangeReader {
  private let kb: Int64
  private let model: String
  private let pageSize: Int
  private let db: Database

  init(kb: Int64, model: String, pageSize: Int, _ db: Database) {
    self.kb = kb
    self.model = model
    self.pageSize = pageSize
    self.db = db
  }

  /// All live documents, by id.
  func readLive(_ apply: (ChangePage) throws -> Void) throws {
    var last: Int64 = 0
    while true {
      var found: [LiveDocument] = []
      try db.each(
        """
        SELECT \(DocumentColumns.sql), d.questions FROM documents d INDEXED BY documents_live
        WHERE d.kb = ? AND d.live = 1 AND d.id > ? ORDER BY d.id LIMIT ?
        """,
        [kb, last, pageSize]
      ) { found.append(try LiveDocument($0)) }
      guard let end = found.last else { return }
      last = end.record.id.rawValue
      try apply(ChangePage(documents: found.map(change)))
      if found.count < pageSize { return }
    }
  }

  /// The latest state of each document that changed, by id.
  func readChanges(after: Generation, _ apply: (ChangePage) throws -> Void) throws {
    let ids = try db.integers(
      """
      SELECT document FROM changes INDEXED BY changes_by_kb
      WHERE kb = ? AND seq > ? AND document IS NOT NULL ORDER BY document
      """,
      kb,
      after.rawValue
    )
    var start = 0
    while start < ids.count {
      let page = ids[start..<min(start + pageSize, ids.count)]
      start = page.endIndex
      var live: [Int64: LiveDocument] = [:]
      try db.each(
        """
        SELECT \(DocumentColumns.sql), d.questions
        FROM json_each(?) wanted CROSS JOIN documents d ON d.id = wanted.value WHERE d.live = 1
        """,
        [SQLiteStore.list(page)]
      ) { row in live[try row.integer(0)] = try LiveDocument(row) }
      try apply(
        ChangePage(
          documents: page.map { id in
            try live[id].map(change) ?? DocumentChange(document: DocumentID(rawValue: id), state: .gone)
          }
        )
      )
    }
  }

  /// What happened to the knowledge base itself.
  func changesOfKnowledgeBase(after: Generation) throws -> Set<String> {
    var kinds: Set<String> = []
    try db.each(
      "SELECT kind FROM changes WHERE kb = ? AND document IS NULL AND seq > ?",
      [kb, after.rawValue]
    ) { kinds.insert(try $0.text(0)) }
    return kinds
  }

  private struct LiveDocument {
    let record: DocumentRecord
    let questions: [String]

    init(_ row: Row) throws {
      record = try DocumentColumns.record(row)
      questions = try row.strings(DocumentColumns.count)
    }
  }

  private func change(_ document: LiveDocument) throws -> DocumentChange {
    DocumentChange(
      document: document.record.id,
      state: .live(document.record, questions: document.questions, chunks: try chunks(of: document.record.id))
    )
  }

  /// A row comes for each vector of each chunk, or one where a chunk has none.
  private func chunks(of document: DocumentID) throws -> [IndexableChunk] {
    var chunks: [IndexableChunk] = []
    var open: (id: ChunkID, headingPath: [String], text: String)?
    var vectors: [HalfVector] = []
    func close() {
      guard let chunk = open else { return }
      chunks.append(
        IndexableChunk(id: chunk.id, headingPath: chunk.headingPath, text: chunk.text, vectors: vectors)
      )
      vectors.removeAll(keepingCapacity: true)
    }
    try db.each(
      """
      SELECT c.id, c.heading_path, c.text, v.half_values
      FROM chunks c
      LEFT JOIN chunk_embeddings e ON e.chunk = c.id
      LEFT JOIN vectors v ON v.text_hash = e.text_hash AND v.model = ?2
      WHERE c.document = ?1 ORDER BY c.ordinal, c.id, e.ordinal
      """,
      [document.rawValue, model]
    ) { row in
      let id = try PassageColumns.chunkID(row.integer(0))
      if open?.id != id {
        close()
        open = (id, try row.strings(1), try row.text(2))
      }
      if !row.hasNull(atIndex: 3) { vectors.append(try HalfVector(column: row.data(3))) }
    }
    close()
    return chunks
  }
}
