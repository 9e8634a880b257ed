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
  var seen: [String: Set<ExactString>] = [:]
  /// Files that could not be read: their documents stay.
  var failedPaths: [String: Set<ExactString>] = [:]

  func tick(_ change: (inout IngestProgress) -> Void) {
    onProgress(progress.update(start: start, change))
  }

  /// Files of a root that still make a document.
  func presentPaths(of root: String, _ known: KnownRoot) -> Set<ExactString> {
    let seen = seen[root] ?? []
    let present = known.documents.filter { seen.contains(ExactString($0.externalID)) }
    return Set(present.map { ExactString($0.path) })
  }
}

/// What the store knows of a path given to `ingest`.
struct KnownRoot: Sendable {
  let files: [ExactString: SourceFile]
  let documents: [OriginatedDocument]
  let byPath: [ExactString: [OriginatedDocument]]
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
