import Dispatch
import Domain
import Embedding
import Foundation
import Logging
import Metrics
import SearchIndex
import TextAnalysis

/// How an index stands against its store.
public struct IndexStatus: Sendable, Encodable {
  public let knowledgeBase: String
  public let generation: Int64
  public let storeSeq: Int64
  public let documents: Int
  public let chunks: Int
  public let segments: Int
  public let bytes: Int
  public let model: String

  enum CodingKeys: String, CodingKey {
    case knowledgeBase = "kb"
    case generation
    case storeSeq = "store_seq"
    case documents, chunks, segments, bytes, model
  }
}

/// The open indexes of a data folder: opened when first asked for, the least recently used closed.
public actor IndexRegistry {
  private struct Entry {
    let follower: Task<IndexFollower, any Error>
    var lastUse: ContinuousClock.Instant
  }

  private nonisolated let store: any DocumentStore
  private let folder: URL
  private let analyzer: TextAnalyzer
  private let prepare: @Sendable (String) async -> Void
  private let options: IndexFollower.Options
  private let maxOpen: Int
  private let logger: Logger
  private var entries: [KnowledgeBaseID: Entry] = [:]
  /// Knowledge bases whose index is open, so that a search need not ask the store.
  private var openIDs: [String: KnowledgeBaseID] = [:]
  private var isClosed = false

  /// - Parameters:
  ///   - folder: holds one folder per knowledge base, named by its id.
  ///   - prepare: loads a model that searches are about to use.
  ///   - maxOpen: indexes open at one time.
  public init(
    store: any DocumentStore, folder: URL, analyzer: TextAnalyzer = TextAnalyzer(),
    prepare: @escaping @Sendable (String) async -> Void = { _ in },
    options: IndexFollower.Options = .init(), maxOpen: Int = 64, logger: Logger
  ) {
    self.prepare = prepare
    self.store = store
    self.folder = folder
    self.analyzer = analyzer
    self.options = options
    self.maxOpen = maxOpen
    self.logger = logger
  }

  /// The follower of a knowledge base, caught up when it is first opened.
  ///
  /// - Throws: `kb_not_found`.
  public func follower(of name: String) async throws -> IndexFollower {
    if !isClosed, let id = openIDs[name], let open = use(id) { return try await open.value }
    guard let knowledgeBase = try await store.knowledgeBase(named: name) else {
      throw RetrievalError(
        .kbNotFound, "There is no knowledge base '\(name)'; `frontdesk kb list` and GET /v1/kbs show all.")
    }
    guard !isClosed else { throw RetrievalError(.indexUnavailable, "The server is stopping.") }
    openIDs[name] = knowledgeBase.id
    if let open = use(knowledgeBase.id) { return try await open.value }
    let opening = Task { [store, analyzer, prepare, options, logger, folder] in
      let follower = try await IndexFollower(
        knowledgeBase: knowledgeBase, store: store,
        folder: folder.appendingPathComponent(String(knowledgeBase.id.rawValue)), analyzer: analyzer,
        dimension: { (try? ModelCatalogue.specification(named: $0).dimension) ?? 0 },
        prepare: prepare, options: options, logger: logger)
      try await follower.catchUp()
      return follower
    }
    entries[knowledgeBase.id] = Entry(follower: opening, lastUse: .now)
    do {
      let follower = try await opening.value
      await closeLeastRecentlyUsed()
      return follower
    } catch {
      entries[knowledgeBase.id] = nil
      throw error
    }
  }

  /// - Returns: nil where it is not open.
  private func use(_ id: KnowledgeBaseID) -> Task<IndexFollower, any Error>? {
    entries[id]?.lastUse = .now
    return entries[id]?.follower
  }

  /// Lets go of a knowledge base that was deleted; one that another process deletes is noticed by its feed.
  public func forget(_ name: String) async {
    if let id = openIDs[name] { await drop(id) }
  }

  private func closeLeastRecentlyUsed() async {
    while entries.count > maxOpen, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
      entries[oldest.key] = nil
      if let follower = try? await oldest.value.follower.value { await follower.close() }
    }
  }

  /// Follows the feed until cancelled: every open index catches up after every change.
  public func run() async {
    let signals = store.changeSignals()
    await followAll()
    for await _ in signals {
      guard !Task.isCancelled else { return }
      await followAll()
    }
  }

  private func followAll() async {
    if let head = try? await store.head() {
      Gauge(label: "frontdesk_store_generation").record(head.rawValue)
    }
    await catchUpAll()
  }

  private func catchUpAll() async {
    await withTaskGroup(of: Void.self) { group in
      for (id, entry) in entries {
        group.addTask { [logger] in
          do {
            let follower = try await entry.follower.value
            try await follower.catchUp()
            Self.record(follower.current.snapshot.generation, of: follower.name)
          } catch let error as any CodedError {
            if error.code == RetrievalError.Code.kbNotFound.rawValue {
              await self.drop(id)
            } else {
              Self.recordFailure(error, logger)
            }
          } catch {
            Self.recordFailure(error, logger)
          }
        }
      }
    }
  }

  // MARK: What operators see

  private static func record(_ generation: Int64, of name: String) {
    Gauge(label: "frontdesk_index_generation", dimensions: [("kb", name)]).record(generation)
  }

  private static func recordFailure(_ error: any Error, _ logger: Logger) {
    Counter(label: "frontdesk_index_failures_total").increment()
    logger.error("index did not catch up", metadata: ["error.message": "\(error)"])
  }

  /// Closes the index of a deleted knowledge base and removes its folder.
  private func drop(_ id: KnowledgeBaseID) async {
    openIDs = openIDs.filter { $0.value != id }
    guard let entry = entries.removeValue(forKey: id) else { return }
    if let follower = try? await entry.follower.value { await follower.close() }
    try? FileManager.default.removeItem(at: folder.appendingPathComponent(String(id.rawValue)))
  }

  public func status(of name: String) async throws -> IndexStatus {
    let follower = try await follower(of: name)
    let (snapshot, model, _) = await follower.status()
    return IndexStatus(
      knowledgeBase: name, generation: snapshot.generation, storeSeq: try await store.head().rawValue,
      documents: snapshot.liveGroups, chunks: snapshot.liveChunks, segments: snapshot.segmentCount,
      bytes: snapshot.bytes, model: model)
  }

  /// Hashes the files of an index against their checksums.
  ///
  /// - Returns: what is wrong, empty in health.
  public func verify(_ name: String) async throws -> [String] {
    guard let knowledgeBase = try await store.knowledgeBase(named: name) else {
      throw RetrievalError(.kbNotFound, "There is no knowledge base '\(name)'.")
    }
    let folder = folder.appendingPathComponent(String(knowledgeBase.id.rawValue))
    return await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(returning: SearchIndex.verify(at: folder).map(\.description))
      }
    }
  }

  /// Persists and closes every index.
  /// - Parameter finishingMerges: see `IndexFollower.close`.
  public func close(finishingMerges: Bool = false) async {
    isClosed = true
    let all = entries
    entries = [:]
    if !finishingMerges {
      for entry in all.values { await (try? entry.follower.value)?.stopMerging() }
    }
    for entry in all.values {
      if let follower = try? await entry.follower.value {
        await follower.close(finishingMerges: finishingMerges)
      }
    }
  }
}
