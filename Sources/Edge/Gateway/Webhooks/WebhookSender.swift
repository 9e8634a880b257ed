import Domain
import Foundation
import Logging
import Security
import Synchronization

/// Sends events to webhooks as long as the gateway runs: at least once each, begun in order, a few at a time.
///
/// outbox -> deliveries, one an endpoint -> leased -> signed -> sent -> settled. Several processes may do so at once; what
/// a killed one held is sent again when its lease has run out. An endpoint that is slow or down has its own places and
/// its own times: no other waits for it.
final class WebhookSender: Sendable {
  struct Options: Sendable {
    var schedule = WebhookSchedule()
    /// For one attempt, the look-up of its host included.
    var timeout: Duration = .seconds(15)
    /// How long a killed process's deliveries are held; longer than any attempt.
    var lease: TimeInterval = 30
    /// At one time, in this process.
    var maxInFlight = 32
    var maxInFlightPerWebhook = 4
    /// How long those in flight may go on after a stop signal.
    var drainTimeout: Duration = .seconds(5)
    var pollInterval: Duration = .milliseconds(200)
    /// How long what was delivered can be looked at and sent again.
    var keepsDelivered: TimeInterval = 7 * 86_400
    /// How long what was given up, or waits for a webhook that is disabled, can.
    var keepsDead: TimeInterval = 30 * 86_400
  }

  private struct State {
    var inFlight: [String: Int] = [:]
    var tasks: [UUID: Task<Void, Never>] = [:]
    /// Endpoints whose circuit is open.
    var pauses: [String: ContinuousClock.Instant] = [:]
  }

  private let store: any WebhookStore
  private let sealer: any Sealing
  private let client: OutgoingClient
  private let target: WebhookTarget
  private let metrics: WebhookMetrics
  private let userAgent: String
  private let logger: Logger
  private let options: Options
  private let state = Mutex(State())

  init(
    services: GatewayServices, configuration: GatewayConfiguration, logger: Logger,
    options: Options = Options()
  ) {
    store = services.webhooks
    sealer = services.sealing
    client = services.outgoing
    target = WebhookTarget(hosts: configuration.webhookHosts, resolver: services.resolver)
    metrics = WebhookMetrics(metrics: services.metrics)
    userAgent = "Frontdesk/" + services.version
    self.logger = logger
    self.options = options
  }

  /// Returns when its task is cancelled, and what is in flight has ended or was given back.
  func run() async {
    var next = (reconcile: ContinuousClock.now, backlog: ContinuousClock.now)
    while !Task.isCancelled {
      do {
        let now = ContinuousClock.now
        if now >= next.reconcile {
          try await store.reconcileInterests()
          try await forgetOld()
          next.reconcile = now + .seconds(60)
        }
        if now >= next.backlog {
          metrics.show(try await store.webhookBacklog(), at: Date())
          next.backlog = now + .seconds(5)
        }
        let relayed = try await store.relayEvents(limit: Self.relayedAtOnce, at: Date())
        let started = try await startSome()
        guard relayed < Self.relayedAtOnce, started == 0 else { continue }
        let isBusy = state.withLock { !$0.tasks.isEmpty }
        try await Task.sleep(for: isBusy ? options.pollInterval / 10 : options.pollInterval)
      } catch is CancellationError {
        break
      } catch {
        logger.warning("events wait", metadata: ["code": "\(Problem(describing: error).code)"])
        try? await Task.sleep(for: .seconds(5))
      }
    }
    await drain()
  }

  private static let relayedAtOnce = 500

  private func forgetOld() async throws {
    let now = Date()
    try await store.forgetDeliveries(
      deliveredBefore: now - options.keepsDelivered, deadBefore: now - options.keepsDead)
  }

  private func drain() async {
    let tasks = state.withLock { Array($0.tasks.values) }
    let limit = Task { [timeout = options.drainTimeout] in
      try await Task.sleep(for: timeout)
      for task in tasks { task.cancel() }
    }
    for task in tasks { await task.value }
    limit.cancel()
  }

  // MARK: Deliveries

  private func startSome() async throws -> Int {
    let now = ContinuousClock.now
    let (inFlight, paused) = state.withLock { state in
      state.pauses = state.pauses.filter { $0.value > now }
      return (state.inFlight, Set(state.pauses.keys))
    }
    let free = options.maxInFlight - inFlight.values.reduce(0, +)
    guard free > 0 else { return 0 }
    let attempt = UUID().uuidString
    let time = Date()
    let claimed = try await store.claimDeliveries(
      attempt: attempt, limit: free, perWebhook: options.maxInFlightPerWebhook, inFlight: inFlight,
      excluding: paused, until: time + options.lease, at: time)
    guard !claimed.isEmpty else { return 0 }
    let webhooks = Dictionary(
      try await store.webhooks().map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    for delivery in claimed {
      guard let webhook = webhooks[delivery.webhook] else { continue }
      start(delivery, to: webhook, attempt)
    }
    return claimed.count
  }

  private func start(_ delivery: WebhookDelivery, to webhook: Webhook, _ attempt: String) {
    let id = UUID()
    state.withLock { state in
      state.inFlight[webhook.id, default: 0] += 1
      // Under the lock: the task cannot end before it is listed.
      state.tasks[id] = Task { [self] in
        await carryOut(delivery, to: webhook, attempt)
        self.state.withLock { state in
          let left = state.inFlight[webhook.id, default: 1] - 1
          state.inFlight[webhook.id] = left > 0 ? left : nil
          state.tasks[id] = nil
        }
      }
    }
  }

  private func carryOut(_ delivery: WebhookDelivery, to webhook: Webhook, _ attempt: String) async {
    let (outcome, isGone) = await send(delivery, to: webhook)
    metrics.note(outcome)
    // Also where this task was cancelled: what is known is written down.
    await Task { [store, logger] in
      do {
        if isGone {
          _ = try await store.updateWebhook(webhook.id) { webhook in
            webhook.isEnabled = false
            webhook.disabledReason = "its server answered 410 Gone"
            webhook.updatedAt = Date()
          }
        }
        try await store.settleDelivery(delivery.id, attempt: attempt, outcome, at: Date())
      } catch {
        // It is sent once more when the lease has run out.
        logger.warning(
          "a delivery was not noted", metadata: ["code": "\(Problem(describing: error).code)"])
      }
    }.value
    if case .failed(_, let error, nil) = outcome {
      logger.warning(
        "an event was given up", metadata: ["webhook": "\(webhook.id)", "reason": "\(error)"])
    }
  }

  /// - Returns: what became of it, and whether the endpoint is gone for good.
  private func send(_ delivery: WebhookDelivery, to webhook: Webhook) async -> (WebhookOutcome, Bool) {
    let deadline = ContinuousClock.now + options.timeout
    do {
      let address = try WebAddress(webhook.url)
      let addresses = try await target.addresses(of: address, until: deadline)
      var externalID: String?
      if let document = delivery.document { externalID = try await store.externalID(ofDocument: document) }
      let now = Date()
      let message = try WebhookMessage(
        delivery, externalID: externalID, signedBy: try await webhook.signingSecrets(sealer, at: now),
        at: now,
        userAgent: userAgent)
      let response = try await client.send(
        OutgoingRequest(
          method: .post, address: address, headers: message.headers, body: message.body,
          // It is sent again by its own times, not within the call.
          connectsTo: addresses, isIdempotent: false, maxBytes: 0, readTimeout: options.timeout,
          // Nothing of what a receiver says is read or kept.
          wantsBody: { _ in false }), until: deadline)
      return (outcome(of: response.head, delivery), response.head.status == 410)
    } catch let error as OutgoingError {
      switch error.kind {
      case .circuitOpen(let pause):
        let pause = max(.seconds(1), pause)
        state.withLock { $0.pauses[webhook.id] = .now + pause }
        return (.released(until: Date() + pause.seconds), false)
      case .timedOut: return (failure(delivery, nil, "no answer in time"), false)
      case .unreachable, .tooLarge, .unusable:
        return (failure(delivery, nil, "no connection, or it broke off"), false)
      }
    } catch is CancellationError {
      return (.released(until: Date()), false)
    } catch let problem as Problem where problem.row.status < 500 {
      return (failure(delivery, nil, problem.message), false)
    } catch let error as any CodedError {
      // The store's: nothing was sent.
      logger.warning("an event waits", metadata: ["code": "\(error.code)"])
      return (.released(until: Date() + 5), false)
    } catch {
      return (failure(delivery, nil, "its secret cannot be read; rotate it"), false)
    }
  }

  private func outcome(of head: OutgoingResponse.Head, _ delivery: WebhookDelivery) -> WebhookOutcome {
    switch head.status {
    case 200..<300: return .delivered(status: head.status)
    case 410: return .failed(status: 410, error: "answered 410 Gone; the webhook is disabled", next: nil)
    case 300..<400:
      return failure(delivery, head.status, "answered \(head.status); redirects are not followed")
    default:
      let retryAfter = head.headers["retry-after"].flatMap { Int64($0) }.map { Duration.seconds(max(0, $0)) }
      return failure(delivery, head.status, "answered \(head.status)", retryAfter: retryAfter)
    }
  }

  private func failure(
    _ delivery: WebhookDelivery, _ status: Int?, _ error: String, retryAfter: Duration? = nil
  ) -> WebhookOutcome {
    var generator = SystemRandomNumberGenerator()
    let wait = options.schedule.wait(
      after: delivery.attempts + 1, retryAfter: retryAfter, using: &generator)
    return .failed(status: status, error: error, next: wait.map { Date() + $0.seconds })
  }
}
