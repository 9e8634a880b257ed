import Foundation
import Logging
import ServiceLifecycle

@testable import Gateway

/// A gateway on a port of its own.
struct LiveServer: Sendable {
  let port: Int
  private let group: ServiceGroup
  private let running: Task<Void, any Error>

  init(
    _ backend: Backend, ownerKey: String? = Backend.ownerKey, limits: GatewayConfiguration.Limits = .init(),
    edit: (inout GatewayConfiguration) -> Void = { _ in }
  ) async throws {
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let gateway = try backend.gateway(ownerKey: ownerKey, limits: limits, edit: edit) { port in
      continuation.yield(port)
      continuation.finish()
    }
    let group = ServiceGroup(configuration: .init(services: [gateway], logger: Backend.silentLogger))
    running = Task {
      defer { continuation.finish() }
      try await group.run()
    }
    self.group = group
    guard let port = await ports.first(where: { _ in true }) else {
      try await running.value
      throw CancellationError()
    }
    self.port = port
  }

  func connect() throws -> RawConnection { try RawConnection(port: port) }

  /// - Returns: how long stopping took.
  @discardableResult
  func stop() async throws -> Duration {
    let start = ContinuousClock.now
    await group.triggerGracefulShutdown()
    try await running.value
    return start.duration(to: .now)
  }
}
