import Domain
import Foundation
import Retrieval

/// A chat completion that was asked for: the last message of the user is the question, what came before it the
/// history.
struct ChatRequest: Sendable {
  var model = ""
  var question = ""
  var history: [HistoryTurn] = []
  /// Of all messages, as they were sent.
  var texts: [String] = []
  var streams = false
  /// Whether a stream ends with the number of tokens.
  var streamsUsage = false

  static let maxMessages = 2000
}

extension FieldReader {
  /// Members that change nothing here (`temperature`, `max_tokens`, `seed`, `user`, ...) are ignored.
  mutating func chatRequest() -> ChatRequest {
    refuseWhatChatLacks()
    var request = ChatRequest()
    request.model = requiredString("model")
    request.streams = bool("stream") ?? false
    if let options = value("stream_options") {
      switch options["include_usage"] {
      case .bool(let wanted)?: request.streamsUsage = wanted
      case .null?: break
      case nil: if case .object = options { break } else { fallthrough }
      default: fail("stream_options", "it must be an object, its include_usage true or false.")
      }
    }
    if !has("messages") { fail("messages", "it is missing; send a list.", code: "missing_field") }
    let messages =
      objects("messages", code: "invalid_messages", maxCount: ChatRequest.maxMessages) { $0.chatMessage() }
      ?? []
    request.texts = messages.map(\.text)
    guard let last = messages.lastIndex(where: { $0.role == .customer }) else {
      if errors.isEmpty {
        fail("messages", "one of them must be of the role user: the question.", code: "invalid_messages")
      }
      return request
    }
    request.question = messages[last].text
    // What an operator's prompt asks of a model has no bearing on quotes.
    request.history = messages[..<last].compactMap { message in
      message.role.map { HistoryTurn(role: $0, text: message.text.replacing("\0", with: " ")) }
    }.suffix(SearchRequest.maxHistoryTurns)
    return request
  }

  private mutating func chatMessage() -> (role: HistoryTurn.Role?, text: String) {
    let code = "invalid_messages"
    let role: HistoryTurn.Role?
    switch string("role", code: code, maxBytes: 64) {
    case "user": role = .customer
    case "assistant": role = .assistant
    case "system", "developer": role = nil
    case nil:
      fail("role", "it is missing.", code: code)
      role = nil
    default:
      fail("role", "it must be system, developer, user or assistant; there are no tools here.", code: code)
      role = nil
    }
    switch value("content") {
    case .string(let text): return (role, text)
    case .array(let parts):
      var text: [String] = []
      for (index, part) in parts.enumerated() {
        guard part["type"] == "text", case .string(let piece)? = part["text"] else {
          fail("content[\(index)]", "it must be of the type text; nothing else is read here.", code: code)
          continue
        }
        text.append(piece)
      }
      return (role, text.joined(separator: "\n"))
    case nil where role == .assistant: return (role, "")
    default:
      fail("content", "it must be a string, or a list of parts of the type text.", code: code)
      return (role, "")
    }
  }

  /// What would come out otherwise than the client relies on is refused, not passed over.
  private mutating func refuseWhatChatLacks() {
    let code = "unsupported_parameter"
    if let count = value("n"), count != 1, count != .number(1) {
      fail("n", "there is one answer to a question; leave it out or send 1.", code: code)
    }
    for field in ["tools", "functions"] where has(field) && value(field) != .array([]) {
      fail(field, "answers are quotes of documents and call nothing; leave it out.", code: code)
    }
    if let format = value("response_format"), format["type"] != "text" {
      fail("response_format", "answers are plain text; leave it out.", code: code)
    }
    if value("logprobs") == .bool(true) || has("top_logprobs") {
      fail("logprobs", "nothing is sampled here; leave it out.", code: code)
    }
    if has("audio") || (has("modalities") && value("modalities") != .array(["text"])) {
      fail("modalities", "answers are text; leave it out.", code: code)
    }
  }
}
