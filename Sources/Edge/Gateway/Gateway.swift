import Domain
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle

/// The HTTP server: REST over one engine, one ingest and one store.
public struct Gateway: Service {
  private let application: Application<GatewayResponder>
  private let responder: GatewayResponder
  private let configuration: GatewayConfiguration
  private let services: GatewayServices
  private let certificates: CertificateFiles?
  private let logger: Logger

  /// Builds the server; it listens when it runs.
  ///
  /// - Parameters:
  ///   - logger: one line a request, and what goes wrong; nothing that users typed.
  ///   - onListening: called once with the port, when requests are accepted.
  /// - Throws: `GatewayError` with `invalid_tls_files`.
  public init(
    services: GatewayServices, configuration: GatewayConfiguration, logger: Logger,
    onListening: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws {
    self.services = services
    self.configuration = configuration
    self.logger = logger
    certificates = try configuration.tls.map { files throws(GatewayError) in try CertificateFiles(files) }
    responder = GatewayResponder(services: services, configuration: configuration, logger: logger)
    var quiet = logger
    // Its own lines say where it listens and how each connection ends: ours say it better, and show no values.
    quiet.logLevel = max(quiet.logLevel, .notice)
    application = Application(
      responder: responder,
      server: try Self.server(configuration, certificates, connections: responder.connections),
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), backlog: 512),
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? configuration.port) },
      logger: quiet)
  }

  /// Serves until it is told to stop; then requests in work may end within the drain time.
  ///
  /// - Throws: `GatewayError` with `insecure_listen`; errors of the system where the port cannot be had.
  public func run() async throws {
    try await ListenPolicy.check(configuration, keys: services.keys)
    let work = responder.work
    let drainTimeout = configuration.limits.drainTimeout
    let interval = configuration.certificateInterval
    let watching = Task { [certificates, logger] in await certificates?.watch(every: interval, logger: logger)
    }
    defer { watching.cancel() }
    let uses = responder.authenticator.uses
    let noting = Task { await uses.keepFlushing(every: .seconds(30)) }
    defer { noting.cancel() }
    let sweeping = Task { [sessions = responder.sessions] in
      await sessions?.keepSweeping(every: .seconds(30))
    }
    defer { sweeping.cancel() }
    let sockets = responder.sockets
    // What is said reaches sockets until the last one is closed.
    let feeding = Task { await sockets.feed.run() }
    let rechecking = Task { await sockets.keepRechecking() }
    defer {
      feeding.cancel()
      rechecking.cancel()
    }
    let runner = Task { [services, logger = responder.logger] in
      await JobRunner(services: services, logger: logger).run()
    }
    let sender = Task { [services, configuration, logger = responder.logger] in
      await WebhookSender(services: services, configuration: configuration, logger: logger).run()
    }
    try await withGracefulShutdownHandler {
      do { try await application.run() } catch {
        runner.cancel()
        sender.cancel()
        await runner.value
        await sender.value
        throw error
      }
      runner.cancel()
      sender.cancel()
      await runner.value
      await sender.value
    } onGracefulShutdown: {
      runner.cancel()
      sender.cancel()
      Task {
        try await Task.sleep(for: drainTimeout)
        work.stopAll()
      }
    }
    await uses.flush()
  }

  /// For tests that send requests without a socket.
  var inProcess: Application<GatewayResponder> { application }

  private static func server(
    _ configuration: GatewayConfiguration, _ certificates: CertificateFiles?, connections: ConnectionCount
  ) throws -> HTTPServerBuilder {
    let limits = configuration.limits
    let timeouts = ConnectionGate.Timeouts(
      header: TimeAmount(limits.headerTimeout), body: TimeAmount(limits.bodyTimeout),
      drain: TimeAmount(limits.drainTimeout + .seconds(1)),
      next: TimeAmount(limits.idleTimeout + limits.headerTimeout), stall: TimeAmount(limits.idleTimeout))
    let maxBodyBytes = max(limits.maxDocumentBytes, limits.maxJSONBytes)
    let tls = try certificates.map { try NIOSSLContext(configuration: $0.configuration()) }
    return HTTPServerBuilder { responder in
      GatewayChannel(
        responder: responder, timeouts: timeouts, idleTimeout: limits.idleTimeout,
        maxHeaderBytes: limits.maxHeaderBytes, maxBodyBytes: maxBodyBytes, connections: connections, tls: tls)
    }
  }
}
