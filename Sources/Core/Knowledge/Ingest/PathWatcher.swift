import Foundation

/// Notices when files below some paths come, go or change, by looking once a second.
///
/// Looking is cheap (sizes and times, no contents) and works on every file system, network ones included.
public struct PathWatcher: Sendable {
  private let paths: [String]
  private let patterns: [String]
  private let interval: Duration

  public init(paths: [String], ignoring patterns: [String] = [], interval: Duration = .seconds(1)) {
    self.paths = paths
    self.patterns = patterns
    self.interval = interval
  }

  /// Yields once when it begins to look, for what changed before, and then after each change, once the files
  /// have been still for one interval; ends with its task.
  public func changes() -> AsyncStream<Void> {
    AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      let task = Task {
        var settled = await look()
        var last = settled
        continuation.yield()
        while !Task.isCancelled {
          try? await Task.sleep(for: interval)
          let now = await look()
          // A file that is still being written is not read in halves.
          if now == last, now != settled {
            settled = now
            continuation.yield()
          }
          last = now
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  /// - Returns: nil where a path is not there just now.
  private func look() async -> Set<FoundFile>? {
    await Blocking.run { [paths, patterns] in
      (try? SourceWalk(paths, ignoring: patterns)).map { Set($0.files) }
    }
  }
}
