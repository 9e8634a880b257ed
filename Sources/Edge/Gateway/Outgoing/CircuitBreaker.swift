/// Keeps calls from a server that fails, and so gives it time (Nygard, Release It!, 2nd edition, 2018, chapter 5).
///
/// closed -> open where too large a share of the window's calls failed -> half-open after a pause: one call tries;
/// it closes the circuit or opens it again. A value; time is told to it.
struct CircuitBreaker: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// The number is what the gauge shows.
  enum State: Int, Sendable { case closed, halfOpen, open }

  struct Options: Sendable {
    /// Of the past, that counts.
    var window: Duration = .seconds(30)
    /// Calls in the window below which nothing opens.
    var minCalls = 8
    /// Of the window's calls, from which on it opens: above 0, at most 1.
    var failureShare = 0.5
    /// How long it stays open before one call may try.
    var pause: Duration = .seconds(10)
  }

  /// Leave for one call; to be settled, whatever becomes of the call.
  struct Pass: Sendable {
    /// Results of calls that began before the state changed say nothing of the state after it.
    fileprivate let epoch: Int
  }

  private struct Result {
    let at: Instant
    let failed: Bool
  }

  let options: Options
  private(set) var state = State.closed
  private var results: [Result] = []
  private var openedAt: Instant?
  private var isTrying = false
  private var epoch = 0

  init(_ options: Options = Options()) { self.options = options }

  /// - Returns: nil where the call is not to be made.
  mutating func admit(at now: Instant) -> Pass? {
    if state == .open, let openedAt, now >= openedAt + options.pause { change(to: .halfOpen) }
    switch state {
    case .closed: return Pass(epoch: epoch)
    case .open: return nil
    case .halfOpen:
      guard !isTrying else { return nil }
      isTrying = true
      return Pass(epoch: epoch)
    }
  }

  /// - Parameter failed: nil where the call says nothing of the server, such as one that its caller gave up.
  mutating func settle(_ pass: Pass, failed: Bool?, at now: Instant) {
    guard pass.epoch == epoch else { return }
    isTrying = false
    guard let failed else { return }
    switch state {
    case .halfOpen:
      change(to: failed ? .open : .closed, at: now)
    case .closed:
      let oldest = now - options.window
      results.removeAll { $0.at < oldest }
      if results.count >= Self.maxResults { results.removeFirst() }
      results.append(Result(at: now, failed: failed))
      let failures = results.count { $0.failed }
      if results.count >= options.minCalls,
        Double(failures) >= options.failureShare * Double(results.count)
      {
        change(to: .open, at: now)
      }
    case .open: break
    }
  }

  /// How long no call is made; nil where one may be.
  func pauseLeft(at now: Instant) -> Duration? {
    guard state != .closed else { return nil }
    guard let openedAt, state == .open else { return .seconds(1) }
    return max(.zero, now.duration(to: openedAt + options.pause))
  }

  private mutating func change(to state: State, at now: Instant? = nil) {
    self.state = state
    openedAt = state == .open ? now : nil
    results = []
    isTrying = false
    epoch += 1
  }

  private static let maxResults = 1000
}
