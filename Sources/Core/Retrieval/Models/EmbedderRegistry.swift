import Domain
import Embedding
import Foundation

/// The embedding models in use, each loaded once, when first asked for.
public actor EmbedderRegistry {
  private let cache: ModelCache
  private var threads: Int
  private let precision: EncoderPrecision
  private var services: [String: Task<EmbeddingService, any Error>] = [:]
  /// On the same weights as `services`.
  private var background: [String: EmbeddingService] = [:]

  /// - Parameter threads: inference threads per model.
  public init(cache: ModelCache, threads: Int, precision: EncoderPrecision = .int8) {
    self.cache = cache
    self.threads = threads
    self.precision = precision
  }

  /// Lets models that are loaded from now on use so many threads.
  public func use(threads: Int) { self.threads = max(1, threads) }

  /// - Throws: `model_not_installed` (tried again on the next call), `model_unknown`, `model_corrupt`.
  public func service(for model: String) async throws -> EmbeddingService {
    if let loading = services[model] { return try await loading.value }
    let loading = Task { [cache, threads, precision] in
      try await ModelLoading.run {
        EmbeddingService(
          model: try EncoderModel(try cache.installedEmbedder(model), precision: precision), threads: threads)
      }
    }
    services[model] = loading
    do { return try await loading.value } catch {
      services[model] = nil
      throw error
    }
  }

  /// Models that texts can be embedded with now.
  public func installed() -> [ModelSpecification] {
    cache.list().filter { $0.isInstalled && $0.specification.isEmbedder }.map(\.specification)
  }

  /// For work that nobody waits for: a core is left to others, and its threads give way to them.
  ///
  /// - Throws: as `service(for:)`.
  public func backgroundService(for model: String) async throws -> EmbeddingService {
    let loaded = try await service(for: model)
    if let running = background[model] { return running }
    let service = EmbeddingService(model: loaded.model, threads: max(1, threads - 1), isBackground: true)
    background[model] = service
    return service
  }

  /// Lets go of models that are no longer used, and of all threads in the background. Work under way is finished.
  public func release(except models: Set<String>) {
    services = services.filter { models.contains($0.key) }
    background = [:]
  }

  public func shutdown() async {
    for service in background.values { service.shutdown() }
    background = [:]
    for loading in services.values { (try? await loading.value)?.shutdown() }
    services = [:]
  }
}

/// Reads models off the cooperative pool: it takes a tenth of a second and more.
enum ModelLoading {
  static func run<Service: Sendable>(_ load: @escaping @Sendable () throws -> Service) async throws -> Service
  {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global(qos: .userInitiated).async { continuation.resume(with: Result { try load() }) }
    }
  }
}
