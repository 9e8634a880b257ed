import Foundation

/// A named collection of documents with its own index, model and statistics.
public struct KnowledgeBase: Hashable, Sendable {
  public let id: KnowledgeBaseID
  public let name: String
  /// Name of the embedding model, as in the model catalogue, or `KnowledgeBase.noModel` for lexical only.
  public let model: String
  public let createdAt: Date

  public init(id: KnowledgeBaseID, name: String, model: String, createdAt: Date) {
    self.id = id
    self.name = name
    self.model = model
    self.createdAt = createdAt
  }

  /// There from the start, and used where a caller names none.
  public static let defaultName = "default"
  public static let defaultModel = "all-MiniLM-L6-v2"
  public static let noModel = "none"

  /// Checks a name: 1-64 of `a-z 0-9 _ -`, beginning with a letter or digit (it becomes a folder name).
  ///
  /// - Throws: `ValidationError` with code `invalid_kb_name`.
  public static func validate(name: String) throws(ValidationError) {
    let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789_-")
    guard (1...64).contains(name.utf8.count), name.allSatisfy(allowed.contains),
      let first = name.first, first != "_", first != "-"
    else {
      throw ValidationError(
        code: "invalid_kb_name",
        message:
          "A knowledge base name is 1 to 64 of a-z, 0-9, '_' and '-', and begins with a letter or digit.")
    }
  }
}
