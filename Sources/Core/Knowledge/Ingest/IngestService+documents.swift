import Domain
import Foundation

extension IngestService {
  private static let bulkWindow = 256

  /// Puts many documents under their own ids, in order.
  ///
  /// - Throws: as `upsert`; documents before the failing transaction stay.
  public func ingest(
    _ documents: [(id: String, content: DocumentContent)], into name: String,
    onProgress: @escaping @Sendable (IngestProgress) -> Void = { _ in }
  ) async throws {
    let start = ContinuousClock.now
    let knowledgeBase = try await knowledgeBase(name)
    var progress = IngestProgress()
    progress.filesTotal = documents.count
    progress.bytesTotal = documents.reduce(0) { $0 + $1.content.text.utf8.count }
    for lower in stride(from: 0, to: documents.count, by: Self.bulkWindow) {
      let window = Array(documents[lower..<min(lower + Self.bulkWindow, documents.count)])
      for document in window { try ExternalID.validate(document.id) }
      let writes = await Blocking.run { [preparer] in
        window.map { preparer.write($0.content, blocks: nil, externalID: $0.id, origin: nil) }
      }
      let outcome = try await writer.write(writes, to: knowledgeBase)
      progress.filesDone += window.count
      progress.bytesDone += window.reduce(0) { $0 + $1.content.text.utf8.count }
      progress.passagesEmbedded += outcome.embedded
      progress.elapsed = start.duration(to: .now)
      onProgress(progress)
    }
  }
}
