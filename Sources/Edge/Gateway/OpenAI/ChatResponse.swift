import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Retrieval

/// Tokens of a request and its answer by the tokenizer of the knowledge base's own model.
struct TokenUsage: Encodable, Sendable {
  let prompt: Int
  let completion: Int?

  enum CodingKeys: String, CodingKey {
    case prompt = "prompt_tokens"
    case completion = "completion_tokens"
    case total = "total_tokens"
  }
  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(prompt, forKey: .prompt)
    try container.encodeIfPresent(completion, forKey: .completion)
    try container.encode(prompt + (completion ?? 0), forKey: .total)
  }
}

/// What an answer has that a chat completion has no place for.
private struct AnswerDetails: Encodable, Sendable {
  let kind: Answer.Kind
  let confidence: Double
  let suggestions: [Suggestion]
  let generation: Int64

  init(_ response: AnswerResponse) {
    kind = response.answer.kind
    confidence = response.answer.confidence
    suggestions = response.suggestions
    generation = response.generation.rawValue
  }
}

/// An answer as a chat completion, whole or in parts.
struct ChatCompletion: Sendable {
  let id: String
  let created: Int
  let model: String
  let answer: AnswerResponse
  /// Nil where the knowledge base has no model to count by: a number would be made up.
  let usage: TokenUsage?

  func response() -> Response { .json(Whole(self)) }

  /// Chunks as server-sent events, the last of them `[DONE]`. The answer is complete before the first is sent: an
  /// error would have been told by the status.
  func stream(usage wantsUsage: Bool) -> Response {
    var chunks = [Chunk(self, delta: .init(role: "assistant", content: ""))]
    chunks += AnswerEvents.parts(of: answer.answer.text).map { Chunk(self, delta: .init(content: $0)) }
    chunks.append(Chunk(self, delta: .init(), finishReason: "stop", isLast: true))
    var texts = chunks.map(JSONText.data)
    if wantsUsage { texts.append(JSONText.data(Chunk(usageOf: self))) }
    texts.append(Data("[DONE]".utf8))
    let events = texts.map { text in
      var buffer = ByteBuffer(string: "data: ")
      buffer.writeBytes(text)
      buffer.writeString("\n\n")
      return buffer
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: ResponseBody { writer in
        for event in events { try await writer.write(event) }
        try await writer.finish(nil)
      })
  }

  private struct Whole: Encodable {
    struct Message: Encodable {
      let role = "assistant"
      let content: String
    }
    struct Choice: Encodable {
      let index = 0
      let message: Message
      let finishReason = "stop"
      enum CodingKeys: String, CodingKey {
        case index, message
        case finishReason = "finish_reason"
      }
    }
    let id: String
    let object = "chat.completion"
    let created: Int
    let model: String
    let choices: [Choice]
    let usage: TokenUsage?
    let citations: [Citation]
    let frontdesk: AnswerDetails

    init(_ completion: ChatCompletion) {
      id = completion.id
      created = completion.created
      model = completion.model
      choices = [Choice(message: Message(content: completion.answer.answer.text))]
      usage = completion.usage
      citations = completion.answer.citations
      frontdesk = AnswerDetails(completion.answer)
    }

    enum CodingKeys: CodingKey { case id, object, created, model, choices, usage, citations, frontdesk }
  }

  private struct Chunk: Encodable {
    struct Delta: Encodable {
      var role: String?
      var content: String?
    }
    struct Choice: Encodable {
      let delta: Delta
      let finishReason: String?
      enum CodingKeys: String, CodingKey {
        case index, delta
        case finishReason = "finish_reason"
      }
      // Null is said, not left out: clients look for it.
      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(0, forKey: .index)
        try container.encode(delta, forKey: .delta)
        try container.encode(finishReason, forKey: .finishReason)
      }
    }
    let id: String
    let object = "chat.completion.chunk"
    let created: Int
    let model: String
    let choices: [Choice]
    var usage: TokenUsage?
    var citations: [Citation]?
    var frontdesk: AnswerDetails?

    init(
      _ completion: ChatCompletion, delta: Delta, finishReason: String? = nil, isLast: Bool = false
    ) {
      self.init(completion, choices: [Choice(delta: delta, finishReason: finishReason)])
      guard isLast else { return }
      citations = completion.answer.citations
      frontdesk = AnswerDetails(completion.answer)
    }

    init(usageOf completion: ChatCompletion) {
      self.init(completion, choices: [])
      usage = completion.usage
    }

    private init(_ completion: ChatCompletion, choices: [Choice]) {
      id = completion.id
      created = completion.created
      model = completion.model
      self.choices = choices
    }

    enum CodingKeys: CodingKey { case id, object, created, model, choices, usage, citations, frontdesk }
  }
}
