import AsyncHTTPClient
import Foundation
import Metrics
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// Calls other servers: in bounded time and memory, again where that helps, and not at all while they are down.
///
/// Architecture invariant: nothing else in the server opens a connection. Redirects are not followed, compressed bodies
/// not unpacked, proxies of the environment not used. Destinations are those that configuration names, so that there
/// are few.
final class OutgoingClient: Sendable {
  struct Options: Sendable {
    var connectTimeout: Duration = .seconds(5)
    /// Longest silence of the other side.
    var readTimeout: Duration = .seconds(10)
    /// Attempts at one call, the first included.
    var maxAttempts = 3
    var backoff = Backoff()
    var breaker = CircuitBreaker.Options()
    /// Whom TLS trusts; nil: the system's authorities.
    var trustRoots: NIOSSLTrustRoots?
  }

  private struct Destination {
    var breaker: CircuitBreaker
    var retries = RetryBudget()
  }

  let options: Options
  private let metrics: any MetricsFactory
  private let destinations = Mutex<[String: Destination]>([:])

  init(options: Options = Options(), metrics: any MetricsFactory) {
    self.options = options
    self.metrics = metrics
  }

  /// - Parameter deadline: for all attempts and the waits between them.
  /// - Returns: the response, of whatever status.
  /// - Throws: `OutgoingError`, what `wantsBody` and `takesPart` throw, `CancellationError`.
  func send(
    _ request: OutgoingRequest, until deadline: ContinuousClock.Instant
  ) async throws -> OutgoingResponse {
    let origin = request.address.origin
    let hasTaken = Mutex(false)
    var request = request
    if let take = request.takesPart {
      request.takesPart = { part in
        hasTaken.withLock { $0 = true }
        do { return try await take(part) } catch let error as OutgoingError { throw error } catch {
          throw CallerError(cause: error)
        }
      }
    }
    do { return try await attempts(request, origin, until: deadline) { hasTaken.withLock { $0 } } } catch let
      error as CallerError
    { throw error.cause }
  }

  /// What the caller threw: it says nothing of the server.
  private struct CallerError: Error { let cause: any Error }

  private func attempts(
    _ request: OutgoingRequest, _ origin: String, until deadline: ContinuousClock.Instant,
    hasTaken: () -> Bool
  ) async throws -> OutgoingResponse {
    let retriesEnd = min(deadline, request.beginning?.deadline ?? deadline)
    var generator = SystemRandomNumberGenerator()
    update(origin) { $0.retries.noteCall() }
    var attempt = 0
    while true {
      let outcome = try await settled(request, attempt, until: deadline)
      let isLast = attempt + 1 >= options.maxAttempts || !request.isIdempotent || hasTaken()
      guard outcome.isWorthRetrying, !isLast else { return try outcome.result.get() }
      let wait = max(
        options.backoff.wait(attempt, using: &generator), outcome.retryAfter ?? .zero)
      guard ContinuousClock.now + wait < retriesEnd, update(origin, { $0.retries.takeRetry() }) else {
        return try outcome.result.get()
      }
      metrics.makeCounter(label: Self.retriesName, dimensions: [("destination", origin)]).increment(by: 1)
      try await Task.sleep(for: wait)
      attempt += 1
    }
  }

  func state(of origin: String) -> CircuitBreaker.State? {
    destinations.withLock { $0[origin]?.breaker.state }
  }

  // MARK: One attempt

  private struct Outcome {
    let result: Result<OutgoingResponse, any Error>
    var isWorthRetrying: Bool {
      switch result {
      case .success(let response): [429, 502, 503, 504].contains(response.head.status)
      case .failure(let error): [.unreachable, .timedOut].contains((error as? OutgoingError)?.kind)
      }
    }
    var retryAfter: Duration? {
      guard case .success(let response) = result else { return nil }
      return response.head.headers["retry-after"].flatMap { Int($0) }.map { .seconds(max(0, $0)) }
    }
    /// What it says of the server; nil for nothing.
    var hasFailed: Bool? {
      switch result {
      case .success(let response): return response.head.status >= 500
      case .failure(let error as OutgoingError): return error.kind != .tooLarge
      case .failure(let error): return error is CancellationError || error is CallerError ? nil : false
      }
    }
  }

  /// Throws only where the call may not be made.
  private func settled(
    _ request: OutgoingRequest, _ attempt: Int, until deadline: ContinuousClock.Instant
  ) async throws -> Outcome {
    let origin = request.address.origin
    let now = ContinuousClock.now
    let pass = update(origin) { $0.breaker.admit(at: now) }
    guard let pass else {
      let left = update(origin) { $0.breaker.pauseLeft(at: now) }
      throw OutgoingError(kind: .circuitOpen(retryAfter: left ?? .zero))
    }
    let outcome = Outcome(result: await result(of: request, attempt, until: deadline))
    let end = ContinuousClock.now
    update(origin) { $0.breaker.settle(pass, failed: outcome.hasFailed, at: end) }
    metrics.makeTimer(
      label: Self.durationName,
      dimensions: [("destination", origin), ("outcome", outcome.hasFailed == true ? "failed" : "answered")]
    ).recordNanoseconds(Int64(now.duration(to: end).seconds * 1e9))
    return outcome
  }

  private func result(
    of request: OutgoingRequest, _ attempt: Int, until deadline: ContinuousClock.Instant
  ) async -> Result<OutgoingResponse, any Error> {
    do {
      return .success(
        try await TimeLimit.run(until: deadline, beginning: request.beginning) {
          try await self.carryOut(request, attempt)
        })
    } catch {
      if Task.isCancelled { return .failure(CancellationError()) }
      switch error {
      case is TimeLimit.Exceeded: return .failure(OutgoingError(kind: .timedOut))
      case let error as HTTPClientError where Self.timeouts.contains(error):
        return .failure(OutgoingError(kind: .timedOut, cause: error))
      case is OutgoingError, is CallerError, is Problem: return .failure(error)
      default: return .failure(OutgoingError(kind: .unreachable, cause: error))
      }
    }
  }

  private static let timeouts: [HTTPClientError] = [
    .connectTimeout, .readTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .deadlineExceeded,
  ]

  private func carryOut(_ request: OutgoingRequest, _ attempt: Int) async throws -> OutgoingResponse {
    // A client of its own for each attempt: the address that was checked is part of it, and of no other call.
    let client = HTTPClient(
      eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
      configuration: configuration(request, attempt))
    let result: Result<OutgoingResponse, any Error>
    do { result = .success(try await exchange(request, client)) } catch { result = .failure(error) }
    try? await client.shutdown()
    return try result.get()
  }

  private func configuration(_ request: OutgoingRequest, _ attempt: Int) -> HTTPClient.Configuration {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    if let roots = options.trustRoots { tls.trustRoots = roots }
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow,
      timeout: .init(
        connect: TimeAmount(options.connectTimeout),
        read: TimeAmount(request.readTimeout ?? options.readTimeout)),
      proxy: nil, decompression: .disabled)
    configuration.httpVersion = .http1Only
    // Retries are counted here, not there.
    configuration.connectionPool.retryConnectionEstablishment = false
    if request.address.literal == nil, !request.connectsTo.isEmpty {
      let address = request.connectsTo[attempt % request.connectsTo.count]
      configuration.dnsOverride = [request.address.host: address.description]
    }
    return configuration
  }

  private func exchange(_ request: OutgoingRequest, _ client: HTTPClient) async throws -> OutgoingResponse {
    var outgoing = HTTPClientRequest(url: request.address.text)
    outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
    for header in request.headers { outgoing.headers.add(name: header.name, value: header.value) }
    if let trace = request.trace {
      outgoing.headers.replaceOrAdd(name: "traceparent", value: trace.traceparent)
    }
    if let body = request.body { outgoing.body = .bytes(ByteBuffer(bytes: body)) }
    // The time limit is around it all: the client's own ends with the head.
    let response = try await client.execute(outgoing, deadline: .distantFuture)
    var headers: [String: String] = [:]
    for (name, value) in response.headers {
      headers[name.lowercased()] = headers[name.lowercased()].map { $0 + ", " + value } ?? value
    }
    let head = OutgoingResponse.Head(status: Int(response.status.code), headers: headers)
    guard try request.wantsBody(head) else { return OutgoingResponse(head: head, body: Data()) }
    if let length = headers["content-length"].flatMap({ Int($0) }), length > request.maxBytes {
      throw OutgoingError(kind: .tooLarge)
    }
    var body = Data()
    var size = 0
    for try await part in response.body {
      size += part.readableBytes
      guard size <= request.maxBytes else { throw OutgoingError(kind: .tooLarge) }
      if let take = request.takesPart {
        guard try await take(Data(part.readableBytesView)) else { break }
      } else {
        body.append(contentsOf: part.readableBytesView)
      }
    }
    return OutgoingResponse(head: head, body: body)
  }

  // MARK: Destinations

  @discardableResult
  private func update<T: Sendable>(_ origin: String, _ change: (inout Destination) -> sending T) -> T {
    let (value, state) = destinations.withLock { destinations in
      var destination = destinations[origin] ?? Destination(breaker: CircuitBreaker(options.breaker))
      let value = change(&destination)
      destinations[origin] = destination
      return (value, destination.breaker.state)
    }
    metrics.makeMeter(label: Self.stateName, dimensions: [("destination", origin)]).set(Int64(state.rawValue))
    return value
  }

  static let stateName = "frontdesk_outgoing_breaker_state"
  static let retriesName = "frontdesk_outgoing_retries_total"
  static let durationName = "frontdesk_outgoing_duration_seconds"
}
