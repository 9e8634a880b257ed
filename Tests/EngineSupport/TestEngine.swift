import Domain
import Embedding
import Foundation
import Knowledge
import Logging
import Retrieval
import Store
import TestSupport

/// A real store, index, engine and ingest in a folder of its own.
public final class TestEngine: Sendable {
  public let folder: TemporaryFolder
  public let data: URL
  public let store: SQLiteStore
  public let indexes: IndexRegistry
  public let embedders: EmbedderRegistry
  public let engine: SearchEngine
  public let ingest: IngestService
  public let switcher: ModelSwitcher
  public let schedule: PublicationSchedule

  /// Whether the default model is installed: `tools/test` installs it.
  public static let hasModel = isInstalled(KnowledgeBase.defaultModel)

  public static var models: ModelCache {
    ModelCache(folder: ModelCache.defaultFolder(environment: ProcessInfo.processInfo.environment))
  }

  public static func isInstalled(_ model: String) -> Bool { (try? models.installed(model)) != nil }

  /// The installed cross-encoder, where there is one: `tools/test` installs it.
  public static let reranker: Reranker? = ownReranker()

  /// One that no other test's pairs wait for.
  public static func ownReranker() -> Reranker? {
    guard let model = ModelCatalogue.rerankers.first?.name, (try? models.installedReranker(model)) != nil
    else {
      return nil
    }
    return Reranker(cache: models, model: model, threads: 2)
  }

  /// - Parameters:
  ///   - sharing: another engine's folder: a second process on the same data.
  ///   - options: of the search engine.
  ///   - models: where models are installed; nil for the usual folder.
  public init(
    sharing other: TestEngine? = nil, options: SearchEngine.Options = SearchEngine.Options(),
    followerOptions: IndexFollower.Options = IndexFollower.Options(),
    switching: ModelSwitcher.Options = ModelSwitcher.Options(), models: URL? = nil
  ) throws {
    folder = try other?.folder ?? TemporaryFolder()
    data = folder.url.appendingPathComponent("data")
    store = try SQLiteStore(folder: data)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let cache = ModelCache(
      folder: models ?? ModelCache.defaultFolder(environment: ProcessInfo.processInfo.environment))
    embedders = EmbedderRegistry(cache: cache, threads: 2)
    indexes = IndexRegistry(
      store: store, folder: data.appendingPathComponent("index"), options: followerOptions, logger: logger)
    engine = SearchEngine(store: store, indexes: indexes, embedders: embedders, options: options)
    let tokens = TokenCounter.bestInstalled(in: cache)
    ingest = IngestService(store: store, embedders: embedders, tokens: tokens)
    switcher = ModelSwitcher(
      store: store, embedders: embedders, indexes: indexes, tokens: tokens, options: switching)
    schedule = PublicationSchedule(store: store, embedders: embedders, logger: logger)
  }

  /// A knowledge base without a model: full text only, and quick.
  public func makeLexical(_ name: String = "words") async throws {
    _ = try await store.createKnowledgeBase(named: name, model: KnowledgeBase.noModel)
  }

  @discardableResult
  public func put(
    _ id: String, title: String = "", _ text: String, in kb: String = "words",
    kind: DocumentKind = .article, visibility: Visibility = .public, tags: [String] = [],
    publication: PublicationChange = .keep
  ) async throws -> UpsertReceipt {
    try await ingest.upsert(
      DocumentUpsert(
        knowledgeBase: kb, externalID: id,
        body: .fields(
          DocumentContent(kind: kind, title: title, text: text, tags: tags, visibility: visibility)),
        publication: publication))
  }

  public func catchUp(_ kb: String = "words") async throws {
    try await indexes.follower(of: kb).catchUp()
  }

  public func search(
    _ query: String, in kb: String = "words", mode: SearchMode = .lexical, limit: Int = 10,
    viewer: Viewer = .all
  ) async throws -> SearchResponse {
    try await engine.search(
      SearchRequest(query: query, knowledgeBase: kb, limit: limit, mode: mode, viewer: viewer))
  }

  public func close() async {
    await indexes.close()
    await embedders.shutdown()
  }
}
