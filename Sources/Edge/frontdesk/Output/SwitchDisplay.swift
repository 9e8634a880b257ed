import Domain
import Foundation
import Synchronization

/// Shows how far a switch of models is: a line that is rewritten on a terminal, one every few seconds elsewhere.
final class SwitchDisplay: Sendable {
  private let isTerminal = Console.errorIsTerminal
  private let isQuiet: Bool
  private let last = Mutex<(state: ModelSwitch.State, time: ContinuousClock.Instant)?>(nil)

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func show(_ found: ModelSwitch) {
    let interval: Duration = isTerminal ? .milliseconds(200) : .seconds(5)
    let isDue = last.withLock { last in
      if let last, last.state == found.state, last.time.duration(to: .now) < interval { return false }
      last = (found.state, .now)
      return true
    }
    guard isDue, !isQuiet else { return }
    let line =
      switch found.state {
      case .embedding: "\(found.model): \(found.textsDone) of \(found.textsTotal) texts embedded"
      case .publishing: "\(found.model): building the index; searches go on with \(found.previous)"
      case .clearing: "\(found.model): searched; removing vectors that nobody uses"
      case .stopped, .failed: "\(found.model): \(found.state.rawValue)"
      }
    if isTerminal { Console.status(line) } else { Console.error(line) }
  }

  /// Leaves the terminal's line clean.
  func finish() {
    if isTerminal, !isQuiet, last.withLock({ $0 != nil }) { Console.status("") }
  }
}
