import Foundation

/// What a store does for a change of models; see `ModelSwitch`.
///
/// Vectors are keyed by (model, text), so that everything here may be done twice, and by several processes at once.
public protocol ModelSwitchStore: Sendable {
  /// Knowledge bases with a switch that is not over.
  func modelSwitches() async throws -> [KnowledgeBase: ModelSwitch]
  /// - Returns: nil where none is under way or waits.
  func modelSwitch(of id: KnowledgeBaseID) async throws -> ModelSwitch?
  /// Reads and replaces it in one transaction; leaves no mark in the feed.
  ///
  /// - Parameter change: gets the knowledge base and the time of the store; what it throws is rethrown.
  func updateModelSwitch(
    of id: KnowledgeBaseID,
    _ change: @escaping @Sendable (inout ModelSwitch?, KnowledgeBase, Date) throws -> Void
  ) async throws -> ModelSwitch?
  func modelsInUse(by id: KnowledgeBaseID) async throws -> ModelsInUse

  /// Distinct texts of live chunks, and how many of them have a vector of a model.
  func embeddedTexts(of id: KnowledgeBaseID, model: String) async throws -> (done: Int, total: Int)
  /// Live documents with a text that has no vector of a model, by id.
  ///
  /// - Parameter changedAfter: only those that changed since; zero for all.
  func unembeddedDocuments(
    in id: KnowledgeBaseID, model: String, changedAfter: Generation, after: DocumentID?, limit: Int
  ) async throws -> [UnembeddedDocument]
  /// Sets the new model in one transaction, if every text has its vector; the switch is then `publishing`.
  ///
  /// - Parameters:
  ///   - holder: must still hold the switch, which must still be `embedding`.
  ///   - coveredUntil: documents that did not change since have all their vectors.
  func completeModelSwitch(
    of id: KnowledgeBaseID, holder: String, coveredUntil: Generation
  ) async throws -> ModelSwapOutcome
  /// Removes some of the vectors that no knowledge base uses, in the order of their texts' hashes.
  ///
  /// - Returns: where to go on; nil at the end.
  func removeUnusedVectors(after textHash: Data?, limit: Int) async throws -> Data?
}

public enum ModelSwapOutcome: Hashable, Sendable {
  case set(Generation)
  /// Something was written meanwhile.
  case textsMissing
  /// Another has taken it over, or it was ended.
  case notHeld
}

/// A document as it is stored, to find again the texts that it is embedded by: only their hashes are kept.
public struct UnembeddedDocument: Sendable {
  public struct Chunk: Sendable {
    public let headingPath: [String]
    public let span: ByteSpan
    public let text: String
    /// In the order of `ChunkDraft.embeddedTexts`.
    public let textHashes: [Data]
    public init(headingPath: [String], span: ByteSpan, text: String, textHashes: [Data]) {
      self.headingPath = headingPath
      self.span = span
      self.text = text
      self.textHashes = textHashes
    }
  }

  public let id: DocumentID
  /// What decides on its embedded texts: kind, title, text, questions, language.
  public let content: DocumentContent
  /// By ordinal.
  public let chunks: [Chunk]
  public let missing: Set<Data>
  public init(id: DocumentID, content: DocumentContent, chunks: [Chunk], missing: Set<Data>) {
    self.id = id
    self.content = content
    self.chunks = chunks
    self.missing = missing
  }
}
