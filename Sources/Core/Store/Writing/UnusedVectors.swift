import Domain
import Foundation
import GRDB

/// Vectors of models that no knowledge base with their text uses, within one transaction.
struct UnusedVectors {
  private let db: Database

  init(_ db: Database) { self.db = db }

  /// Looks at so many vectors, in the order of their texts' hashes, which an index holds: no vector is read.
  ///
  /// - Parameter limit: more than there are models.
  /// - Returns: where to go on; nil at the end.
  func removeSome(after textHash: Data, limit: Int) throws -> Data? {
    var found: [(id: Int64, textHash: Data, model: String)] = []
    try db.each(
      "SELECT id, text_hash, model FROM vectors WHERE text_hash > ? ORDER BY text_hash, model LIMIT ?",
      [textHash, limit]
    ) { found.append((try $0.integer(0), try $0.data(1), try $0.text(2))) }
    let (users, all) = try users()
    for vector in found {
      let using = users[vector.model] ?? []
      // Every vector there is has a chunk somewhere.
      if try using == all || (!using.isEmpty && isText(vector.textHash, in: using)) { continue }
      try db.run("DELETE FROM vectors WHERE id = ?", vector.id)
    }
    guard found.count == limit, let last = found.last?.textHash else { return nil }
    // Those of the last text may go on behind the limit: it is looked at again.
    return found.last { $0.textHash != last }?.textHash ?? last
  }

  /// Knowledge bases by the models whose vectors they need, now or for a switch.
  private func users() throws -> (byModel: [String: Set<Int64>], all: Set<Int64>) {
    var byModel: [String: Set<Int64>] = [:]
    var all: Set<Int64> = []
    try db.each(
      """
      SELECT b.id, b.model, g.value FROM knowledge_bases b
      LEFT JOIN guidance g ON g.kb = b.id AND g.kind = ?
      """,
      [ModelSwitchRow.kind]
    ) { row in
      let kb = try row.integer(0)
      all.insert(kb)
      byModel[try row.text(1), default: []].insert(kb)
      guard let value = try row.textIfPresent(2) else { return }
      for model in try ModelSwitchRow.decode(value).keptModels { byModel[model, default: []].insert(kb) }
    }
    return (byModel, all)
  }

  private func isText(_ textHash: Data, in knowledgeBases: Set<Int64>) throws -> Bool {
    try db.exists(
      """
      SELECT 1 FROM chunk_embeddings e JOIN chunks c ON c.id = e.chunk JOIN documents d ON d.id = c.document
      WHERE e.text_hash = ? AND d.kb IN (SELECT value FROM json_each(?)) LIMIT 1
      """,
      textHash,
      SQLiteStore.list(knowledgeBases.sorted()[...])
    )
  }
}
