import Domain
import Foundation
import GRDB
import Security

/// Reads and keeps how versions were cut.
struct VersionChunks {
  private let db: Database
  init(_ db: Database) { self.db = db }

  /// - Parameter id: of the version's row.
  func keep(_ chunks: [ChunkWrite], of id: Int64, text: String) throws {
    let text = VersionText(text)
    try keep(chunks.map { StoredChunk($0, in: text) }, of: id)
  }

  private func keep(_ chunks: [StoredChunk], of id: Int64) throws {
    try db.run(
      "INSERT INTO version_chunks (id, chunks) VALUES (?, ?)", id, try StoredChunk.encode(chunks))
  }

  /// - Returns: nil where they are not known any more.
  func chunks(of id: Int64) throws -> [ChunkWrite]? {
    guard
      let row = try db.row(
        """
        SELECT c.chunks, v.text, v.title, v.document, d.live = 1 AND d.version = v.version
        FROM versions v JOIN documents d ON d.id = v.document LEFT JOIN version_chunks c ON c.id = v.id
        WHERE v.id = ?
        """, id)
    else { return nil }
    let text = VersionText(try row.text(1))
    if let column = try row.dataIfPresent(0) { return try StoredChunk.decode(column, in: text) }
    guard try row.integer(4) == 1 else { return nil }
    return try liveChunks(of: row.integer(3), title: row.text(2), in: text).enumerated().map {
      try $1.chunk(ordinal: $0, in: text)
    }
  }

  /// Keeps the chunks of a version that schema 2 wrote, before they go.
  func keepLiveChunks(of id: Int64, document: Int64) throws {
    if try db.exists("SELECT 1 FROM version_chunks WHERE id = ?", id) { return }
    guard let row = try db.row("SELECT text, title FROM versions WHERE id = ?", id) else { return }
    try keep(liveChunks(of: document, title: row.text(1), in: VersionText(row.text(0))), of: id)
  }

  /// What was embedded for live chunks is made up again from title, headings and body; where that is not it, its
  /// hash still finds the vector.
  private func liveChunks(of document: Int64, title: String, in text: VersionText) throws -> [StoredChunk] {
    var rows: [(id: Int64, headings: [String], span: ByteSpan, text: String, hash: Data)] = []
    try db.each(
      """
      SELECT id, heading_path, span_start, span_end, text, content_hash FROM chunks WHERE document = ?
      ORDER BY ordinal, id
      """, [document]
    ) { row in
      let (start, end) = (try row.int(2), try row.int(3))
      guard 0 <= start, start <= end else { throw StoreError.corrupt("a chunk's span runs backward") }
      rows.append(
        (
          try row.integer(0), try row.strings(1), ByteSpan(start: start, end: end), try row.text(4),
          try row.data(5)
        ))
    }
    return try rows.map { row in
      let isPlace = text.holds(row.text, at: row.span)
      let head = ([title] + row.headings).filter { !$0.isEmpty }.map { $0 + "\n" }.joined()
      let whole = Digest.sha256(head + row.text)
      var embedded: [StoredChunk.Embedded] = []
      try db.each("SELECT text_hash FROM chunk_embeddings WHERE chunk = ? ORDER BY ordinal", [row.id]) {
        let hash = try $0.data(0)
        embedded.append(
          StoredChunk.Embedded(
            head: isPlace ? head : head + row.text, span: isPlace ? [row.span.start, row.span.end] : nil,
            hash: whole == hash ? nil : hash))
      }
      return StoredChunk(
        headings: row.headings, span: row.span, text: isPlace ? nil : row.text, hash: row.hash,
        embedded: embedded)
    }
  }
}
