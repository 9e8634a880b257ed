import Foundation

/// The folder that keeps installed models, one folder each, named after the model.
public struct ModelCache: Sendable {
  public let folder: URL
  let environment: [String: String]
  let catalogue: [ModelSpecification]

  public init(folder: URL) {
    self.init(folder: folder, catalogue: ModelCatalogue.all)
  }

  init(
    folder: URL,
    catalogue: [ModelSpecification],
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.folder = folder
    self.catalogue = catalogue
    self.environment = environment
  }

  /// `FRONTDESK_MODELS`, else `$XDG_CACHE_HOME/frontdesk/models`, else `~/.cache/frontdesk/models`.
  public static func defaultFolder(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> URL {
    if let path = environment["FRONTDESK_MODELS"], !path.isEmpty {
      return URL(fileURLWithPath: path, isDirectory: true)
    }
    let base: URL
    // The XDG base directory specification says to ignore a relative path.
    if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
      base = URL(fileURLWithPath: path, isDirectory: true)
    } else if let home = environment["HOME"], home.hasPrefix("/") {
      base = URL(fileURLWithPath: home, isDirectory: true).appendingPathComponent(".cache")
    } else {
      base = FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
    }
    return base.appendingPathComponent("frontdesk/models", isDirectory: true)
  }

  /// Finds a model's files and checks their sizes, without reading them.
  ///
  /// - Throws: `model_unknown`, `model_not_installed` (the message names the command that installs it),
  ///   `model_corrupt`.
  public func installed(_ name: String) throws(EmbeddingError) -> InstalledModel {
    let model = try model(name)
    guard FileManager.default.fileExists(atPath: model.folder.path) else { throw .modelNotInstalled(name) }
    for (file, url) in files(of: model) {
      let size = try? FileManager.default.attributesOfItem(atPath: url.path)[.size] as? Int
      guard size == file.byteCount else {
        throw .modelCorrupt("\(url.path) is missing or has not \(file.byteCount) bytes")
      }
    }
    return model
  }

  /// Finds a model that embeds texts.
  ///
  /// - Throws: as `installed(_:)`, and `model_unsuitable`.
  public func installedEmbedder(_ name: String) throws(EmbeddingError) -> InstalledModel {
    let model = try installed(name)
    guard model.specification.isEmbedder else { throw .modelUnsuitable(name, ModelCatalogue.embedders) }
    return model
  }

  /// Finds a model that compares two texts.
  ///
  /// - Throws: as `installed(_:)`, and `model_unsuitable`.
  public func installedReranker(_ name: String) throws(EmbeddingError) -> InstalledModel {
    let model = try installed(name)
    guard !model.specification.isEmbedder else { throw .modelUnsuitable(name, ModelCatalogue.rerankers) }
    return model
  }

  /// Hashes a model's files.
  ///
  /// - Throws: as `installed(_:)`.
  public func verify(_ name: String) throws(EmbeddingError) {
    let model = try installed(name)
    for (file, url) in files(of: model) {
      let hash: String
      do {
        hash = try FileHash.sha256(of: url)
      } catch {
        throw .modelCorrupt("\(url.path) cannot be read", cause: error)
      }
      guard hash == file.sha256 else {
        throw .modelCorrupt("\(url.path) has sha256 \(hash), not \(file.sha256)")
      }
    }
  }

  /// Every model of the catalogue, and whether its files are there.
  public func list() -> [(specification: ModelSpecification, isInstalled: Bool)] {
    catalogue.map { ($0, (try? installed($0.name)) != nil) }
  }

  func model(_ name: String) throws(EmbeddingError) -> InstalledModel {
    guard let specification = catalogue.first(where: { $0.name == name }) else { throw .modelUnknown(name) }
    return InstalledModel(
      specification: specification,
      folder: folder.appendingPathComponent(name, isDirectory: true)
    )
  }

  private func files(of model: InstalledModel) -> [(PinnedFile, URL)] {
    var files = [(model.specification.weights, model.weights)]
    if let file = model.specification.vocabulary, let url = model.vocabulary {
      files.insert((file, url), at: 0)
    }
    return files
  }
}
