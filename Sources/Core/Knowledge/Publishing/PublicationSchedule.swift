import Domain
import Embedding
import Foundation
import Logging
import Retrieval

/// Publishes and takes back what is due.
///
/// What is due is a matter of the store's clock and of nothing else: whoever looks first does it, once, and a store
/// that nobody ran for a while has it all done at the first look.
public struct PublicationSchedule: Sendable {
  private let store: any DocumentStore
  private let writer: DocumentWriter
  private let logger: Logger
  /// How often it is looked whether another process has written something that is due.
  private static let interval: Duration = .milliseconds(250)
  /// How long after a failure texts are embedded again.
  private static let retryDelay: Duration = .seconds(15)

  public init(store: any DocumentStore, embedders: EmbedderRegistry, logger: Logger) {
    self.store = store
    writer = DocumentWriter(store: store, embedders: embedders)
    self.logger = logger
  }

  /// Does everything that is due.
  ///
  /// - Returns: how many documents were published or taken back.
  /// - Throws: `model_unavailable`, `overloaded` where a text could not be embedded; all else is done then.
  @discardableResult
  public func applyDue() async throws -> Int {
    var documents = 0
    var vectors: [VectorKey: HalfVector] = [:]
    for _ in 0..<8 {
      let outcome = try await store.applyDue(vectors: vectors)
      documents += outcome.documents
      if outcome.missing.isEmpty { return documents }
      vectors = try await writer.vectors(of: outcome.missing)
    }
    return documents
  }

  /// Looks again and again until the task is cancelled.
  public func run() async {
    var nextEmbedding = ContinuousClock.now
    while !Task.isCancelled {
      var wait = Self.interval
      do {
        let outcome = try await store.applyDue(vectors: [:])
        if !outcome.missing.isEmpty, nextEmbedding <= .now {
          // A failure is told, and tried again later; what needs nothing embedded goes on meanwhile.
          nextEmbedding = .now + Self.retryDelay
          try await applyDue()
          nextEmbedding = .now
        }
        if let next = outcome.next {
          wait = min(wait, .seconds(max(0.005, next.timeIntervalSinceNow)))
        }
      } catch is CancellationError {
        return
      } catch {
        logger.warning("not everything that is due was published", metadata: ["error": "\(error)"])
        wait = .seconds(1)
      }
      try? await Task.sleep(for: wait)
    }
  }
}
