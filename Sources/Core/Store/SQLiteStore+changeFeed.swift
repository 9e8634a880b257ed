import Domain
import Foundation
import GRDB

extension SQLiteStore {
  public func epoch() async throws -> StoreEpoch {
    try await knowledge.read { db in try Self.epoch(db) }
  }

  public func head() async throws -> Generation {
    try await knowledge.read { db in try FeedWriter(db).head() }
  }

  /// The feed keeps the newest change of every document for good, so that no reader is ever behind it; one
  /// that is ahead, because files were put back without `restore`, gets `feed_trimmed`.
  ///
  /// Where the knowledge base is gone there are no pages, and the summary says so.
  public func readChanges(
    of id: KnowledgeBaseID,
    after: Generation,
    model: String,
    pageSize: Int,
    apply: @escaping @Sendable (ChangePage) throws -> Void
  ) async throws -> ChangeSummary {
    try await knowledge.read { db in
      let epoch = try Self.epoch(db)
      let head = try FeedWriter(db).head()
      guard after <= head else {
        throw StoreError(
          .feedTrimmed,
          "The index is at generation \(after) and the store only at \(head). Rebuild: `frontdesk index rebuild`."
        )
      }
      guard try db.exists("SELECT 1 FROM knowledge_bases WHERE id = ? AND name IS NOT NULL", id.rawValue)
      else {
        return ChangeSummary(
          epoch: epoch, head: head, maintenance: [], hasNewRules: false, knowledgeBaseExists: false)
      }
      let reader = ChangeReader(kb: id.rawValue, model: model, pageSize: max(1, pageSize), db)
      if after == .zero {
        try reader.readLive(apply)
      } else {
        try reader.readChanges(after: after, apply)
      }
      let kinds = try reader.changesOfKnowledgeBase(after: after)
      return ChangeSummary(
        epoch: epoch,
        head: head,
        maintenance: Set(kinds.compactMap(MaintenanceKind.init)),
        hasNewRules: !kinds.isDisjoint(with: FeedWriter.KnowledgeBaseChange.guidance),
        knowledgeBaseExists: true
      )
    }
  }

  public func changeSignals() -> AsyncStream<Void> { signals.stream() }

  public func requestMaintenance(
    _ kind: MaintenanceKind,
    of id: KnowledgeBaseID
  ) async throws -> Generation {
    let generation = try await knowledge.write { db in
      let kb = try KnowledgeBaseRow.require(id, db)
      return try FeedWriter(db).record(FeedWriter.KnowledgeBaseChange(kind), of: kb.id)
    }
    signals.committed(generation.rawValue)
    return generation
  }

  private static func epoch(_ db: Database) throws -> StoreEpoch {
    guard let row = try db.row("SELECT value FROM meta WHERE key = 'epoch'") else {
      throw StoreError.corrupt("the store's epoch is missing")
    }
    return StoreEpoch(rawValue: try row.text(0))
  }
}
