import Domain
import Embedding
import Foundation
import HTTPTypes
import Hummingbird
import Retrieval

/// The part of OpenAI's interface that existing clients need to ask, to embed and to see what there is.
extension GatewayRoutes {
  private static let tag = "OpenAI-compatible"

  static let openAI: [Route] = [
    Route(
      .post, "/v1/chat/completions", access: .read(.ask), lane: .read, body: .json, cost: 8,
      errorShape: .openAI,
      documentation: Documentation(
        id: "createChatCompletion", tag: tag, summary: "Answer the last message of a chat",
        description: """
          `model` is `frontdesk` for the knowledge base `default`, or `frontdesk/NAME`. The last message of the user \
          is the question, earlier ones of the user and the assistant are the history; those of the system change \
          nothing, since answers are quotes, or worded so that they say nothing else. `citations` prove the answer as those of `/v1/answers` do; \
          `frontdesk.kind` is `abstain` where there is none, and the text says so. With `stream` come chunks as \
          server-sent events, the last one with `citations`, then `data: [DONE]`. `usage` counts tokens of the \
          messages and of the answer by the tokenizer of the knowledge base's model, and is left out where it has \
          none. `temperature`, `max_tokens` and other parameters of sampling are ignored; tools, `n` above 1 and \
          formats other than text are refused.
          """,
        request: "ChatCompletionRequest", responses: [200: .jsonOrEvents("ChatCompletion")],
        errors: [
          "invalid_json", "missing_field", "invalid_field", "invalid_messages", "unsupported_parameter",
          "query_empty", "query_too_long", "model_not_found", "unsupported_type",
        ])
    ) { call in
      var fields = try call.fields()
      let chat = fields.chatRequest()
      try fields.finish()
      let knowledgeBase = try await call.knowledgeBase(ofModel: chat.model)
      let answer = try await call.answerAsItForms(
        AnswerRequest(
          question: chat.question, knowledgeBase: knowledgeBase.name, history: chat.history,
          viewer: call.principal.viewer))
      let completion = ChatCompletion(
        id: "chatcmpl-" + call.requestID, created: Int(Date().timeIntervalSince1970), model: chat.model
      ) { await call.usage(of: chat, $0.answer.text, by: knowledgeBase.model) }
      guard chat.streams else { return await completion.response(try await answer.finished { _ in }) }
      return answer.response(
        as: ChatCompletionEvents(completion: completion, tellsUsage: chat.streamsUsage), vary: false)
    },
    Route(
      .post, "/v1/embeddings", access: .read(.embed), lane: .read, body: .json, cost: 8, errorShape: .openAI,
      documentation: Documentation(
        id: "createEmbeddings", tag: tag, summary: "Embed texts",
        description: """
          `model` is an embedding model of `/v1/models`, or a knowledge base for the model that it has. A text may \
          have as many tokens as the model reads, and is refused with `input_too_long` if it has more, unless \
          `truncate` is true; all texts together at most 32,768. `input_type` is `passage`, or `query` for the \
          question's side of a search, which some models embed otherwise. `dimensions` can only be what the model \
          has.
          """,
        request: "EmbeddingRequest", responses: [200: .json("EmbeddingList")],
        errors: [
          "invalid_json", "missing_field", "invalid_field", "input_too_long", "mode_unavailable",
          "model_not_found", "model_not_installed", "unsupported_type",
        ])
    ) { call in
      var fields = try call.fields()
      let request = fields.embeddingRequest()
      try fields.finish()
      let service = try await call.embedder(ofModel: request.model)
      let (vectors, tokens) = try await request.vectors(by: service)
      return .json(
        EmbeddingList(
          data: vectors.enumerated().map { index, vector in
            .init(index: index, embedding: .init(vector, as: request.encoding))
          }, model: request.model, usage: TokenUsage(prompt: tokens, completion: nil)))
    },
    Route(
      .get, "/v1/models", access: .read(.search), lane: .read, errorShape: .openAI,
      documentation: Documentation(
        id: "listModels", tag: tag, summary: "List what can be named as a model",
        description:
          "The knowledge bases that the key reaches, for chat, and the embedding models that are installed.",
        responses: [200: .json("ModelList")], errors: [])
    ) { call in
      .json(ModelListView(data: try await call.models()))
    },
    Route(
      .get, "/v1/models/{model}", access: .read(.search), lane: .read, errorShape: .openAI,
      documentation: Documentation(
        id: "getModel", tag: tag, summary: "Read one of them",
        description: "The slash of `frontdesk/NAME` is written `%2F`.",
        responses: [200: .json("Model")], errors: ["model_not_found"])
    ) { call in
      let raw = call.parameters["model"] ?? ""
      let name = PercentEncoding.decode(raw) ?? String(raw)
      guard let found = try await call.models().first(where: { $0.id == name }) else {
        throw Problem.modelNotFound(name)
      }
      return .json(found)
    },
  ]
}

extension Call {
  fileprivate func models() async throws -> [ModelView] {
    let knowledgeBases = try await services.store.knowledgeBases()
      .filter { principal.mayReach(kb: $0.name) }
      .sorted { $0.name < $1.name }
      .map { found in
        ModelView(
          id: ModelName.knowledgeBase(found.name).text, created: Int(found.createdAt.timeIntervalSince1970),
          kind: .knowledgeBase, dimensions: nil)
      }
    let embedders = await services.engine.embedders.installed()
      .map { ModelView(id: $0.name, created: 0, kind: .embedding, dimensions: $0.dimension) }
    return knowledgeBases + embedders
  }

  /// - Returns: nil where there is no model to count by.
  fileprivate func usage(of chat: ChatRequest, _ answer: String, by model: String) async -> TokenUsage? {
    guard model != KnowledgeBase.noModel,
      let service = try? await services.engine.embedders.service(for: model)
    else { return nil }
    // Without the two special tokens that stand around every text.
    let counts = await TokenCount.counts(of: chat.texts + [answer], by: service.model).map { max(0, $0 - 2) }
    return TokenUsage(prompt: counts.dropLast().reduce(0, +), completion: counts.last ?? 0)
  }
}

private struct ModelView: Encodable {
  enum Kind: String, Encodable {
    case knowledgeBase = "knowledge_base"
    case embedding
  }
  let id: String
  let object = "model"
  /// Seconds since 1970; 0 where it is not known.
  let created: Int
  let ownedBy = "frontdesk"
  let kind: Kind
  let dimensions: Int?

  enum CodingKeys: String, CodingKey {
    case id, object, created, kind, dimensions
    case ownedBy = "owned_by"
  }
}

private struct ModelListView: Encodable {
  let object = "list"
  let data: [ModelView]
  enum CodingKeys: CodingKey { case object, data }
}
