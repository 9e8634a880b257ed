import Domain
import Foundation
import GRDB

/// A switch is one JSON value beside the knowledge base's rules, of the kind `model_switch`; no index reads it.
extension SQLiteStore {
  public func modelSwitches() async throws -> [KnowledgeBase: ModelSwitch] {
    try await knowledge.read { db in
      var found: [KnowledgeBase: ModelSwitch] = [:]
      try db.each(
        """
        SELECT b.id, b.name, b.model, b.created_at, g.value FROM guidance g JOIN knowledge_bases b ON b.id = g.kb
        WHERE g.kind = ? AND b.name IS NOT NULL
        """,
        [ModelSwitchRow.kind]
      ) { found[try KnowledgeBaseRow.value($0)] = try ModelSwitchRow.decode($0.text(4)) }
      return found
    }
  }

  public func modelSwitch(of id: KnowledgeBaseID) async throws -> ModelSwitch? {
    try await knowledge.read { db in try ModelSwitchRow.find(id.rawValue, db) }
  }

  public func updateModelSwitch(
    of id: KnowledgeBaseID,
    _ change: @escaping @Sendable (inout ModelSwitch?, KnowledgeBase, Date) throws -> Void
  ) async throws -> ModelSwitch? {
    let now = options.now()
    return try await knowledge.write { db in
      guard
        let row = try db.row(
          "SELECT id, name, model, created_at FROM knowledge_bases WHERE id = ? AND name IS NOT NULL",
          id.rawValue)
      else { throw StoreError.knowledgeBaseNotFound(id) }
      let before = try ModelSwitchRow.find(id.rawValue, db)
      var after = before
      try change(&after, KnowledgeBaseRow.value(row), now)
      if after != before { try ModelSwitchRow.replace(after, of: id.rawValue, db) }
      // Searches use the new model from then on; what is left is clearing up.
      if let after, after.state == .clearing, before?.state == .publishing {
        try OutboxWriter(db, now: now.column).record(.modelSwitchFinished, knowledgeBase: row.text(1)) {
          ["model": .text(after.model), "previous_model": .text(after.previous)]
        }
      }
      return after
    }
  }

  public func modelsInUse(by id: KnowledgeBaseID) async throws -> ModelsInUse {
    try await knowledge.read { db in
      ModelsInUse(
        current: try KnowledgeBaseRow.require(id, db).model,
        also: try ModelSwitchRow.find(id.rawValue, db)?.alsoWanted)
    }
  }

  public func embeddedTexts(of id: KnowledgeBaseID, model: String) async throws -> (done: Int, total: Int) {
    try await knowledge.read { db in
      let row = try db.row(
        """
        SELECT count(*), count(v.id) FROM (
          SELECT DISTINCT e.text_hash AS text_hash
          FROM documents d JOIN chunks c ON c.document = d.id JOIN chunk_embeddings e ON e.chunk = c.id
          WHERE d.kb = ? AND d.live = 1) texts
        LEFT JOIN vectors v ON v.text_hash = texts.text_hash AND v.model = ?
        """,
        id.rawValue,
        model
      )
      return (done: try row?.int(1) ?? 0, total: try row?.int(0) ?? 0)
    }
  }

  public func unembeddedDocuments(
    in id: KnowledgeBaseID, model: String, changedAfter: Generation, after: DocumentID?, limit: Int
  ) async throws -> [UnembeddedDocument] {
    try await knowledge.read { db in
      _ = try KnowledgeBaseRow.require(id, db)
      return try UnembeddedReader(kb: id.rawValue, model: model, db)
        .documents(changedAfter: changedAfter.rawValue, after: after?.rawValue ?? 0, limit: limit)
    }
  }

  public func completeModelSwitch(
    of id: KnowledgeBaseID, holder: String, coveredUntil: Generation
  ) async throws -> ModelSwapOutcome {
    let outcome = try await knowledge.write { db -> ModelSwapOutcome in
      let kb = try KnowledgeBaseRow.require(id, db)
      guard var found = try ModelSwitchRow.find(kb.id, db), found.holder == holder, found.state == .embedding
      else { return .notHeld }
      if found.model != KnowledgeBase.noModel {
        let reader = UnembeddedReader(kb: kb.id, model: found.model, db)
        guard try reader.ids(changedAfter: coveredUntil.rawValue, after: 0, limit: 1).isEmpty else {
          return .textsMissing
        }
      }
      found.previous = kb.model
      found.state = .publishing
      found.textsDone = found.textsTotal
      try ModelSwitchRow.replace(found, of: kb.id, db)
      try db.run("UPDATE knowledge_bases SET model = ? WHERE id = ?", found.model, kb.id)
      return .set(try FeedWriter(db).record(.model, of: kb.id))
    }
    if case .set(let generation) = outcome { signals.committed(generation.rawValue) }
    return outcome
  }

  public func removeUnusedVectors(after textHash: Data?, limit: Int) async throws -> Data? {
    try await knowledge.write { db in
      try UnusedVectors(db).removeSome(after: textHash ?? Data(), limit: limit)
    }
  }
}
