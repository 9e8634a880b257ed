import Domain
import Foundation
import GRDB

extension SQLiteStore {
  public func act(
    _ act: PublicationAct, on externalID: String, in id: KnowledgeBaseID, vectors: [VectorKey: HalfVector]
  ) async throws -> PublicationOutcome? {
    let now = options.now().column
    let outcome = try await knowledge.write { db in
      try Publisher(now: now, db).act(act, on: externalID, in: id, vectors: vectors)
    }
    if case .done(_, let generation) = outcome { signals.committed(generation.rawValue) }
    return outcome
  }

  /// In transactions of a few documents each. Nothing that is due is ever lost: what it stands by is the time, not a
  /// message, so that a store that nobody ran for a week does it all at the first call.
  public func applyDue(vectors: [VectorKey: HalfVector]) async throws -> DueOutcome {
    var outcome = DueOutcome()
    var after: (due: Int64, id: Int64)? = (.min, .min)
    while let place = after {
      let now = options.now().column
      // Nearly always there is nothing to do: that is found out without the write lock.
      let waits = try await knowledge.read { db in
        try db.exists(
          "SELECT 1 FROM documents WHERE due_at <= ? AND (due_at, id) > (?, ?)", now, place.due, place.id)
      }
      guard waits else { break }
      let step = try await knowledge.write { db in
        try Publisher(now: now, db).applyDue(after: place, vectors: vectors)
      }
      outcome.documents += step.outcome.documents
      outcome.generation = step.outcome.generation ?? outcome.generation
      outcome.missing.merge(step.outcome.missing) { known, _ in known }
      if let generation = step.outcome.generation { signals.committed(generation.rawValue) }
      after = outcome.missing.count < Self.textsAtOnce ? step.after : nil
    }
    let now = options.now().column
    outcome.next = try await knowledge.read { db in
      try db.integer("SELECT min(due_at) FROM documents WHERE due_at > ?", now).map(Date.init(column:))
    }
    return outcome
  }

  /// Texts that one call asks to have embedded, roughly.
  private static let textsAtOnce = 512
}
