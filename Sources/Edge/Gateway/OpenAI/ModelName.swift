import Domain
import Embedding
import Foundation
import Retrieval

/// What a client of the OpenAI-compatible routes means by `model`.
enum ModelName: Hashable, Sendable {
  /// `frontdesk` is the knowledge base `default`, `frontdesk/NAME` that of a name.
  case knowledgeBase(String)
  /// Of the catalogue.
  case embedder(String)

  private static let own = "frontdesk"

  init(_ text: String) {
    if text == Self.own {
      self = .knowledgeBase(KnowledgeBase.defaultName)
    } else if text.hasPrefix(Self.own + "/") {
      self = .knowledgeBase(String(text.dropFirst(Self.own.count + 1)))
    } else {
      self = .embedder(text)
    }
  }

  var text: String {
    switch self {
    case .knowledgeBase(KnowledgeBase.defaultName): Self.own
    case .knowledgeBase(let name): Self.own + "/" + name
    case .embedder(let name): name
    }
  }
}

extension Problem {
  static func modelNotFound(_ name: String) -> Problem {
    .invalidParameter(
      "model",
      "There is no model '\(name.prefix(100))' here, or this key does not reach it; GET /v1/models lists all.",
      code: "model_not_found")
  }
}

extension Call {
  /// The knowledge base that a model's name means.
  ///
  /// - Throws: `model_not_found`, also where the key does not reach it.
  func knowledgeBase(ofModel name: String) async throws -> KnowledgeBase {
    guard case .knowledgeBase(let kb) = ModelName(name), principal.mayReach(kb: kb),
      let found = try await services.store.knowledgeBase(named: kb)
    else { throw Problem.modelNotFound(name) }
    return found
  }

  /// The embedding model that a name means: itself, or that of a knowledge base.
  ///
  /// - Throws: `model_not_found`, `mode_unavailable` where the knowledge base has none.
  func embedder(ofModel name: String) async throws -> EmbeddingService {
    var model = name
    if case .knowledgeBase = ModelName(name) {
      model = try await knowledgeBase(ofModel: name).model
      guard model != KnowledgeBase.noModel else {
        throw Problem.invalidParameter(
          "model",
          "This knowledge base is searched by words alone; name an embedding model of GET /v1/models.",
          code: "mode_unavailable")
      }
      return try await services.engine.embedders.service(for: model)
    }
    do {
      return try await services.engine.embedders.service(for: model)
    } catch let error as EmbeddingError
      where ["model_unknown", "model_unsuitable", "model_not_installed"].contains(error.code)
    {
      throw Problem.modelNotFound(name)
    }
  }
}

/// Counts what texts are to a model, off the cooperative pool: a text may have megabytes.
enum TokenCount {
  /// - Parameter limit: of ids a text, special tokens included; a longer text counts one more.
  static func counts(of texts: [String], by model: EncoderModel, limit: Int = 1 << 24) async -> [Int] {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .utility).async {
        continuation.resume(
          returning: texts.map { model.tokenizer.encode($0, maxTokens: limit + 1).count })
      }
    }
  }
}
