import Domain
import Foundation
import GRDB

/// Reads what was live when, within one read transaction.
struct HistoryReader {
  private let kb: KnowledgeBaseID
  private let db: Database

  init(_ kb: KnowledgeBaseID, _ db: Database) {
    self.kb = kb
    self.db = db
  }

  // MARK: Finding a moment

  func moment(_ asOf: AsOf, now: Date) throws -> PastMoment {
    _ = try KnowledgeBaseRow.require(kb, db)
    let start = try start()
    let head = try FeedWriter(db).head()
    let generation: Generation
    var time: Date?
    switch asOf {
    case .generation(let asked):
      guard asked <= head else {
        throw StoreError.noHistory("Generation \(asked) has not come yet; the newest is \(head).")
      }
      guard asked >= start.generation else {
        throw StoreError.noHistory(
          "The history of this knowledge base begins at generation \(start.generation).")
      }
      generation = asked
    case .time(let asked):
      guard asked <= now else {
        throw StoreError.noHistory("That time has not come yet: a search of the future is not possible.")
      }
      guard asked >= start.time else {
        throw StoreError.noHistory(
          "The history of this knowledge base begins at \(start.time.formatted(.iso8601)).")
      }
      generation = max(start.generation, try newest("_time", until: asked.column))
      time = asked
    }
    let sums = try db.row(
      """
      SELECT coalesce(sum(chunk_count), 0), coalesce(sum(expires_at <= ?4), 0) FROM publications p
      WHERE \(Self.wasLive)
      """, kb.rawValue, generation.rawValue, generation.rawValue, time?.column)
    let erasure = try db.integer(
      "SELECT seq FROM changes WHERE kb = ? AND kind = 'erase' AND document IS NULL", kb.rawValue)
    return PastMoment(
      knowledgeBase: kb, generation: generation,
      state: try newest("_generation", until: generation.rawValue), time: time,
      expired: try sums?.int(1) ?? 0,
      erasure: Generation(rawValue: erasure ?? 0), chunks: try sums?.int(0) ?? 0)
  }

  /// From where on everything is known: the knowledge base's beginning, or the migration that began to keep it.
  private func start() throws -> (generation: Generation, time: Date) {
    func kept(_ key: String) throws -> Int64 {
      try db.integer("SELECT CAST(value AS INTEGER) FROM meta WHERE key = ?", key) ?? 0
    }
    let made = try db.row(
      """
      SELECT c.seq, b.created_at FROM knowledge_bases b
      LEFT JOIN changes c ON c.kb = b.id AND c.kind = 'kb_created' AND c.document IS NULL WHERE b.id = ?
      """, kb.rawValue)
    let seq = try made.map { $0.hasNull(atIndex: 0) ? 0 : try $0.integer(0) } ?? 0
    let time = try made?.integer(1) ?? 0
    return (
      Generation(rawValue: max(try kept("history_generation"), seq)),
      Date(column: max(try kept("history_time"), time))
    )
  }

  /// - Parameter what: `_time` or `_generation`, which is at most `end`.
  private func newest(_ what: String, until end: Int64) throws -> Generation {
    let newest = try db.integer(
      """
      SELECT max(g) FROM (
        SELECT max(from_generation) AS g FROM publications WHERE kb = ?1 AND from\(what) <= ?2
        UNION ALL SELECT max(until_generation) FROM publications WHERE kb = ?1 AND until\(what) <= ?2)
      """, kb.rawValue, end)
    return Generation(rawValue: newest ?? 0)
  }

  /// Arguments: the knowledge base and twice the generation.
  private static let wasLive = """
    kb = ?1 AND from_generation <= ?2 AND (until_generation IS NULL OR until_generation > ?3)
    """

  // MARK: Reading

  func read(
    _ moment: PastMoment, model: String, pageSize: Int, _ apply: ([PastDocument]) throws -> Void
  ) throws {
    let versions = try db.integers(
      """
      SELECT v.id FROM publications p JOIN version_details v ON v.document = p.document AND v.version = p.version
      WHERE \(Self.wasLive) AND (?4 IS NULL OR p.expires_at IS NULL OR p.expires_at > ?4) ORDER BY p.document
      """, kb.rawValue, moment.generation.rawValue, moment.generation.rawValue, moment.time?.column)
    for start in stride(from: 0, to: versions.count, by: pageSize) {
      let page = versions[start..<min(start + pageSize, versions.count)]
      try apply(try page.compactMap { try document(version: $0, model: model) })
    }
  }

  private func document(version id: Int64, model: String) throws -> PastDocument? {
    // Its columns in the order of a record's; those of a live document stand in for what is not of the version.
    let row = try db.row(
      """
      SELECT d.id, d.kb, d.external_id, v.version, v.kind, v.title, v.url, v.language, v.tags, v.attributes,
        v.visibility, v.text_bytes, v.chunk_count, v.generation, d.created_at, coalesce(v.live_at, v.created_at),
        v.origin_root, 'published', v.publish_at, v.expires_at, v.version, 0, v.questions
      FROM version_details v JOIN documents d ON d.id = v.document WHERE v.id = ?
      """, id)
    guard let row, let chunks = try VersionChunks(db).chunks(of: id) else { return nil }
    return PastDocument(
      record: try DocumentColumns.record(row), questions: try row.strings(DocumentColumns.count),
      chunks: try chunks.map { chunk in
        PastChunk(
          draft: chunk.draft,
          vectors: try chunk.textHashes.map { hash in
            try db.row("SELECT half_values FROM vectors WHERE text_hash = ? AND model = ?", hash, model)
              .map { try HalfVector(column: $0.data(0)) }
          })
      })
  }
}
