import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Security

/// Takes every request from its head to its response.
///
/// request -> route -> principal -> place in the queue -> body -> handler -> response, or a problem.
struct GatewayResponder: HTTPResponder {
  typealias Context = BasicRequestContext

  let services: GatewayServices
  let configuration: GatewayConfiguration
  let table: RouteTable
  let authenticator: Authenticator
  let work: WorkInFlight
  let connections: ConnectionCount
  let reads: Admission
  let writes: Admission
  let metrics: RequestMetrics
  let logger: Logger

  init(services: GatewayServices, configuration: GatewayConfiguration, logger: Logger) {
    let limits = configuration.limits
    self.services = services
    self.configuration = configuration
    self.logger = logger
    table = RouteTable(routes: GatewayRoutes.all(services: services, configuration: configuration))
    authenticator = Authenticator(keys: services.keys, configuration: configuration)
    work = WorkInFlight()
    connections = ConnectionCount(limit: limits.maxConnections)
    reads = Admission(limit: limits.maxReads, maxQueued: limits.maxQueued, timeout: limits.queueTimeout)
    writes = Admission(limit: limits.maxWrites, maxQueued: limits.maxQueued, timeout: limits.queueTimeout)
    metrics = RequestMetrics(factory: services.metrics)
    let (connections, reads, writes) = (connections, reads, writes)
    services.metrics.gauge("frontdesk_http_connections") { Double(connections.current) }
    services.metrics.gauge("frontdesk_http_reads_in_work") { Double(reads.occupancy.running) }
    services.metrics.gauge("frontdesk_http_reads_queued") { Double(reads.occupancy.queued) }
    services.metrics.gauge("frontdesk_http_writes_in_work") { Double(writes.occupancy.running) }
    services.metrics.gauge("frontdesk_http_writes_queued") { Double(writes.occupancy.queued) }
  }

  func respond(to request: Request, context: BasicRequestContext) async throws -> Response {
    let start = ContinuousClock.now
    let requestID = RequestID.of(request.headers)
    let match = table.match(request.method, request.uri.path[...])
    var response: Response
    var problem: Problem?
    do {
      response = try await answer(request, match: match, requestID: requestID)
    } catch {
      let described = Problem(describing: error)
      response = table.errorShape(at: request.uri.path[...]).response(to: described, requestID: requestID)
      problem = described
    }
    finish(&response, requestID: requestID)
    if request.method == .head { response.body = ResponseBody() }
    record(
      request.method, match.template, response.status.code, problem, requestID, start.duration(to: .now))
    return response
  }

  private func answer(_ request: Request, match: RouteTable.Match, requestID: String) async throws -> Response
  {
    switch match {
    case .unknown:
      throw Problem.routeNotFound
    case .wrongMethod(let allowed):
      throw Problem.methodNotAllowed(allowed)
    case .found(let route, let parameters):
      let principal = try await authenticator.principal(for: request.head, requirement: route.access)
      let query = try QueryParameters(request.uri.query.map { $0[...] })
      let limits = configuration.limits
      let body = BodyReader(expects: route.body, limits: limits)
      try body.checkHead(request)
      let call: @Sendable (Data) -> Call = { [services, head = request.head] body in
        Call(
          services: services, head: head, principal: principal, query: query, body: body,
          requestID: requestID,
          parameters: parameters)
      }
      switch route.lane {
      case .direct:
        return try await route.handle(call(try await body.read(request)))
      case .read:
        // A read takes a place only when its small body is there: a slow sender keeps nobody out.
        let ready = call(try await body.read(request))
        return try await handle(ready, route, in: try await reads.enter(), limits.readTimeout)
      case .write:
        // A write holds its place while its body comes in, which bounds the memory of uploads.
        let place = try await writes.enter()
        return try await handle(call(try await body.read(request)), route, in: place, limits.writeTimeout)
      }
    }
  }

  /// The place is free when the handler has really ended, also where its caller was answered before.
  private func handle(
    _ call: Call, _ route: Route, in place: Admission.Place, _ timeout: Duration
  ) async throws -> Response {
    try await work.run(timeout: timeout) {
      guard route.body == .lines else {
        defer { place.leave() }
        return try await route.handle(call)
      }
      var call = call
      call.held = HeldPlace(place: place, work: work, timeout: timeout)
      return try await route.handle(call)
    }
  }

  // MARK: Every response

  private func finish(_ response: inout Response, requestID: String) {
    response.headers[.requestID] = requestID
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.referrerPolicy] = "no-referrer"
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    if configuration.tls != nil { response.headers[.strictTransportSecurity] = "max-age=31536000" }
  }

  /// One line a request, with nothing in it that a user typed.
  private func record(
    _ method: HTTPRequest.Method, _ route: String, _ status: Int, _ problem: Problem?, _ requestID: String,
    _ duration: Duration
  ) {
    metrics.record(method: method, route: route, status: status, duration: duration)
    var metadata: Logger.Metadata = [
      "request_id": .string(requestID), "method": .string(RequestMetrics.name(of: method)),
      "route": .string(route), "status": .stringConvertible(status),
      "ms": .string(String(format: "%.1f", duration.seconds * 1000)),
    ]
    if let problem { metadata["code"] = .string(problem.code) }
    guard let problem, status >= 500 else {
      logger.info("request", metadata: metadata)
      return
    }
    // Being full is expected; not knowing what happened is not.
    let level: Logger.Level = problem.row.isInternal ? .error : .warning
    if let cause = problem.cause { metadata["cause"] = .string(Redactor().redact("\(cause)")) }
    if problem.row.isInternal, !problem.message.isEmpty { metadata["message"] = .string(problem.message) }
    logger.log(level: level, "request", metadata: metadata)
  }
}

extension RouteTable.Match {
  /// For logs and metrics: never the path itself.
  fileprivate var template: String {
    if case .found(let route, _) = self { route.path.description } else { "none" }
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
