import Domain
import Foundation
import GRDB

extension SQLiteStore {
  public func moment(_ asOf: AsOf, of id: KnowledgeBaseID) async throws -> PastMoment {
    let now = options.now()
    return try await knowledge.read { db in try HistoryReader(id, db).moment(asOf, now: now) }
  }

  public func readPast(
    _ moment: PastMoment, model: String, pageSize: Int,
    apply: @escaping @Sendable ([PastDocument]) throws -> Void
  ) async throws {
    try await knowledge.read { db in
      try HistoryReader(moment.knowledgeBase, db).read(
        moment, model: model, pageSize: max(1, pageSize), apply)
    }
  }
}
