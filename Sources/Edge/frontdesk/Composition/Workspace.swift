import Conversation
import Domain
import Embedding
import Foundation
import Knowledge
import Logging
import Retrieval
import Security
import Store

/// The composition root: one data folder's store, indexes, models and services, put together.
final class Workspace: Sendable {
  let settings: Settings
  let store: SQLiteStore
  let indexes: IndexRegistry
  let embedders: EmbedderRegistry
  /// Nil where the settings name none.
  let reranker: Reranker?
  let engine: SearchEngine
  let ingest: IngestService
  let switcher: ModelSwitcher
  let schedule: PublicationSchedule
  let conversations: ConversationService
  /// Nil where none is set.
  let auditKey: AuditKey?
  let tokenSecrets: TokenSecretsFile
  let logger: Logger

  /// - Parameter finishingRestore: whether what a restore that was cut off has still to erase is erased first.
  static func open(
    _ settings: Settings, chunking: Chunker.Options = .standard, finishingRestore: Bool = true
  ) async throws -> Workspace {
    let logger = Log.make(settings.logLevel)
    var options = SQLiteStore.Options()
    options.auditKey = try settings.auditKeyFile.map { try AuditKeyFile.read($0, notWithin: settings.data) }
    options.masterKeys = try settings.masterKeyFile.map {
      try MasterKeySetting.read($0, notWithin: settings.data)
    }
    let store = try SQLiteStore(folder: settings.data, options: options)
    if finishingRestore { _ = try await store.finishRestore() }
    return Workspace(settings, store: store, auditKey: options.auditKey, chunking: chunking, logger: logger)
  }

  private init(
    _ settings: Settings, store: SQLiteStore, auditKey: AuditKey?, chunking: Chunker.Options, logger: Logger
  ) {
    self.settings = settings
    self.auditKey = auditKey
    self.store = store
    self.logger = logger
    tokenSecrets = TokenSecretsFile(folder: settings.data)
    let cache = ModelCache(folder: settings.models)
    embedders = EmbedderRegistry(
      cache: cache, threads: settings.threads, precision: settings.precision)
    indexes = IndexRegistry(
      store: store, folder: settings.data.appendingPathComponent("index"),
      prepare: { [embedders] model in
        if model != KnowledgeBase.noModel { _ = try? await embedders.service(for: model) }
      }, logger: logger)
    reranker = settings.rerankModel.map {
      Reranker(cache: cache, model: $0, threads: settings.threads, precision: settings.precision)
    }
    var options = SearchEngine.Options()
    options.reranker = reranker
    options.rerankWeight = settings.rerankWeight
    options.priors = settings.priors
    options.threads = settings.threads
    options.bm25 = settings.bm25
    options.answerTarget = settings.answerTarget
    options.answerThreshold = settings.answerThreshold
    options.lexicalWeight = settings.lexicalWeight
    options.lexicalScale = settings.lexicalScale
    options.feedback = RelevanceFeedback(weight: settings.feedbackWeight)
    engine = SearchEngine(store: store, indexes: indexes, embedders: embedders, options: options)
    let tokens = TokenCounter.bestInstalled(in: cache)
    ingest = IngestService(store: store, embedders: embedders, tokens: tokens, chunking: chunking)
    switcher = ModelSwitcher(store: store, embedders: embedders, indexes: indexes, tokens: tokens)
    schedule = PublicationSchedule(store: store, embedders: embedders, logger: logger)
    var conversing = ConversationService.Options()
    conversing.redactsTranscripts = settings.redactTranscripts
    conversations = ConversationService(
      store: store, options: conversing,
      verify: { [engine] in try await engine.verify($0, as: $1) })
  }

  /// Publishes and takes back what is due, where no server does it; a search shows the state that it then is.
  func applyDue() async throws {
    do { try await schedule.applyDue() } catch let error as any CodedError
      where error.code == "model_unavailable"
    {
      Console.error("note: not everything that is due is published: \(error.message)")
    }
  }

  /// Makes a knowledge base where there is none of that name.
  func makeKnowledgeBase(_ name: String, model: String) async throws {
    guard try await store.knowledgeBase(named: name) == nil else { return }
    do { _ = try await store.createKnowledgeBase(named: name, model: model) } catch let error
      as any CodedError
      where error.code == "kb_exists"
    {
      // Another process made it in between: that is what was asked for.
    }
  }

  /// Gives way to a server that has this index open: a core less for embedding, and a lower priority.
  func yieldToServer(of name: String) async throws {
    guard try await !indexes.follower(of: name).keepsFiles else { return }
    await embedders.use(threads: min(settings.threads, EmbeddingService.defaultThreads - 1))
    #if os(Linux)
      // Linux knows a priority of each thread; new threads have that of the one that starts them.
      for thread in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? [] {
        guard let id = UInt32(thread) else { continue }
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id, Self.backgroundNiceness)
      }
    #else
      _ = setpriority(PRIO_PROCESS, 0, Self.backgroundNiceness)
    #endif
  }

  private static let backgroundNiceness: Int32 = 10

  /// Leaves an index that the next command opens at once; beside a running server, that server does it.
  /// - Parameter finishingMerges: also waits until files that are to be rewritten are.
  func bringIndexUpToDate(_ name: String, finishingMerges: Bool = false) async throws {
    let follower = try await indexes.follower(of: name)
    try await follower.finishSwitching()
    try await follower.flush()
    if finishingMerges { try await follower.finishMerging() }
  }

  /// Runs `body` and closes whatever it opened.
  func closing<T>(_ body: (Workspace) async throws -> T) async throws -> T {
    do {
      let value = try await body(self)
      await close()
      return value
    } catch {
      await close()
      throw error
    }
  }

  /// - Parameter finishingMerges: leaves indexes as fast as they get, which can take minutes.
  func close(finishingMerges: Bool = false) async {
    await indexes.close(finishingMerges: finishingMerges)
    await embedders.shutdown()
    await reranker?.shutdown()
  }
}

extension Workspace {
  /// - Throws: `kb_not_found`.
  func knowledgeBase(_ name: String) async throws -> KnowledgeBase {
    guard let found = try await store.knowledgeBase(named: name) else {
      throw CommandError(
        code: "kb_not_found", message: "There is no knowledge base '\(name)'; `frontdesk kb list` shows all.")
    }
    return found
  }
}
