import Conversation
import Domain
import Foundation
import Knowledge
import Retrieval
import Security

/// What the gateway serves, already built and started by the composition root.
public struct GatewayServices: Sendable {
  let engine: SearchEngine
  let ingest: IngestService
  let switcher: ModelSwitcher
  let store: any DocumentStore
  let keys: any AccessKeyStore
  let audit: any AuditLog
  var sessions: any StaffSessionStore
  let tokenSecrets: TokenSecretsFile
  let requests: any IdempotencyStore
  let jobs: any JobStore
  let conversations: ConversationService
  let transcripts: any ConversationStore & CustomerStore
  var customers: any CustomerStore { transcripts }
  let webhooks: any WebhookStore
  let documentLocks = KeyedLocks<GatewayRoutes.DocumentKey>()
  let readiness: @Sendable () async -> ReadinessReport
  let metrics: PrometheusRegistry
  let models: [String]
  let version: String
  /// Through which every call to another server goes.
  var outgoing: OutgoingClient
  var resolver = HostResolver.system
  var issuerTimeouts = IssuerClient.Timeouts()
  /// Encrypts what the store keeps of sessions.
  var sealing: any Sealing
  var clock: @Sendable () -> Date = { Date() }
  /// Nil where nothing is generated.
  var generation: GenerationService?

  /// - Parameters:
  ///   - tokenSecrets: sign browsers' tokens; those of the store's data folder.
  ///   - readiness: asked by `/readyz`; within 2 s, else the answer is "not ready".
  ///   - metrics: rendered by `/metrics`; bootstrap `MetricsSystem` with the same one, so that other targets'
  ///     metrics are in it.
  ///   - models: that a new knowledge base may name; empty allows any name.
  ///   - version: of the software, shown in `/openapi.json`.
  public init(
    engine: SearchEngine, ingest: IngestService, switcher: ModelSwitcher, store: any DocumentStore,
    keys: any AccessKeyStore,
    audit: any AuditLog, sessions: any StaffSessionStore, tokenSecrets: TokenSecretsFile,
    requests: any IdempotencyStore,
    jobs: any JobStore, conversations: ConversationService,
    transcripts: any ConversationStore & CustomerStore,
    webhooks: any WebhookStore, sealing: any Sealing,
    readiness: @escaping @Sendable () async -> ReadinessReport,
    metrics: PrometheusRegistry,
    models: [String] = [], version: String = "0"
  ) {
    self.engine = engine
    self.ingest = ingest
    self.switcher = switcher
    self.store = store
    self.keys = keys
    self.audit = audit
    self.sessions = sessions
    self.tokenSecrets = tokenSecrets
    self.requests = requests
    self.jobs = jobs
    self.conversations = conversations
    self.transcripts = transcripts
    self.webhooks = webhooks
    self.sealing = sealing
    self.readiness = readiness
    self.metrics = metrics
    self.models = models
    self.version = version
    outgoing = OutgoingClient(metrics: metrics)
    metrics.describe(
      OutgoingClient.stateName,
      "Circuit to another server: 0 closed, 1 half-open (the next call tries), 2 open (it is not called).")
    metrics.describe(OutgoingClient.retriesName, "Calls to another server that were made again.")
    WebhookMetrics.describe(in: metrics)
    metrics.describe(Self.breakGlassName, "Readings of conversations as an emergency.")
    // There from the start: an increase is seen only where there was a number before.
    metrics.makeCounter(label: Self.breakGlassName, dimensions: []).increment(by: 0)
    metrics.describe(OutgoingClient.durationName, "Calls to another server, each attempt by itself.")
  }
}

extension GatewayServices {
  static let breakGlassName = "frontdesk_break_glass_total"
}

/// Whether the server can do its work, part by part.
public struct ReadinessReport: Sendable, Encodable {
  public struct Check: Sendable, Encodable {
    public var ready: Bool
    /// What is missing; nil in health. Shown to anyone: no paths, no names of customers.
    public var detail: String?
    public init(ready: Bool, detail: String? = nil) {
      self.ready = ready
      self.detail = detail
    }
  }
  /// By part: `store`, `index`, `model`.
  public var checks: [String: Check]
  public var isReady: Bool { checks.values.allSatisfy(\.ready) }

  public init(checks: [String: Check]) { self.checks = checks }

  enum CodingKeys: CodingKey { case ready, checks }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(isReady, forKey: .ready)
    try container.encode(checks, forKey: .checks)
  }
}
