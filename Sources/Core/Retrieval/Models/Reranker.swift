import Embedding
import Foundation
import Synchronization
import TextAnalysis

/// The cross-encoder that puts the best hits of a search in order, loaded when it is first needed.
public actor Reranker {
  public nonisolated let model: String
  /// Pairs that one search may have compared.
  public static let maxPairs = 100
  private let cache: ModelCache
  private let threads: Int
  private let precision: EncoderPrecision
  private nonisolated let affordable = Mutex(0)
  private var loading: Task<RelevanceService, any Error>?
  private var service: RelevanceService?

  public init(cache: ModelCache, model: String, threads: Int, precision: EncoderPrecision = .int8) {
    self.cache = cache
    self.model = model
    self.threads = threads
    self.precision = precision
  }

  /// Whether it can say anything of texts in a language.
  nonisolated func reads(_ language: Language?) -> Bool {
    (try? ModelCatalogue.specification(named: model))?.reads(language?.rawValue) ?? true
  }

  /// Pairs that a search has compared unless it says how many: 0 until `measure` found out.
  public nonisolated var defaultPairs: Int { affordable.withLock { $0 } }

  /// Finds out how many pairs this machine compares within a time; fewer than 2 would change no order.
  ///
  /// - Throws: `model_not_installed`, `model_unknown`, `model_unsuitable`, `model_corrupt`.
  public func measure(budget: Duration) async throws -> Int {
    let pairs = min(try await loaded().pairs(within: budget), Self.maxPairs)
    affordable.withLock { $0 = pairs < 2 ? 0 : pairs }
    return defaultPairs
  }

  /// Sets how many pairs a search has compared that does not say how many, so that results repeat.
  public nonisolated func allow(pairs: Int) { affordable.withLock { $0 = min(pairs, Self.maxPairs) } }

  /// How well each passage answers a question, as the model says it.
  func scores(of passages: [String], for question: String) async throws -> [Float] {
    let service = try await loaded()
    return try await InferenceTimer.measure(.rerank, model: model) {
      try await service.scores(of: passages, for: question)
    }
  }

  /// Whether pairs of others wait already.
  var isBusy: Bool { service.map { $0.waiting > 0 } ?? false }

  private func loaded() async throws -> RelevanceService {
    if let service { return service }
    if let loading { return try await loading.value }
    let loading = Task { [cache, model, threads, precision] in
      try await ModelLoading.run {
        RelevanceService(
          model: try EncoderModel(try cache.installedReranker(model), precision: precision), threads: threads)
      }
    }
    self.loading = loading
    do {
      let service = try await loading.value
      self.service = service
      return service
    } catch {
      self.loading = nil
      throw error
    }
  }

  public func shutdown() async {
    (try? await loading?.value)?.shutdown()
    (loading, service) = (nil, nil)
  }
}
