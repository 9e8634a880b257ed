import Conversation
import Domain
import Embedding
import Foundation
import Knowledge
import Logging
import Retrieval
import Security
import Store
import TestSupport

@testable import Gateway

/// A real store, index, engine and ingest in a folder of its own, without a neural model.
final class Backend: Sendable {
  static let ownerKey = "owner-key-of-the-tests"

  let folder: TemporaryFolder
  let store: SQLiteStore
  let indexes: IndexRegistry
  let engine: SearchEngine
  let ingest: IngestService
  let switcher: ModelSwitcher
  let metrics = PrometheusRegistry()
  private let following: Task<Void, Never>

  /// - Parameters:
  ///   - generationTimeout: how long `min_generation` waits; a request that names a far generation is slow for that
  ///     long, and so stands in for any slow request.
  ///   - answerThreshold: 0 answers whatever was found; without a model hardly anything is sure enough.
  init(generationTimeout: Duration = .seconds(5), answerThreshold: Double? = nil) throws {
    folder = try TemporaryFolder()
    var options = SQLiteStore.Options()
    options.defaultModel = KnowledgeBase.noModel
    store = try SQLiteStore(folder: folder.url.appendingPathComponent("store"), options: options)
    let models = ModelCache(folder: folder.url.appendingPathComponent("models"))
    let embedders = EmbedderRegistry(cache: models, threads: 1)
    indexes = IndexRegistry(
      store: store, folder: folder.url.appendingPathComponent("index"), logger: Self.silentLogger)
    var engineOptions = SearchEngine.Options()
    engineOptions.generationTimeout = generationTimeout
    engineOptions.answerThreshold = answerThreshold
    engine = SearchEngine(store: store, indexes: indexes, embedders: embedders, options: engineOptions)
    let tokens = TokenCounter.bestInstalled(in: models)
    ingest = IngestService(store: store, embedders: embedders, tokens: tokens)
    switcher = ModelSwitcher(store: store, embedders: embedders, indexes: indexes, tokens: tokens)
    following = Task { [indexes] in await indexes.run() }
  }

  deinit { following.cancel() }

  static let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

  func services(ready: Bool = true) -> GatewayServices {
    GatewayServices(
      engine: engine, ingest: ingest, switcher: switcher, store: store, keys: store, audit: store,
      sessions: store,
      tokenSecrets: TokenSecretsFile(folder: folder.url), requests: store, jobs: store,
      conversations: ConversationService(
        store: store, verify: { [engine] in try await engine.verify($0, as: $1) }),
      transcripts: store,
      webhooks: store, sealing: store,
      readiness: {
        // The gateway keeps its backend, and with it the folder.
        withExtendedLifetime(self) { ReadinessReport(checks: ["store": .init(ready: ready)]) }
      }, metrics: metrics,
      version: "1.2.3")
  }

  func gateway(
    ownerKey: String? = Backend.ownerKey, limits: GatewayConfiguration.Limits = .init(),
    logger: Logger = Backend.silentLogger, edit: (inout GatewayConfiguration) -> Void = { _ in },
    onListening: @escaping @Sendable (Int) -> Void = { _ in },
    wire: (inout GatewayServices) -> Void = { _ in }
  ) throws -> Gateway {
    var services = services()
    // No test waits for one that hangs, and the machine may be busy.
    services.issuerTimeouts = .init(call: .seconds(60), check: .seconds(60))
    wire(&services)
    var configuration = GatewayConfiguration(port: 0, ownerKey: ownerKey, limits: limits)
    edit(&configuration)
    return try Gateway(
      services: services, configuration: configuration, logger: logger, onListening: onListening)
  }

  /// Stores a new key and tells its secret.
  func key(
    _ role: AccessKey.Role, scopes: [Permission]? = nil, knowledgeBases: [String] = [], groups: [String] = [],
    expiresAt: Date? = nil, revoked: Bool = false
  ) async throws -> String {
    let (key, secret) = AccessKey.issue(
      name: role.rawValue, role: role, scopes: scopes, knowledgeBases: knowledgeBases, groups: groups,
      at: Date(),
      expiresAt: expiresAt)
    try await store.insert(key)
    if revoked { _ = try await store.revokeAccessKey(id: key.id, at: Date()) }
    return secret.text
  }

  /// Puts a document by the service, not by REST.
  @discardableResult
  func put(
    _ externalID: String, _ text: String, title: String = "", visibility: Visibility = .public,
    status: DocumentStatus? = nil, into knowledgeBase: String = "default"
  ) async throws -> Generation {
    let content = DocumentContent(title: title, text: text, visibility: visibility)
    return try await ingest.upsert(
      DocumentUpsert(
        knowledgeBase: knowledgeBase, externalID: externalID, body: .fields(content),
        publication: PublicationChange(status: status))
    ).generation
  }
}
