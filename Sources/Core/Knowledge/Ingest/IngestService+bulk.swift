import Domain
import Foundation

extension IngestService {
  /// Puts several documents of different ids in few transactions; one that fails keeps none of the others out.
  ///
  /// - Returns: in order, what became of each.
  /// - Throws: `kb_not_found`, `CancellationError`.
  public func upsert(
    _ upserts: [DocumentUpsert], into name: String
  ) async throws -> [Result<UpsertReceipt, any Error>] {
    let knowledgeBase = try await knowledgeBase(name)
    var prepared: [(write: DocumentWrite, diagnostics: [Diagnostic])?] = []
    var results: [Result<UpsertReceipt, any Error>?] = []
    for upsert in upserts {
      do {
        prepared.append(try await prepare(upsert))
        results.append(nil)
      } catch {
        prepared.append(nil)
        results.append(.failure(error))
      }
    }
    let written = await writeAll(prepared.compactMap { $0 }, to: knowledgeBase)
    try Task.checkCancellation()
    var next = written.makeIterator()
    return results.map { $0 ?? next.next() ?? .failure(CancellationError()) }
  }

  private func writeAll(
    _ prepared: [(write: DocumentWrite, diagnostics: [Diagnostic])], to knowledgeBase: KnowledgeBase
  ) async -> [Result<UpsertReceipt, any Error>] {
    guard !prepared.isEmpty else { return [] }
    if let outcome = try? await writer.write(prepared.map(\.write), to: knowledgeBase),
      outcome.receipts.count == prepared.count
    {
      return zip(outcome.receipts, prepared).map {
        .success(UpsertReceipt($0, generation: outcome.generation, diagnostics: $1.diagnostics))
      }
    }
    // Something about one of them, or about all: each by itself tells which. The same content again is unchanged.
    var results: [Result<UpsertReceipt, any Error>] = []
    for (write, diagnostics) in prepared {
      do {
        results.append(.success(try await self.write(write, to: knowledgeBase, diagnostics: diagnostics)))
      } catch { results.append(.failure(error)) }
    }
    return results
  }
}
