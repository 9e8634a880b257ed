import Domain
import Foundation
import GRDB

extension SQLiteStore {
  public func knowledgeBases() async throws -> [KnowledgeBase] {
    try await knowledge.read { db in
      var all: [KnowledgeBase] = []
      try db.each(
        "SELECT id, name, model, created_at FROM knowledge_bases WHERE name IS NOT NULL ORDER BY name",
        []
      ) { all.append(try KnowledgeBaseRow.value($0)) }
      return all
    }
  }

  public func knowledgeBase(named name: String) async throws -> KnowledgeBase? {
    try await knowledge.read { db in
      try db.row("SELECT id, name, model, created_at FROM knowledge_bases WHERE name = ?", name)
        .map(KnowledgeBaseRow.value)
    }
  }

  public func createKnowledgeBase(named name: String, model: String) async throws -> KnowledgeBase {
    try KnowledgeBase.validate(name: name)
    let now = options.now().column
    let (created, generation) = try await knowledge.write { db in
      if try db.exists("SELECT 1 FROM knowledge_bases WHERE name = ?", name) {
        throw StoreError.knowledgeBaseExists(name)
      }
      try db.run("INSERT INTO knowledge_bases (name, model, created_at) VALUES (?, ?, ?)", name, model, now)
      let id = db.lastInsertedRowID
      let generation = try FeedWriter(db).record(.knowledgeBaseCreated, of: id)
      try OutboxWriter(db, now: now).record(.knowledgeBaseCreated, knowledgeBase: name) {
        ["model": .text(model)]
      }
      let created = KnowledgeBase(
        id: KnowledgeBaseID(rawValue: id),
        name: name,
        model: model,
        createdAt: Date(column: now)
      )
      return (created, generation)
    }
    signals.committed(generation.rawValue)
    return created
  }

  public func setModel(_ model: String, of id: KnowledgeBaseID) async throws -> Generation {
    let generation = try await knowledge.write { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      let feed = FeedWriter(db)
      guard kb.model != model else { return try feed.head() }
      if model != KnowledgeBase.noModel {
        let missing = try db.exists(
          """
          SELECT 1 FROM documents d JOIN chunks c ON c.document = d.id JOIN chunk_embeddings e ON e.chunk = c.id
          WHERE d.kb = ?1 AND d.live = 1
            AND NOT EXISTS (SELECT 1 FROM vectors v WHERE v.text_hash = e.text_hash AND v.model = ?2)
          LIMIT 1
          """,
          kb.id,
          model
        )
        if missing {
          throw StoreError(
            .missingVectors,
            "Not every chunk of \"\(kb.name)\" has a vector of \(model) yet. Embed the rest, then switch."
          )
        }
      }
      try db.run("UPDATE knowledge_bases SET model = ? WHERE id = ?", model, kb.id)
      return try feed.record(.model, of: kb.id)
    }
    signals.committed(generation.rawValue)
    return generation
  }

  /// It is gone with the first transaction; its rows then go in steps, so that no other write waits long.
  ///
  /// Where the process ends in between, the next opening goes on. Citations of its documents read `purged`.
  public func deleteKnowledgeBase(_ id: KnowledgeBaseID) async throws -> Generation {
    let now = options.now().column
    let name = try await knowledge.read { try KnowledgeBaseRow.require(id, $0).name }
    let generation = try await knowledge.write { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      try db.run("UPDATE knowledge_bases SET name = NULL WHERE id = ?", kb.id)
      try OutboxWriter(db, now: now).record(.knowledgeBaseDeleted, knowledgeBase: kb.name) { [:] }
      return try FeedWriter(db).record(.knowledgeBaseDeleted, of: kb.id)
    }
    signals.committed(generation.rawValue)
    // Its conversations have ended, and are not those of a later knowledge base of its name.
    try await service.write { db in
      try db.run("UPDATE conversations SET kb = '', status = 'closed' WHERE kb = ?", name)
    }
    try await removeDeletedKnowledgeBases()
    return generation
  }

  func removeDeletedKnowledgeBases() async throws {
    while try await removeSomeOfADeletedKnowledgeBase() {}
    try await eraser.run()
  }

  /// - Returns: whether something may be left.
  private func removeSomeOfADeletedKnowledgeBase() async throws -> Bool {
    try await knowledge.write { db in
      guard let kb = try db.integer("SELECT id FROM knowledge_bases WHERE name IS NULL LIMIT 1") else {
        return false
      }
      var remover = DocumentRemover(db)
      try Eraser.markPending(db)
      let documents = try db.integers("SELECT id FROM documents WHERE kb = ? LIMIT 128", kb)
      for document in documents {
        try remover.erase(document)
        try db.run("DELETE FROM changes WHERE document = ?", document)
      }
      try remover.removeOrphanedVectors()
      if documents.isEmpty {
        try db.run("DELETE FROM source_files WHERE kb = ?", kb)
        try db.run("DELETE FROM guidance WHERE kb = ?", kb)
        try db.run("DELETE FROM changes WHERE kb = ? AND kind != 'kb_deleted'", kb)
        try db.run("DELETE FROM knowledge_bases WHERE id = ?", kb)
      }
      return true
    }
  }
}
