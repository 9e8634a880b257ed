import ArgumentParser
import Domain
import Embedding
import Foundation
import Gateway
import Knowledge
import Logging
import Metrics
import Retrieval
import Security
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serve REST, WebSockets and MCP until stopped.",
    discussion: """
      Prints {"event":"listening","port":N} when it is ready. Without a key, reads are open on loopback \
      and writes are refused. SIGTERM and Ctrl-C end it within 10 s; requests in work are finished.
      """)

  @OptionGroup var global: GlobalOptions
  @Option(help: "Where to listen.") var host: String?
  @Option(help: "0 picks a free one.") var port: Int?
  @Option(help: "all, gateway or ingest.") var role: String?
  @Flag(help: "A proxy in front ends TLS: allows a host that is not loopback.") var behindProxy = false
  @Option(help: "PEM file of the certificate chain.") var tlsCertificate: String?
  @Option(help: "PEM file of the private key.") var tlsKey: String?
  @Flag(help: "Let /metrics be read without a key.") var metricsOpen = false

  func run() async throws {
    let settings = try await global.settings([
      "host": host, "port": port.map(String.init), "role": role,
      "behind_proxy": behindProxy ? "true" : nil, "tls_certificate": tlsCertificate, "tls_key": tlsKey,
      "metrics_open": metricsOpen ? "true" : nil,
    ])
    let registry = PrometheusRegistry()
    MetricsSystem.bootstrap(registry)
    var configuration = try Self.configuration(settings)
    let workspace = try await Workspace.open(settings)
    configuration.limits.maxConnections = OpenFiles.room(
      for: configuration.limits.maxConnections, logger: workspace.logger)
    do {
      try await workspace.store.requireAuditKey()
      try await workspace.store.requireMasterKey()
    } catch {
      await workspace.close()
      throw error
    }
    if let reranker = workspace.reranker {
      registry.gauge("frontdesk_rerank_pairs") { Double(reranker.defaultPairs) }
    }
    var services: [any Service] = [
      FollowingService(workspace: workspace), SwitchingService(workspace: workspace),
      PublishingService(schedule: workspace.schedule), AuditHeadService(workspace: workspace),
      RetentionService(workspace: workspace),
    ]
    if settings.role != "ingest" {
      services.append(
        try Gateway(
          services: GatewayServices(
            engine: workspace.engine, ingest: workspace.ingest, switcher: workspace.switcher,
            store: workspace.store,
            keys: workspace.store, audit: workspace.store, sessions: workspace.store,
            tokenSecrets: workspace.tokenSecrets,
            requests: workspace.store,
            jobs: workspace.store,
            conversations: workspace.conversations, transcripts: workspace.store,
            webhooks: workspace.store,
            sealing: workspace.store,
            readiness: { await workspace.readiness() },
            metrics: registry,
            models: ModelCatalogue.embedders.map(\.name) + [KnowledgeBase.noModel], version: Release.version),
          configuration: configuration, logger: workspace.logger
        ) { port in
          print("{\"event\":\"listening\",\"port\":\(port)}")
          fflush(nil)
        })
    }
    // At lower levels it writes out its services, with all that they hold.
    var quiet = workspace.logger
    quiet.logLevel = max(quiet.logLevel, .notice)
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services, gracefulShutdownSignals: [.sigterm, .sigint], logger: quiet))
    do { try await group.run() } catch {
      await workspace.close()
      throw error
    }
    await workspace.close()
  }

  private static func configuration(_ settings: Settings) throws -> GatewayConfiguration {
    var tls: GatewayConfiguration.TLSFiles?
    switch (settings.tlsCertificate, settings.tlsKey) {
    case (let certificate?, let key?):
      tls = GatewayConfiguration.TLSFiles(certificateChain: certificate, privateKey: key)
    case (nil, nil): break
    default: throw UsageError("TLS needs both --tls-certificate and --tls-key.")
    }
    var limits = GatewayConfiguration.Limits()
    limits.maxDocumentBytes = settings.maxBodyBytes
    limits.readTimeout = settings.requestTimeout
    limits.idleTimeout = settings.idleTimeout
    limits.maxReads = settings.maxConcurrentRequests
    limits.maxConnections = settings.maxConnections
    let issuer = try settings.oidcIssuer.map {
      try IssuerConfiguration(
        issuer: $0, audience: settings.oidcAudience, groupsClaim: settings.oidcGroupsClaim,
        rules: try IssuerConfiguration.rules(settings.oidcRoles), signIn: settings.oidcSignIn)
    }
    var configuration = GatewayConfiguration(
      host: settings.host, port: settings.port, ownerKey: settings.apiKey,
      behindProxy: settings.behindProxy, metricsOpen: settings.metricsOpen,
      publishByAnother: settings.publishByAnother, issuer: issuer, tls: tls, limits: limits)
    if !configuration.isLocal, !configuration.behindProxy {
      configuration.limits.maxConnectionsPerAddress = 256
    }
    if let limit = settings.maxConnectionsPerAddress {
      configuration.limits.maxConnectionsPerAddress = limit
    }
    configuration.sockets.maxOpen = settings.maxSockets
    configuration.sockets.pingInterval = settings.socketPing
    configuration.sockets.silenceTimeout = settings.socketTimeout
    configuration.sockets.idleTimeout = settings.socketIdle
    configuration.rates = rates(settings, isLocal: configuration.isLocal)
    configuration.trustedProxies = try settings.trustedProxies.map { text in
      guard let range = AddressRange(text) else {
        throw UsageError(
          "trusted_proxies has '\(text)', which is no address and no range such as 10.0.0.0/8.")
      }
      return range
    }
    configuration.allowedOrigins = Set(
      try settings.allowedOrigins.map { text in
        guard WebOrigin.isValid(text) else {
          throw UsageError(
            "allowed_origins has '\(text)'; write an origin as browsers do: in lower case, without a path or the "
              + "scheme's own port, such as https://www.example.com.")
        }
        return text
      })
    configuration.ingestHosts = try hosts(settings.ingestHosts, of: "ingest_hosts")
    configuration.webhookHosts = try hosts(settings.webhookHosts, of: "webhook_hosts")
    configuration.slowQuery = settings.slowQuery
    configuration.signIn = try signIn(settings)
    configuration.generation = try generation(settings)
    return configuration
  }

  private static func hosts(_ texts: [String], of setting: String) throws -> [IngestHost] {
    try texts.map { text in
      guard let host = IngestHost(text) else {
        throw UsageError(
          "\(setting) has '\(text)'; write a host such as docs.example.com, with a port where it is not 80 or 443, "
            + "or local:HOST:PORT.")
      }
      return host
    }
  }

  /// Nil where nobody signs in.
  private static func signIn(_ settings: Settings) throws -> SignInConfiguration? {
    guard let clientID = settings.oidcClientID else { return nil }
    guard settings.oidcIssuer != nil else {
      throw UsageError("oidc_client_id is what an issuer calls this server: set oidc_issuer, too.")
    }
    var signIn = try SignInConfiguration(
      publicURL: settings.publicURL ?? "", clientID: clientID, clientSecret: settings.oidcClientSecret,
      scopes: settings.oidcScopes)
    signIn.idle = settings.sessionIdle
    signIn.lifetime = settings.sessionLifetime
    signIn.grace = settings.sessionGrace
    return signIn
  }

  private static func generation(_ settings: Settings) throws -> GenerationEndpoint? {
    guard let url = settings.generationURL else { return nil }
    guard !settings.generationModel.isEmpty else {
      throw UsageError("generation_url needs generation_model, as the server there names it.")
    }
    guard
      var endpoint = GenerationEndpoint(
        url: url, model: settings.generationModel, key: settings.generationKey)
    else {
      throw UsageError(
        "generation_url is an https URL such as https://llm.example.com/v1, without a query; http only on this machine, "
          + "local:http://HOST:PORT/v1 for an inner network.")
    }
    (endpoint.firstTimeout, endpoint.timeout) = settings.generationTimeouts
    guard endpoint.timeout < settings.requestTimeout else {
      throw UsageError("The second number of generation_timeout must be below request_timeout.")
    }
    endpoint.maxTokens = settings.generationMaxTokens
    endpoint.concurrency = settings.generationConcurrency
    return endpoint
  }

  /// Whoever sits at this machine is not limited unless it is asked for.
  private static func rates(_ settings: Settings, isLocal: Bool) -> GatewayConfiguration.Rates {
    func rate(_ key: String, _ units: Double, _ burst: Double) -> GatewayConfiguration.Rates.Rate? {
      if let set = settings.rate(key) { return .init(units: set.units, burst: max(1, set.burst)) }
      return isLocal ? nil : .init(units: units, burst: burst)
    }
    return GatewayConfiguration.Rates(
      key: rate("rate_per_key", 200, 4000), customer: rate("rate_per_customer", 5, 200),
      address: rate("rate_per_address", 20, 400))
  }
}

/// Keeps every index in step with the store while the server runs.
private struct FollowingService: Service {
  let workspace: Workspace

  func run() async throws {
    await cancelWhenGracefulShutdown {
      // The default knowledge base and its model are warm before the first question.
      await workspace.warmUp()
      await workspace.indexes.run()
    }
  }
}

/// Carries out the switches of models that were asked for.
private struct SwitchingService: Service {
  let workspace: Workspace

  func run() async throws {
    await cancelWhenGracefulShutdown {
      await ModelSwitchRunner(switcher: workspace.switcher, logger: workspace.logger).run()
    }
  }
}

/// Publishes and takes back what is due while the server runs.
private struct PublishingService: Service {
  let schedule: PublicationSchedule

  func run() async throws {
    await cancelWhenGracefulShutdown { await schedule.run() }
  }
}

extension Workspace {
  fileprivate func warmUp() async {
    do {
      for kb in try await store.knowledgeBases() {
        _ = try await indexes.follower(of: kb.name)
        if kb.model != KnowledgeBase.noModel { _ = try await embedders.service(for: kb.model) }
      }
    } catch {
      logger.warning("not everything is ready", metadata: ["error": "\(error)"])
    }
    await measureReranker()
  }

  /// Finds out how many pairs the budget affords; until then, and without the model, none are compared.
  private func measureReranker() async {
    guard let reranker, settings.rerankBudget > .zero else { return }
    do {
      let pairs = try await reranker.measure(budget: settings.rerankBudget)
      logger.notice(
        "reranker measured",
        metadata: ["model": "\(reranker.model)", "pairs": "\(pairs)", "budget": "\(settings.rerankBudget)"])
    } catch let error as EmbeddingError where error.code == "model_not_installed" {
      logger.info("no reranker", metadata: ["model": "\(reranker.model)"])
    } catch {
      logger.warning("no reranker", metadata: ["model": "\(reranker.model)", "error": "\(error)"])
    }
  }

  fileprivate func readiness() async -> ReadinessReport {
    var checks: [String: ReadinessReport.Check] = [:]
    do {
      _ = try await store.head()
      checks["store"] = .init(ready: true)
    } catch { checks["store"] = .init(ready: false, detail: "the store cannot be read") }
    do {
      _ = try await indexes.follower(of: KnowledgeBase.defaultName)
      checks["index"] = .init(ready: true)
    } catch { checks["index"] = .init(ready: false, detail: "the index is not open") }
    // Without its model a knowledge base is searched by words alone: degraded, not down.
    let model = try? await store.knowledgeBase(named: KnowledgeBase.defaultName)?.model
    if let model, model != KnowledgeBase.noModel {
      let isUsable = (try? await embedders.service(for: model)) != nil
      checks["model"] = .init(
        ready: true, detail: isUsable ? nil : "degraded: frontdesk model install \(model)")
    }
    return ReadinessReport(checks: checks)
  }
}
