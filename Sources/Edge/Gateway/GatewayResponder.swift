import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Security

/// Takes every request from its head to its response.
///
/// request -> route -> principal -> allowance -> place in the queue -> body -> handler -> response, or a problem.
struct GatewayResponder: HTTPResponder {
  typealias Context = GatewayContext

  let services: GatewayServices
  let configuration: GatewayConfiguration
  let table: RouteTable
  let authenticator: Authenticator
  /// Nil where nobody signs in.
  let sessions: SessionKeeper?
  let work: WorkInFlight
  let connections: ConnectionCount
  let reads: Admission
  let writes: Admission
  let limiter: RateLimiter
  let sockets: SocketHub
  let addresses: ClientAddress
  let crossOrigin: CrossOrigin
  let metrics: RequestMetrics
  let requestLog: RequestLog
  let logger: Logger

  init(services: GatewayServices, configuration: GatewayConfiguration, logger: Logger) {
    let limits = configuration.limits
    var services = services
    services.generation = configuration.generation.map {
      GenerationService(
        endpoint: $0, client: services.outgoing, resolver: services.resolver, metrics: services.metrics)
    }
    self.services = services
    self.configuration = configuration
    self.logger = logger
    let issuer = configuration.issuer.map { IssuerVerifier($0, services: services) }
    let signIn = SignInFlow(configuration.signIn, issuer: issuer, services: services)
    sessions = signIn?.keeper
    authenticator = Authenticator(
      keys: services.keys, tokenSecrets: services.tokenSecrets, configuration: configuration,
      issuer: issuer, sessions: sessions)
    work = WorkInFlight()
    connections = ConnectionCount(
      limit: limits.maxConnections, perAddress: limits.maxConnectionsPerAddress,
      trustedProxies: configuration.trustedProxies)
    reads = Admission(limit: limits.maxReads, maxQueued: limits.maxQueued, timeout: limits.queueTimeout)
    writes = Admission(limit: limits.maxWrites, maxQueued: limits.maxQueued, timeout: limits.queueTimeout)
    limiter = RateLimiter(configuration.rates.sizes)
    sockets = SocketHub(
      services: services, configuration: configuration, authenticator: authenticator, reads: reads,
      work: work, limiter: limiter, logger: logger)
    table = RouteTable(
      routes: GatewayRoutes.all(
        services: services, configuration: configuration, signIn: signIn, sockets: sockets))
    addresses = ClientAddress(trustedProxies: configuration.trustedProxies)
    crossOrigin = CrossOrigin(origins: configuration.allowedOrigins)
    metrics = RequestMetrics(factory: services.metrics)
    requestLog = RequestLog(logger: logger, slowQuery: configuration.slowQuery)
    let (connections, reads, writes) = (connections, reads, writes)
    services.metrics.gauge("frontdesk_http_connections") { Double(connections.current) }
    services.metrics.gauge("frontdesk_http_connections_limit") { Double(limits.maxConnections) }
    services.metrics.gauge("frontdesk_http_reads_in_work") { Double(reads.occupancy.running) }
    services.metrics.gauge("frontdesk_http_reads_queued") { Double(reads.occupancy.queued) }
    services.metrics.gauge("frontdesk_http_writes_in_work") { Double(writes.occupancy.running) }
    services.metrics.gauge("frontdesk_http_writes_queued") { Double(writes.occupancy.queued) }
  }

  func respond(to request: Request, context: GatewayContext) async throws -> Response {
    // A task keeps what its deepest call took, 20 KB and more, until it ends; that of a connection, which may be idle
    // for hours, is not to be the one that goes deep.
    async let response = response(to: request, context)
    return try await response
  }

  private func response(to request: Request, _ context: GatewayContext) async throws -> Response {
    let start = ContinuousClock.now
    let match = table.match(request.method, request.uri.path[...])
    var exchange = Exchange(request.head, route: match.template)
    var response: Response
    do {
      response = try await answer(request, match: match, context, &exchange)
    } catch {
      let described = Problem(describing: error)
      response = table.errorShape(at: request.uri.path[...])
        .response(
          to: described, requestID: exchange.requestID,
          accept: request.headers[values: .accept].joined(separator: ","))
      exchange.problem = described
    }
    finish(&response, exchange, request.head)
    if request.method == .head { response.body = ResponseBody() }
    let duration = start.duration(to: .now)
    metrics.record(
      method: request.method, route: exchange.route, status: response.status.code, duration: duration)
    requestLog.write(exchange, method: request.method, status: response.status.code, duration: duration)
    return response
  }

  private func answer(
    _ request: Request, match: RouteTable.Match, _ context: GatewayContext, _ exchange: inout Exchange
  ) async throws -> Response {
    guard request.head.path?.hasPrefix("/") == true else {
      throw Problem("invalid_request", "The target of a request begins with '/'.", closesConnection: true)
    }
    let address = addresses.of(peer: context.peer, forwarded: request.headers[values: .forwardedFor])?
      .subscriber
    switch match {
    case .unknown:
      _ = try limiter.charge(.address, address ?? Self.unknownAddress, cost: 1)
      throw Problem.routeNotFound
    case .wrongMethod(let allowed):
      if let preflight = crossOrigin.preflight(request.head, methods: allowed) { return preflight }
      _ = try limiter.charge(.address, address ?? Self.unknownAddress, cost: 1)
      throw Problem.methodNotAllowed(allowed)
    case .found(let route, let parameters):
      let head = route.upgrades ? try SocketHandshake.authorized(request.head) : request.head
      let (principal, caller) = try await admit(
        head, to: route, from: address ?? Self.unknownAddress, &exchange)
      let query = try QueryParameters(request.uri.query.map { $0[...] })
      let limits = configuration.limits
      let body = BodyReader(expects: route.body, limits: limits)
      try body.checkHead(request)
      let call: @Sendable (Data) -> Call = {
        [
          services, requestID = exchange.requestID, trace = exchange.trace,
          notes = exchange.notes
        ] body in
        Call(
          services: services, head: head, principal: principal, query: query, body: body,
          requestID: requestID, trace: trace, parameters: parameters, notes: notes,
          caller: caller, channel: context.channel)
      }
      switch route.lane {
      case .direct:
        return try await route.handle(call(try await body.read(request)))
      case .read:
        // A read takes a place only when its small body is there: a slow sender keeps nobody out.
        let ready = call(try await body.read(request))
        return try await handle(ready, route, in: try await reads.enter(), limits.readTimeout)
      case .write:
        // So does a small write; a large one holds its place while its body comes in, which bounds the memory of
        // uploads.
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length <= Self.smallBody {
          let ready = call(try await body.read(request))
          return try await handle(ready, route, in: try await writes.enter(), limits.writeTimeout)
        }
        let place = try await writes.enter()
        return try await handle(call(try await body.read(request)), route, in: place, limits.writeTimeout)
      }
    }
  }

  /// Finds out who asks, and counts what is asked for: of a token's customer, of a key, else of the address.
  private func admit(
    _ head: HTTPRequest, to route: Route, from address: String, _ exchange: inout Exchange
  ) async throws -> (Principal, RateLimiter.Caller) {
    let principal: Principal
    do {
      principal = try await authenticator.principal(for: head, requirement: route.access)
    } catch let problem as Problem where problem.row.status == 401 {
      // Whoever tries keys is soon told to wait instead.
      _ = try limiter.charge(.address, address, cost: head.headerFields[.authorization] == nil ? 1 : 10)
      throw problem
    }
    let caller =
      switch (principal.actor, principal.customer) {
      // A browser's token names the key that it was made with: the key's own share is its back end's.
      case (let key?, let customer?): RateLimiter.Caller(scope: .customer, name: key + "/" + customer)
      case (let key?, nil) where !Authenticator.hasToken(head): RateLimiter.Caller(scope: .key, name: key)
      default: RateLimiter.Caller(scope: .address, name: address)
      }
    exchange.allowance = try limiter.charge(caller.scope, caller.name, cost: route.cost)
    return (principal, caller)
  }

  /// Bytes that are read before a write has its place.
  private static let smallBody = 64 << 10
  /// Shares one bucket: what cannot be told apart is not limited apart.
  private static let unknownAddress = "unknown"

  /// The place is free when the handler has really ended, also where its caller was answered before.
  private func handle(
    _ call: Call, _ route: Route, in place: Admission.Place, _ timeout: Duration
  ) async throws -> Response {
    try await work.run(timeout: timeout) {
      var call = call
      guard route.body == .lines else {
        defer { place.leave() }
        // What is still to be done when a response begins is watched, too, without a place.
        call.held = HeldPlace(place: nil, work: work, timeout: timeout)
        return try await route.handle(call)
      }
      call.held = HeldPlace(place: place, work: work, timeout: timeout)
      return try await route.handle(call)
    }
  }

  // MARK: Every response

  private func finish(_ response: inout Response, _ exchange: Exchange, _ head: HTTPRequest) {
    response.headers[.requestID] = exchange.requestID
    exchange.allowance?.write(to: &response.headers)
    crossOrigin.write(to: &response.headers, for: head)
    SecurityHeaders.write(to: &response.headers, overTLS: configuration.tls != nil)
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
