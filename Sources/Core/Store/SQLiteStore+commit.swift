import Domain
import Foundation
import GRDB

extension SQLiteStore {
  /// Documents are written in order: of two with one external id, the later is a further version.
  ///
  /// A batch without documents stores vectors for texts that live chunks refer to: this is how another
  /// model's vectors come in before `setModel`. Vectors that no chunk refers to are not kept.
  public func commit(_ batch: IngestBatch) async throws -> CommitOutcome {
    for document in batch.documents { try ExternalID.validate(document.externalID) }
    let now = options.now().column
    let outcome = try await knowledge.write { db in
      var writer = try BatchWriter(batch, now: now, db)
      return try writer.write()
    }
    if case .committed(_, let generation) = outcome { signals.committed(generation.rawValue) }
    return outcome
  }
}
