import Domain
import Embedding
import Foundation
import Synchronization
import TextAnalysis

/// Indexes of moments in the past: made when they are asked for, the last few kept.
actor PastIndexes {
  private struct Key: Hashable {
    let knowledgeBase: KnowledgeBaseID
    let state: Generation
    let expired: Int
    let erasure: Generation
    let model: String
  }

  private struct Entry {
    let index: Task<PastIndex, any Error>
    var lastUse: ContinuousClock.Instant
    /// 0 while it is made.
    var bytes = 0
  }

  private nonisolated let store: any DocumentStore
  private nonisolated let embedders: EmbedderRegistry
  private nonisolated let analyzer: TextAnalyzer
  private nonisolated let limits: PastLimits
  private var entries: [Key: Entry] = [:]

  init(
    store: any DocumentStore, embedders: EmbedderRegistry, analyzer: TextAnalyzer, limits: PastLimits
  ) {
    self.store = store
    self.embedders = embedders
    self.analyzer = analyzer
    self.limits = limits
  }

  /// The index of a moment, and which generation that is.
  ///
  /// - Throws: `as_of_unavailable`, `as_of_too_large`.
  func index(
    _ asOf: AsOf, of knowledgeBase: KnowledgeBaseID, model: String
  ) async throws -> (index: PastIndex, generation: Generation) {
    let moment = try await store.moment(asOf, of: knowledgeBase)
    guard moment.chunks <= limits.passages else {
      throw RetrievalError(
        .asOfTooLarge,
        "There were \(moment.chunks) passages then, and the past is searched up to \(limits.passages): it is "
          + "indexed anew. Restore a backup of that time and search that.")
    }
    let key = Key(
      knowledgeBase: knowledgeBase, state: moment.state, expired: moment.expired, erasure: moment.erasure,
      model: model)
    // What was erased must not be found in an index that was made before.
    forget { $0.knowledgeBase == knowledgeBase && $0.erasure != moment.erasure }
    let task = entries[key]?.index ?? make(moment, model: model)
    entries[key] = Entry(index: task, lastUse: .now, bytes: entries[key]?.bytes ?? 0)
    do {
      let index = try await task.value
      entries[key]?.bytes = index.bytes
      dropLeastRecentlyUsed()
      return (index, moment.generation)
    } catch {
      if entries[key]?.index == task { entries[key] = nil }
      throw error
    }
  }

  /// How many are in memory.
  var count: Int { entries.count }

  func forgetAll() { entries = [:] }

  private func forget(where isGone: (Key) -> Bool) {
    for key in entries.keys where isGone(key) { entries[key] = nil }
  }

  private func dropLeastRecentlyUsed() {
    while entries.count > limits.indexes || entries.values.reduce(0, { $0 + $1.bytes }) > limits.bytes,
      entries.count > 1, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse })
    {
      entries[oldest.key] = nil
    }
  }

  /// Goes on where its first caller gives up: the next one finds it.
  private nonisolated func make(_ moment: PastMoment, model: String) -> Task<PastIndex, any Error> {
    Task {
      let found = PastDocuments()
      try await store.readPast(moment, model: model, pageSize: 256) { found.add($0) }
      let documents = found.all
      let embedded = try await embed(Self.textsWithoutVector(documents), model: model)
      return try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global(qos: .userInitiated).async {
          continuation.resume(
            with: Result {
              try PastIndex(
                documents, embedded: embedded, at: moment, model: model, analyzer: self.analyzer)
            })
        }
      }
    }
  }

  private static func textsWithoutVector(_ documents: [PastDocument]) -> [String] {
    var texts: Set<String> = []
    for chunk in documents.flatMap(\.chunks) {
      for (text, vector) in zip(chunk.draft.embeddedTexts, chunk.vectors) where vector == nil {
        texts.insert(text)
      }
    }
    return texts.sorted()
  }

  /// Nothing where the model is missing: the past is then searched by words.
  private nonisolated func embed(_ texts: [String], model: String) async throws -> [String: HalfVector] {
    guard model != KnowledgeBase.noModel, !texts.isEmpty else { return [:] }
    guard texts.count <= limits.texts else {
      throw RetrievalError(
        .asOfTooLarge,
        "\(texts.count) passages have changed since then and would have to be embedded again; the past is searched "
          + "up to \(limits.texts). Ask for a later moment, or restore a backup of that time.")
    }
    do {
      let vectors = try await embedders.service(for: model).embedPassages(texts)
      return Dictionary(zip(texts, vectors.map { HalfVector($0) })) { first, _ in first }
    } catch let error as EmbeddingError where error.code != "overloaded" {
      return [:]
    }
  }
}

/// Gathers pages as a reader's thread brings them.
private final class PastDocuments: Sendable {
  private let documents = Mutex<[PastDocument]>([])
  func add(_ page: [PastDocument]) { documents.withLock { $0 += page } }
  var all: [PastDocument] { documents.withLock { $0 } }
}
