import Domain
import Foundation
import GRDB

/// Brings a document's chunks to a new list, keeping the rows, and so the ids, of those that are the same.
///
/// Chunks are compared as a multiset by content hash: equal ones pair up in order. Costs one look-up a chunk.
struct ChunkDifference {
  struct Counts {
    var added = 0
    var kept = 0
    var removed = 0
  }

  private struct Existing {
    let id: Int64
    let ordinal: Int
    let span: Range<Int>
  }

  private let document: Int64
  private let db: Database

  init(document: Int64, _ db: Database) {
    self.document = document
    self.db = db
  }

  /// - Parameter existing: whether the document may have chunks.
  mutating func apply(
    _ chunks: [ChunkWrite],
    existing: Bool,
    _ vectors: inout VectorKeeper
  ) throws -> Counts {
    var counts = Counts()
    // Each list runs backward, so that the earliest is taken from its end.
    var old: [Data: [Existing]] = existing ? try existingChunks() : [:]
    for chunk in chunks {
      if let same = old[chunk.contentHash]?.popLast() {
        try move(same, to: chunk.draft)
        counts.kept += 1
      } else {
        try insert(chunk)
        counts.added += 1
      }
    }
    for chunk in old.values.joined() {
      try vectors.release(textsOf: "?", chunk.id)
      try db.run("DELETE FROM chunk_embeddings WHERE chunk = ?", chunk.id)
      try db.run("DELETE FROM chunks WHERE id = ?", chunk.id)
      counts.removed += 1
    }
    return counts
  }

  private func existingChunks() throws -> [Data: [Existing]] {
    var chunks: [Data: [Existing]] = [:]
    try db.each(
      """
      SELECT id, ordinal, span_start, span_end, content_hash FROM chunks WHERE document = ?
      ORDER BY ordinal DESC, id DESC
      """,
      [document]
    ) { row in
      let (start, end) = (try row.int(2), try row.int(3))
      let span = start <= end ? start..<end : 0..<0
      chunks[try row.data(4), default: []].append(
        Existing(id: try row.integer(0), ordinal: try row.int(1), span: span)
      )
    }
    return chunks
  }

  /// Nothing else of it can differ: the content hash covers headings, text and embedded texts.
  private func move(_ chunk: Existing, to draft: ChunkDraft) throws {
    guard chunk.ordinal != draft.ordinal || chunk.span != draft.span.range else { return }
    try db.run(
      "UPDATE chunks SET ordinal = ?, span_start = ?, span_end = ? WHERE id = ?",
      draft.ordinal,
      draft.span.start,
      draft.span.end,
      chunk.id
    )
  }

  private func insert(_ chunk: ChunkWrite) throws {
    let draft = chunk.draft
    try db.run(
      """
      INSERT INTO chunks (document, ordinal, span_start, span_end, content_hash, heading_path, text)
      VALUES (?, ?, ?, ?, ?, ?, ?)
      """,
      document,
      draft.ordinal,
      draft.span.start,
      draft.span.end,
      chunk.contentHash,
      JSONColumn.encode(draft.headingPath),
      draft.text.column
    )
    let id = db.lastInsertedRowID
    for (ordinal, hash) in chunk.textHashes.enumerated() {
      try db.run(
        "INSERT INTO chunk_embeddings (chunk, ordinal, text_hash) VALUES (?, ?, ?)",
        id,
        ordinal,
        hash
      )
    }
  }
}
