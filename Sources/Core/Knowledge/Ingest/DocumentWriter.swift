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
    onEmbedded: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    var outcome = Outcome()
    let groups = Self.groups(of: documents)
    try await withThrowingTaskGroup(of: EmbeddedGroup.self) { tasks in
      tasks.addTask { try await embed(groups[0], for: knowledgeBase, besides: [], onEmbedded: onEmbedded) }
      for i in groups.indices {
        guard let group = try await tasks.next() else { return }
        if i + 1 < groups.count {
          // The model works on while this group is committed.
          tasks.addTask {
            try await embed(
              groups[i + 1], for: knowledgeBase, besides: Set(group.vectors.keys), onEmbedded: onEmbedded)
          }
        }
        let isLast = i == groups.count - 1
        let part = try await commit(
          group, to: knowledgeBase, sourceFiles: isLast ? sourceFiles : [:], onEmbedded: onEmbedded)
        outcome.receipts += part.receipts
        outcome.embedded += part.embedded
        outcome.generation = part.generation
      }
    }
    return outcome
  }

  /// Documents of one transaction, with the vectors that the store did not have.
  private struct EmbeddedGroup: Sendable {
    let documents: [DocumentWrite]
    var vectors: [VectorKey: HalfVector] = [:]
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

  /// - Parameter besides: vectors that are on their way into the store.
  private func embed(
    _ documents: [DocumentWrite], for knowledgeBase: KnowledgeBase, besides: Set<VectorKey>,
    onEmbedded: @escaping @Sendable (Int) -> Void
  ) async throws -> EmbeddedGroup {
    try Task.checkCancellation()
    var group = EmbeddedGroup(documents: documents)
    let models = try await store.modelsInUse(by: knowledgeBase.id)
    guard !models.embedding.isEmpty else { return group }
    let known = try await store.contentHashes(of: documents.map(\.externalID), in: knowledgeBase.id)
    let changed = documents.filter { known[ExactString($0.externalID)] != $0.contentHash }
    for model in models.embedding {
      let texts = Self.texts(of: changed, model: model)
      let missing = try await store.missingVectors(texts.keys.filter { !besides.contains($0) })
      let isCurrent = model == models.current
      do {
        let vectors = try await embed(missing, texts, model: model) { if isCurrent { onEmbedded($0) } }
        group.vectors.merge(vectors) { _, new in new }
      } catch is KnowledgeError where !isCurrent {
        // Wanted for a switch alone, which finds what it lacks.
      }
    }
    return group
  }

  private func commit(
    _ group: EmbeddedGroup, to knowledgeBase: KnowledgeBase, sourceFiles: [String: [SourceFile]],
    onEmbedded: @escaping @Sendable (Int) -> Void
  ) async throws -> Outcome {
    var vectors = group.vectors
    var embedded = vectors.keys.count { $0.model == knowledgeBase.model }
    // A vector may be erased between the look and the commit, and the model may change: the commit decides, and it
    // settles at once.
    for _ in 0..<8 {
      let batch = IngestBatch(
        knowledgeBase: knowledgeBase.id, model: knowledgeBase.model, documents: group.documents,
        vectors: vectors, sourceFiles: sourceFiles)
      switch try await store.commit(batch) {
      case .committed(let receipts, let generation):
        return Outcome(receipts: receipts, embedded: embedded, generation: generation)
      case .vectorsMissing(let keys):
        for (model, keys) in Dictionary(grouping: keys, by: \.model) {
          let texts = Self.texts(of: group.documents, model: model)
          let more = try await embed(keys, texts, model: model, onEmbedded: onEmbedded)
          embedded += more.count
          vectors.merge(more) { _, new in new }
        }
      }
    }
    throw KnowledgeError(.overloaded, "Other writers kept erasing what this write needs; try again.")
  }

  /// The texts that documents are found by.
  private static func texts(of documents: [DocumentWrite], model: String) -> [VectorKey: String] {
    var texts: [VectorKey: String] = [:]
    for chunk in documents.flatMap(\.chunks) {
      for (text, hash) in zip(chunk.draft.embeddedTexts, chunk.textHashes) {
        texts[VectorKey(model: model, textHash: hash)] = text
      }
    }
    return texts
  }

  private func embed(
    _ keys: [VectorKey], _ texts: [VectorKey: String], model: String, onEmbedded: @Sendable (Int) -> Void
  ) async throws -> [VectorKey: HalfVector] {
    let wanted = keys.compactMap { key in texts[key].map { (key, $0) } }
    guard !wanted.isEmpty else { return [:] }
    let embedded = try await embed(wanted.map(\.1), model: model)
    onEmbedded(wanted.count)
    return Dictionary(zip(wanted.map(\.0), embedded.map { HalfVector($0) })) { first, _ in first }
  }

  /// Vectors of texts by their keys, of whatever models.
  ///
  /// - Throws: `model_unavailable`, `overloaded`.
  func vectors(of texts: [VectorKey: String]) async throws -> [VectorKey: HalfVector] {
    var vectors: [VectorKey: HalfVector] = [:]
    for (model, keys) in Dictionary(grouping: texts.keys, by: \.model) {
      vectors.merge(try await embed(keys, texts, model: model) { _ in }) { _, new in new }
    }
    return vectors
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
