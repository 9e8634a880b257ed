import Foundation

/// A model whose files are in the cache, of the right sizes.
public struct InstalledModel: Sendable {
  public let specification: ModelSpecification
  public let folder: URL

  public var weights: URL { folder.appendingPathComponent(specification.weights.name) }
  /// Nil where the weights' file holds the vocabulary.
  public var vocabulary: URL? { specification.vocabulary.map { folder.appendingPathComponent($0.name) } }

  init(specification: ModelSpecification, folder: URL) {
    self.specification = specification
    self.folder = folder
  }
}
