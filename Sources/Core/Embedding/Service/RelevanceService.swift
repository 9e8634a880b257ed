import Foundation

/// Compares passages with a question by a cross-encoder (Nogueira and Cho 2019, arXiv:1901.04085), on threads of
/// its own behind a bounded queue.
public final class RelevanceService: Sendable {
  private let service: EmbeddingService

  public var model: EncoderModel { service.model }
  public var threads: Int { service.threads }

  /// - Parameters:
  ///   - model: one that gives relevance.
  ///   - queueLimit: most pairs that may wait.
  public init(model: EncoderModel, threads: Int = EmbeddingService.defaultThreads, queueLimit: Int = 256) {
    precondition(model.specification.pooling == .relevance)
    service = EmbeddingService(model: model, threads: threads, queueLimit: queueLimit, cachedQueries: 0)
  }

  /// How well each passage answers a question.
  ///
  /// - Returns: in input order, the model's raw numbers: above 0 more likely an answer than not. A text beyond
  ///   the model's length is cut.
  /// - Throws: as `EmbeddingService.embedQuery`.
  public func scores(of passages: [String], for question: String) async throws -> [Float] {
    try await service.replies(passages.map { QuestionRequest(question: question, passage: $0) })
      .map { $0.first ?? 0 }
  }

  /// Tokens that the model reads of all pairs together.
  public func tokens(of passages: [String], with question: String) -> Int {
    passages.reduce(0) { sum, passage in
      sum + QuestionRequest(question: question, passage: passage).tokens(model).ids.count
    }
  }

  /// Pairs that wait for a thread.
  public var waiting: Int { service.load.questions }

  /// How many pairs can be compared within a time, by comparing some of about 56 tokens: a question, a title and a
  /// sentence.
  ///
  /// - Returns: at least 1.
  public func pairs(within budget: Duration) async throws -> Int {
    let question = Self.sample.prefix(10).joined(separator: " ")
    let passage = (0..<5).flatMap { _ in Self.sample }.prefix(43).joined(separator: " ")
    let count = 2 * threads
    _ = try await scores(of: [passage], for: question)
    var best = Duration.seconds(3600)
    for _ in 0..<Self.trials {
      let start = ContinuousClock.now
      _ = try await scores(of: Array(repeating: passage, count: count), for: question)
      best = min(best, start.duration(to: .now))
    }
    return max(1, Int(Double(count) * (budget / best)))
  }

  private static let trials = 3
  /// Words of one token each.
  private static let sample = [
    "how", "can", "the", "customer", "open", "a", "new", "account", "with", "this", "card", "when", "it",
    "was",
    "not", "used", "for", "one", "year",
  ]

  public func shutdown() { service.shutdown() }
}
