import Domain
import Foundation
import GRDB

/// Carries out what editors ask for and what is due, within one transaction.
struct Publisher {
  private let db: Database
  /// Microseconds since 1970.
  private let now: Int64
  private let versions: VersionWriter

  init(now: Int64, _ db: Database) {
    self.now = now
    self.db = db
    versions = VersionWriter(db, now: now)
  }

  // MARK: What editors ask for

  /// - Returns: nil where there is no such document.
  func act(
    _ act: PublicationAct, on externalID: String, in id: KnowledgeBaseID,
    vectors given: [VectorKey: HalfVector]
  ) throws -> PublicationOutcome? {
    let kb = try KnowledgeBaseRow.require(id, db)
    guard let stored = try StoredDocument.find(externalID, in: kb.id, db), !stored.isDeleted else {
      return nil
    }
    let settlement = Settlement(kb: kb.id, now: now, db)
    var vectors = VectorKeeper(db)
    var hasChanged = false
    switch act {
    case .publish(let change):
      let target = try publication(of: stored, after: change)
      guard target != stored.latest.publication else { break }
      let missing = try settlement.missingVectors(of: stored.latest, model: kb.model, vectors)
        .filter { given[$0.key] == nil }
      guard missing.isEmpty else { return .vectorsMissing(missing) }
      try versions.set(target, of: stored.latest.id)
      hasChanged = true
    case .unpublish:
      hasChanged = try takeBack(stored, as: .draft)
    case .archive:
      hasChanged = try takeBack(stored, as: .archived)
      try versions.archiveAll(of: stored.id)
    }
    guard hasChanged else {
      return .done(try versions.latestRecord(of: stored.id), generation: try feed.head())
    }
    try versions.addRevision(to: stored.id)
    let settled = try settlement.settle(stored.id, vectors: &vectors)
    for (key, vector) in given { try vectors.insertIfReferenced(vector, for: key) }
    try vectors.removeOrphans()
    let record = try versions.latestRecord(of: stored.id)
    try OutboxWriter(db, now: now).record(
      Self.event(settled, record), stored.id, of: kb.name, generation: settled.generation, record)
    return .done(record, generation: settled.generation)
  }

  /// Without a date it goes out at once; an end that is over would take it back in the same moment.
  private func publication(of stored: StoredDocument, after change: PublicationChange) throws -> Publication {
    let time = Date(column: now)
    let latest = stored.latest
    var change = change
    change.status = .published
    let isPublic = stored.isLive && stored.version == latest.version
    if change.publishAt == .keep, !isPublic { change.publishAt = .clear }
    if change.expiresAt == .keep, latest.publication.isExpired(at: time) { change.expiresAt = .clear }
    let target = latest.publication.changed(by: change).toTheMicrosecond
    guard target.isInOrder else {
      throw ValidationError(code: "invalid_publication", message: "expires_at must be after publish_at.")
    }
    guard !isPublic || target.isDue(at: time) else {
      throw ValidationError(
        code: "invalid_publication",
        message:
          "This version is published already, so that it cannot be published later. Unpublish it first, or "
          + "write the new text with this publish_at: the old one stays until then.")
    }
    return target
  }

  /// - Returns: whether there was anything to take back.
  private func takeBack(_ stored: StoredDocument, as status: DocumentStatus) throws -> Bool {
    let published = try StoredVersion.published(of: stored.id, db)
    let latest = stored.latest
    guard !published.isEmpty || latest.publication.status != status else { return false }
    // The newest stays what the editor goes on with; those before it are history.
    try versions.archivePublished(of: stored.id, before: latest.version)
    if latest.publication.status != status {
      var publication = latest.publication
      publication.status = status
      if publication.isDue(at: Date(column: now)) { publication.publishAt = nil }
      try VersionChunks(db).keepLiveChunks(of: latest.id, document: stored.id)
      try versions.set(publication, of: latest.id)
    }
    return true
  }

  private static func event(_ settled: Settlement.Settled, _ record: DocumentRecord) -> EventType {
    guard settled.hasChanged else { return .documentUpdated }
    return record.liveVersion == nil ? .documentUnpublished : .documentPublished
  }

  // MARK: What is due

  /// - Returns: what was done, and after which document to go on; nil where there are no more.
  func applyDue(
    after: (due: Int64, id: Int64), vectors given: [VectorKey: HalfVector]
  ) throws -> (outcome: DueOutcome, after: (due: Int64, id: Int64)?) {
    var outcome = DueOutcome()
    var vectors = VectorKeeper(db)
    let outbox = try OutboxWriter(db, now: now)
    var due: [(due: Int64, id: Int64, kb: Int64, model: String, name: String)] = []
    try db.each(
      """
      SELECT d.due_at, d.id, d.kb, b.model, b.name FROM documents d JOIN knowledge_bases b ON b.id = d.kb
      WHERE d.due_at <= ? AND (d.due_at, d.id) > (?, ?) AND b.name IS NOT NULL
      ORDER BY d.due_at, d.id LIMIT ?
      """, [now, after.due, after.id, Self.documentsAtOnce]
    ) {
      due.append((try $0.integer(0), try $0.integer(1), try $0.integer(2), try $0.text(3), try $0.text(4)))
    }
    for document in due {
      let settlement = Settlement(kb: document.kb, now: now, db)
      let live = try settlement.target(of: document.id).live
      if let live, try !isLive(live.version, of: document.id) {
        let missing = try settlement.missingVectors(of: live, model: document.model, vectors)
          .filter { given[$0.key] == nil }
        guard missing.isEmpty else {
          outcome.missing.merge(missing) { known, _ in known }
          continue
        }
      }
      let settled = try settlement.settle(document.id, vectors: &vectors)
      outcome.generation = settled.generation
      try versions.addRevision(to: document.id)
      let record = try versions.latestRecord(of: document.id)
      try outbox.record(
        Self.event(settled, record), document.id, of: document.name, generation: settled.generation, record)
      outcome.documents += 1
    }
    for (key, vector) in given { try vectors.insertIfReferenced(vector, for: key) }
    try vectors.removeOrphans()
    return (outcome, due.count < Self.documentsAtOnce ? nil : due.last.map { ($0.due, $0.id) })
  }

  private func isLive(_ version: Int, of document: Int64) throws -> Bool {
    try db.exists("SELECT 1 FROM documents WHERE id = ? AND live = 1 AND version = ?", document, version)
  }

  private var feed: FeedWriter { FeedWriter(db) }

  /// Documents of one transaction.
  private static let documentsAtOnce = 16
}
