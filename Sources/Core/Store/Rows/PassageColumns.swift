import Domain
import GRDB

/// The columns of `chunks AS c` that, after those of its document, make a `Passage`.
enum PassageColumns {
  static let sql = DocumentColumns.sql + ", c.id, c.ordinal, c.heading_path, c.span_start, c.span_end, c.text"

  static func passage(_ row: Row, of document: DocumentRecord) throws -> Passage {
    let first = DocumentColumns.count
    return Passage(
      chunk: try chunkID(row.integer(first)),
      ordinal: try row.int(first + 1),
      headingPath: try row.strings(first + 2),
      span: try span(row.int(first + 3), row.int(first + 4)),
      text: try row.text(first + 5),
      document: document
    )
  }

  static func chunkID(_ rowID: Int64) throws -> ChunkID {
    guard let id = UInt64(exactly: rowID) else { throw StoreError.corrupt("a chunk's id is negative") }
    return ChunkID(rawValue: id)
  }

  private static func span(_ start: Int, _ end: Int) throws -> ByteSpan {
    guard 0 <= start, start <= end else { throw StoreError.corrupt("a chunk's span runs backward") }
    return ByteSpan(start: start, end: end)
  }
}
