import Domain
import Foundation
import Synchronization

/// The state of one `ingest` of paths.
struct PathRun {
  let request: PathIngest
  let knowledgeBase: KnowledgeBase
  let start: ContinuousClock.Instant
  let onProgress: @Sendable (IngestProgress) -> Void
  let progress = ProgressBox()
  var report = IngestReport()
  /// External ids by root that this run found, for pruning.
  var seen: [String: Set<String>] = [:]
  /// Files that could not be read: their documents stay.
  var failedPaths: [String: Set<String>] = [:]

  func tick(_ change: (inout IngestProgress) -> Void) {
    onProgress(progress.update(start: start, change))
  }

  /// Files of a root that still make a document.
  func presentPaths(of root: String, _ known: KnownRoot) -> Set<String> {
    Set(known.documents.filter { seen[root]?.contains($0.externalID) == true }.map(\.path))
  }
}

/// What the store knows of a path given to `ingest`.
struct KnownRoot: Sendable {
  let files: [String: SourceFile]
  let documents: [OriginatedDocument]
  let byPath: [String: [OriginatedDocument]]
}

/// Progress shared by the tasks of one run.
final class ProgressBox: Sendable {
  private let state = Mutex(IngestProgress())

  func update(start: ContinuousClock.Instant, _ change: (inout IngestProgress) -> Void) -> IngestProgress {
    state.withLock { progress in
      change(&progress)
      progress.elapsed = start.duration(to: .now)
      return progress
    }
  }
}
