import Domain
import Foundation
import GRDB

/// Makes what readers find of a document what its versions say, within one transaction.
///
/// Of the versions that are published and whose time has come the newest counts; where it has expired, nothing is
/// live, and no older one comes back. Chunks, counts, the feed and the history follow in one step.
struct Settlement {
  struct Settled {
    var chunks = ChunkDifference.Counts()
    var generation: Generation
    var hasChanged = false
  }

  private let kb: Int64
  private let now: Int64
  private let db: Database

  init(kb: Int64, now: Int64, _ db: Database) {
    self.kb = kb
    self.now = now
    self.db = db
  }

  /// The version that is to be live.
  func target(of document: Int64) throws -> (newest: StoredVersion?, live: StoredVersion?) {
    let time = Date(column: now)
    let newest = try StoredVersion.published(of: document, db).first { $0.publication.isDue(at: time) }
    return (newest, newest.flatMap { $0.publication.isExpired(at: time) ? nil : $0 })
  }

  /// Vectors that going live lacks.
  func missingVectors(of version: StoredVersion, model: String, _ vectors: VectorKeeper) throws -> [VectorKey:
    String]
  {
    guard model != KnowledgeBase.noModel else { return [:] }
    var missing: [VectorKey: String] = [:]
    for chunk in try VersionChunks(db).chunks(of: version.id) ?? [] {
      for (text, hash) in zip(chunk.draft.embeddedTexts, chunk.textHashes) {
        let key = VectorKey(model: model, textHash: hash)
        if missing[key] == nil, try !vectors.has(key) { missing[key] = text }
      }
    }
    return missing
  }

  /// To be called after versions or their states have changed; always a change of the feed.
  ///
  /// - Parameter known: how a version, by its row, is cut; else it is read.
  func settle(
    _ document: Int64, known: (id: Int64, chunks: [ChunkWrite])? = nil, vectors: inout VectorKeeper
  ) throws -> Settled {
    guard
      let row = try db.row(
        "SELECT live, version, expires_at, latest FROM documents WHERE id = ?", document)
    else { throw StoreError.corrupt("a document vanished while it was settled") }
    let before = try row.integer(0) == 1 ? try row.int(1) : nil
    let expiry = try row.dateIfPresent(2)
    let versions = VersionWriter(db, now: now)
    let (newest, live) = try target(of: document)
    if let newest { try versions.archivePublished(of: document, before: newest.version) }
    var settled = Settled(generation: try FeedWriter(db).record(document: document, of: kb))
    let intervals = PublicationIntervals(kb: kb, now: now, generation: settled.generation, db)
    if before != live?.version {
      settled.hasChanged = true
      settled.chunks = try replaceChunks(
        of: document, before: before, by: live, known: known, &vectors)
      try intervals.end(document)
      if let live {
        try intervals.begin(live, of: document, chunks: settled.chunks.added + settled.chunks.kept)
      }
    } else if let live, live.publication.expiresAt != expiry {
      try intervals.change(expiresAt: live.publication.expiresAt, of: document)
    }
    try show(
      live, of: document, latest: row.int(3), settled.generation,
      isNew: settled.hasChanged || live == nil)
    try trimPendingTexts(of: document, live: live?.version, latest: row.int(3), &vectors)
    try KnowledgeBaseRow.count(
      documents: (live == nil ? 0 : 1) - (before == nil ? 0 : 1),
      chunks: settled.chunks.added - settled.chunks.removed, in: kb, db)
    return settled
  }

  private func replaceChunks(
    of document: Int64, before: Int?, by live: StoredVersion?, known: (id: Int64, chunks: [ChunkWrite])?,
    _ vectors: inout VectorKeeper
  ) throws -> ChunkDifference.Counts {
    let kept = VersionChunks(db)
    if let before, let version = try StoredVersion.find(before, of: document, db) {
      try kept.keepLiveChunks(of: version.id, document: document)
    }
    var chunks: [ChunkWrite] = []
    if let live {
      guard let found = try known?.id == live.id ? known?.chunks : kept.chunks(of: live.id) else {
        throw StoreError.corrupt("the chunks of a version are missing")
      }
      chunks = found
      try db.run(
        "UPDATE version_details SET live_at = coalesce(live_at, ?) WHERE id = ?", now, live.id)
    }
    var difference = ChunkDifference(document: document, db)
    return try difference.apply(chunks, existing: before != nil, &vectors)
  }

  /// Lets the row of the document describe the live version, or where none is live the newest.
  private func show(
    _ live: StoredVersion?, of document: Int64, latest: Int, _ generation: Generation, isNew: Bool
  ) throws {
    try db.run(
      "UPDATE version_details SET generation = ? WHERE document = ? AND version = ?", generation.rawValue,
      document, latest)
    try db.run(
      """
      UPDATE documents SET live = ?1, version = v.version,
        generation = CASE ?7 WHEN 1 THEN ?2 ELSE documents.generation END, kind = v.kind, title = v.title,
        url = v.url, language = v.language, questions = v.questions, tags = v.tags, attributes = v.attributes,
        visibility = v.visibility, text_bytes = v.text_bytes, chunk_count = v.chunk_count,
        origin_root = v.origin_root, origin_path = v.origin_path, links = v.links, publish_at = v.publish_at,
        expires_at = v.expires_at, updated_at = coalesce(v.live_at, v.changed_at),
        status = (SELECT s.status FROM version_details s WHERE s.document = ?3 AND s.version = ?4),
        due_at = nullif(min(
          coalesce((SELECT min(s.publish_at) FROM version_details s
            WHERE s.document = ?3 AND s.status = 'published' AND s.publish_at > ?5), \(Int64.max)),
          CASE ?1 WHEN 1 THEN coalesce(v.expires_at, \(Int64.max)) ELSE \(Int64.max) END), \(Int64.max))
      FROM version_details v WHERE documents.id = ?3 AND v.document = ?3 AND v.version = ?6
      """,
      live == nil ? 0 : 1, generation.rawValue, document, latest, now, live?.version ?? latest, isNew ? 1 : 0)
  }

  /// Vectors wait only for versions that may still go live.
  private func trimPendingTexts(
    of document: Int64, live: Int?, latest: Int, _ vectors: inout VectorKeeper
  ) throws {
    var texts: [(id: Int64, hash: Data)] = []
    try db.each(
      """
      SELECT p.id, p.text_hash FROM version_details v JOIN pending_texts p ON p.id = v.id
      WHERE v.document = ? AND (v.version = ? OR v.status = 'archived' OR (v.status = 'draft' AND v.version != ?))
      """, [document, live ?? -1, latest]
    ) { texts.append((try $0.integer(0), try $0.data(1))) }
    for text in texts {
      try db.run("DELETE FROM pending_texts WHERE id = ? AND text_hash = ?", text.id, text.hash)
      vectors.release(text.hash)
    }
  }
}
