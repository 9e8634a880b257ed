import Domain
import Embedding
import Foundation
import Retrieval

/// Embeds what the store has not and commits: the last step of every way in.
struct DocumentWriter: Sendable {
  let store: any DocumentStore
  let embedders: EmbedderRegistry

  /// How many chunks and documents one transaction takes at most, to keep it under 20 ms.
  static let maxChunksPerCommit = 128
  static let maxDocumentsPerCommit = 32

  struct Outcome: Sendable {
    var receipts: [DocumentReceipt] = []
    var embedded = 0
    var generation: Generation = .zero
  }

  /// Writes documents in order, in as many transactions as their size asks for.
  ///
  /// - Parameter sourceFiles: recorded with the last transaction.
  /// - Throws: `model_unavailable`, `overloaded`, and what the store throws.
  func write(
    _ documents: [DocumentWrite], to knowledgeBase: KnowledgeBase, sourceFiles: [String: [SourceFile]] = [:],
    onEmbedded: @Sendable (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    var outcome = Outcome()
    let groups = Self.groups(of: documents)
    for (i, group) in groups.enumerated() {
      let isLast = i == groups.count - 1
      try Task.checkCancellation()
      let part = try await commit(
        group, to: knowledgeBase, sourceFiles: isLast ? sourceFiles : [:], onEmbedded: onEmbedded)
      outcome.receipts += part.receipts
      outcome.embedded += part.embedded
      outcome.generation = part.generation
    }
    return outcome
  }

  /// Runs of documents that fit one transaction; one, empty, where there are no documents.
  static func groups(of documents: [DocumentWrite]) -> [[DocumentWrite]] {
    var groups: [[DocumentWrite]] = [[]]
    var chunks = 0
    for document in documents {
      let full =
        chunks + document.chunks.count > maxChunksPerCommit
        || groups[groups.count - 1].count >= maxDocumentsPerCommit
      if full, !groups[groups.count - 1].isEmpty {
        groups.append([])
        chunks = 0
      }
      groups[groups.count - 1].append(document)
      chunks += document.chunks.count
    }
    return groups
  }

  private func commit(
    _ documents: [DocumentWrite], to knowledgeBase: KnowledgeBase, sourceFiles: [String: [SourceFile]],
    onEmbedded: @Sendable (Int) -> Void
  ) async throws -> Outcome {
    let model = knowledgeBase.model == KnowledgeBase.noModel ? nil : knowledgeBase.model
    let known = try await store.contentHashes(of: documents.map(\.externalID), in: knowledgeBase.id)
    var texts: [VectorKey: String] = [:]
    if let model {
      for document in documents where known[ExactString(document.externalID)] != document.contentHash {
        for chunk in document.chunks {
          for (text, hash) in zip(chunk.draft.embeddedTexts, chunk.textHashes) {
            texts[VectorKey(model: model, textHash: hash)] = text
          }
        }
      }
    }
    var vectors: [VectorKey: HalfVector] = [:]
    var missing = try await store.missingVectors(Array(texts.keys))
    // A vector may be erased between the look and the commit, so the commit decides; it settles at once.
    for _ in 0..<8 {
      if let model, !missing.isEmpty {
        let wanted = missing.compactMap { key in texts[key].map { (key, $0) } }
        let embedded = try await embed(wanted.map(\.1), model: model)
        for ((key, _), vector) in zip(wanted, embedded) { vectors[key] = HalfVector(vector) }
        onEmbedded(wanted.count)
      }
      let batch = IngestBatch(
        knowledgeBase: knowledgeBase.id, model: model, documents: documents, vectors: vectors,
        sourceFiles: sourceFiles)
      switch try await store.commit(batch) {
      case .committed(let receipts, let generation):
        return Outcome(receipts: receipts, embedded: vectors.count, generation: generation)
      case .vectorsMissing(let keys):
        missing = keys
        if let model {
          for document in documents {
            for chunk in document.chunks {
              for (text, hash) in zip(chunk.draft.embeddedTexts, chunk.textHashes) {
                texts[VectorKey(model: model, textHash: hash)] = text
              }
            }
          }
        }
      }
    }
    throw KnowledgeError(.overloaded, "Other writers kept erasing what this write needs; try again.")
  }

  private func embed(_ texts: [String], model: String) async throws -> [[Float]] {
    do {
      return try await embedders.service(for: model).embedPassages(texts)
    } catch let error as EmbeddingError {
      let code: KnowledgeError.Code = error.code == "overloaded" ? .overloaded : .modelUnavailable
      throw KnowledgeError(code, error.message, cause: error)
    }
  }
}
