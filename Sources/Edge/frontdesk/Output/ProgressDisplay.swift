import Foundation
import Knowledge
import Retrieval
import Synchronization

/// Shows how far an ingest is: a bar on a terminal, a plain line every few seconds elsewhere.
final class ProgressDisplay: Sendable {
  private struct State {
    var lastShown: ContinuousClock.Instant?
    var shown = false
  }
  private let isTerminal = Console.errorIsTerminal
  private let isQuiet: Bool
  private let state = Mutex(State())

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  func show(_ progress: IngestProgress) {
    guard !isQuiet, progress.filesTotal > 0 else { return }
    let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
    let isDue = state.withLock { state in
      let now = ContinuousClock.now
      if let last = state.lastShown, now - last < interval { return false }
      // Elsewhere than on a terminal a run of a few seconds says nothing until its end.
      if state.lastShown == nil, !isTerminal {
        state.lastShown = now
        return false
      }
      state.lastShown = now
      state.shown = true
      return true
    }
    guard isDue else { return }
    if isTerminal { Console.status(bar(progress)) } else { Console.error(line(progress)) }
  }

  /// Leaves the terminal's line clean.
  func finish() {
    if isTerminal, state.withLock({ $0.shown }) { Console.status("") }
  }

  private func line(_ progress: IngestProgress) -> String {
    var line =
      "\(progress.filesDone)/\(progress.filesTotal) files, "
      + "\(progress.passagesEmbedded) passages embedded"
    if progress.passagesEmbedded > 0 {
      line += String(format: ", %.1f passages/s", progress.passagesPerSecond)
    }
    if let remaining = progress.remaining, progress.filesDone < progress.filesTotal {
      line += ", about \(Self.clock(remaining)) left"
    }
    return line
  }

  private func bar(_ progress: IngestProgress) -> String {
    let share = progress.bytesTotal > 0 ? Double(progress.bytesDone) / Double(progress.bytesTotal) : 1
    let filled = Int((share * 24).rounded())
    return "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 24 - filled) + "] "
      + line(progress)
  }

  private static func clock(_ duration: Duration) -> String {
    let seconds = Int(duration.components.seconds)
    return seconds < 60 ? "\(max(1, seconds)) s" : "\(seconds / 60) min \(seconds % 60) s"
  }
}
