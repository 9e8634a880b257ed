import Domain
import Metrics
import Retrieval

/// Words answers where a knowledge base allows it, and counts what becomes of them.
struct GenerationService: Sendable {
  private let endpoint: GenerationEndpoint
  private let client: OutgoingClient
  private let resolver: HostResolver
  private let places: GenerationPlaces
  private let metrics: PrometheusRegistry

  init(
    endpoint: GenerationEndpoint, client: OutgoingClient, resolver: HostResolver, metrics: PrometheusRegistry
  ) {
    self.endpoint = endpoint
    self.client = client
    self.resolver = resolver
    self.metrics = metrics
    let places = GenerationPlaces(limit: endpoint.concurrency)
    self.places = places
    metrics.describe(
      Self.outcomesName, "Answers that were to be worded, by outcome: generated, or why the quotes stayed.")
    metrics.describe(
      Self.sentencesName, "Sentences that a language model wrote, by verdict: kept, or why one was dropped.")
    metrics.describe(Self.durationName, "Time that wording an answer took, checks included.")
    metrics.gauge("frontdesk_generations_in_work") { Double(places.count) }
  }

  /// - Throws: `CancellationError`, what `say` throws.
  func worded(
    _ answer: FormingAnswer, policy: GenerationPolicy, say: @escaping @Sendable (String) async throws -> Void
  ) async throws -> AnswerResponse {
    let start = ContinuousClock.now
    let generator = ChatGenerator(
      endpoint: endpoint, client: client, resolver: resolver, places: places, trace: answer.call.trace)
    let kept = Counter(label: Self.sentencesName, dimensions: [("verdict", "kept")], factory: metrics)
    let result = try await answer.call.services.engine.generate(
      from: answer.extract, for: answer.request, policy: policy, by: generator
    ) { part in
      kept.increment()
      try await say(part)
    }
    Counter(label: Self.outcomesName, dimensions: [("outcome", result.outcome.label)], factory: metrics)
      .increment()
    for (doubt, count) in result.doubts {
      Counter(label: Self.sentencesName, dimensions: [("verdict", doubt.rawValue)], factory: metrics)
        .increment(by: count)
    }
    metrics.makeTimer(label: Self.durationName, dimensions: [])
      .recordNanoseconds(Int64(start.duration(to: .now).seconds * 1e9))
    return result.response
  }

  static let outcomesName = "frontdesk_generations_total"
  static let sentencesName = "frontdesk_generated_sentences_total"
  static let durationName = "frontdesk_generation_duration_seconds"
}
