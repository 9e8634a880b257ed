import Domain
import Embedding
import Foundation
import Retrieval

/// Changes the embedding model of a knowledge base while it is searched.
///
/// Asked for -> every stored text gets a vector of the new model -> the model is set -> indexes follow -> vectors that
/// nobody uses go. Each step may be ended at any time and goes on where it was, in this process or another
/// (`tools/adr/0015`). Safe to call from any task.
public struct ModelSwitcher: Sendable {
  public struct Options: Sendable {
    /// How long a holder that says nothing is believed to be alive.
    public var lease: Duration = .seconds(10)
    /// Texts of one call of the model and one transaction.
    public var textsPerStep = 64
    /// Vectors looked at in one transaction.
    public var vectorsPerStep = 512
    public init() {}
  }

  let store: any DocumentStore
  let embedders: EmbedderRegistry
  let indexes: IndexRegistry
  let texts: EmbeddedTexts
  let options: Options
  /// Tells whoever works on a switch from others.
  let holder = UUID().uuidString

  public init(
    store: any DocumentStore, embedders: EmbedderRegistry, indexes: IndexRegistry, tokens: TokenCounter,
    options: Options = Options()
  ) {
    self.store = store
    self.embedders = embedders
    self.indexes = indexes
    self.texts = EmbeddedTexts(tokens: tokens)
    self.options = options
  }

  /// What asking for a model came to.
  public enum Request: Sendable {
    /// It has this model, and no switch is under way.
    case unchanged
    case underWay(ModelSwitch)
  }

  /// Asks for a model; whoever serves the knowledge base then carries it out.
  ///
  /// The one that a switch leads to goes on with it; the one in force ends it.
  ///
  /// - Parameter carryingOut: takes it on at once, before anyone else does, where nobody has; see `carryOut`.
  /// - Throws: `model_unknown`, `model_unsuitable`, `model_not_installed`, `model_corrupt`, `kb_not_found`,
  ///   `switch_in_progress`.
  public func request(
    _ model: String, for knowledgeBase: KnowledgeBase, carryingOut: Bool = false
  ) async throws -> Request {
    if model != KnowledgeBase.noModel {
      try Self.check(try ModelCatalogue.specification(named: model))
      _ = try await embedders.service(for: model)
    }
    let (holder, lease) = (holder, options.lease)
    let asked = try await store.updateModelSwitch(of: knowledgeBase.id) { current, knowledgeBase, now in
      try Self.request(model, for: knowledgeBase, &current, now: now)
      if carryingOut { _ = current?.take(by: holder, until: now + lease.timeInterval, now: now) }
    }
    return asked.map(Request.underWay) ?? .unchanged
  }

  static func request(
    _ model: String, for knowledgeBase: KnowledgeBase, _ current: inout ModelSwitch?, now: Date
  ) throws {
    guard var found = current else {
      guard model != knowledgeBase.model else { return }
      current = ModelSwitch(from: knowledgeBase.model, to: model, startedAt: now)
      return
    }
    switch found.state {
    case .embedding, .stopped, .failed:
      if model == found.model {
        found.state = .embedding
        found.error = nil
      } else if model == knowledgeBase.model {
        // It stays as it is: what was embedded for the other model goes.
        found = ModelSwitch(from: found.model, to: model, startedAt: now)
        found.state = .clearing
      } else if found.state == .embedding {
        throw KnowledgeError.switchInProgress(knowledgeBase, found)
      } else {
        found = ModelSwitch(from: knowledgeBase.model, to: model, startedAt: now)
      }
    case .publishing, .clearing:
      guard model == found.model else { throw KnowledgeError.switchInProgress(knowledgeBase, found) }
    }
    current = found
  }

  /// Chunks are cut to what a model of 256 tokens reads, whatever the active one, so that a switch re-cuts nothing.
  ///
  /// - Throws: `model_unsuitable`.
  static func check(_ specification: ModelSpecification) throws {
    guard specification.isEmbedder else {
      throw KnowledgeError(
        .modelUnsuitable,
        "The model '\(specification.name)' compares two texts. To search by: "
          + ModelCatalogue.embedders.map(\.name).joined(separator: ", ") + ", or none.")
    }
    guard specification.maxTokens >= Chunker.maxEmbeddedTokens + 2 else {
      throw KnowledgeError(
        .modelUnsuitable,
        "The model '\(specification.name)' reads \(specification.maxTokens) tokens, and passages are up to "
          + "\(Chunker.maxEmbeddedTokens + 2) long: it would miss their ends.")
    }
  }
}
