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
  /// Nil where the knowledge base has no model to count by: a number would be made up.
  let usage: @Sendable (AnswerResponse) async -> TokenUsage?

  func response(_ answer: AnswerResponse) async -> Response {
    .json(Whole(self, answer, await usage(answer)))
  }

  fileprivate struct Whole: Encodable {
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

    init(_ completion: ChatCompletion, _ answer: AnswerResponse, _ usage: TokenUsage?) {
      id = completion.id
      created = completion.created
      model = completion.model
      choices = [Choice(message: Message(content: answer.answer.text))]
      self.usage = usage
      citations = answer.citations
      frontdesk = AnswerDetails(answer)
    }

    enum CodingKeys: CodingKey { case id, object, created, model, choices, usage, citations, frontdesk }
  }

  fileprivate struct Chunk: Encodable {
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

    init(_ completion: ChatCompletion, delta: Delta) {
      self.init(completion, choices: [Choice(delta: delta, finishReason: nil)])
    }

    init(_ completion: ChatCompletion, endOf answer: AnswerResponse) {
      self.init(completion, choices: [Choice(delta: Delta(), finishReason: "stop")])
      citations = answer.citations
      frontdesk = AnswerDetails(answer)
    }

    init(_ completion: ChatCompletion, usage: TokenUsage?) {
      self.init(completion, choices: [])
      self.usage = usage
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

/// Chunks as server-sent events, the last of them `[DONE]`. What may be refused was before the first is sent: an error
/// would have been told by the status.
struct ChatCompletionEvents: AnswerEventForm {
  let completion: ChatCompletion
  let tellsUsage: Bool

  var opening: [ByteBuffer] {
    [
      Self.event(
        JSONText.data(ChatCompletion.Chunk(completion, delta: .init(role: "assistant", content: ""))))
    ]
  }

  func part(_ text: String) -> ByteBuffer {
    Self.event(JSONText.data(ChatCompletion.Chunk(completion, delta: .init(content: text))))
  }

  func closing(_ answer: AnswerResponse) async -> [ByteBuffer] {
    var texts = [JSONText.data(ChatCompletion.Chunk(completion, endOf: answer))]
    if tellsUsage {
      texts.append(JSONText.data(ChatCompletion.Chunk(completion, usage: await completion.usage(answer))))
    }
    texts.append(Data("[DONE]".utf8))
    return texts.map(Self.event)
  }

  private static func event(_ text: Data) -> ByteBuffer {
    var buffer = ByteBuffer(string: "data: ")
    buffer.writeBytes(text)
    buffer.writeString("\n\n")
    return buffer
  }
}
