import Conversation
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

/// Conversations over REST: opened once, then message by message.
extension GatewayRoutes {
  private static let tag = "Conversations"
  private static let member = "/v1/conversations/{conversation}"

  private static let breakGlass = Documentation.Query(
    "X-Break-Glass", .string,
    "Why a conversation that is none of the reader's must be read now: needs `break_glass`, and goes on record."
  )

  static let conversations: [Route] = [
    Route(
      .post, "/v1/conversations", access: .keyed(.converse), lane: .write, body: .json, cost: 2,
      keepsResults: true,
      documentation: Documentation(
        id: "openConversation", tag: tag, summary: "Open a conversation",
        description: """
          In the knowledge base `kb`, with the bot. `customer` is who it is with, by your own id: their conversations \
          are found, handed out and erased by it. A browser's token that names a customer opens for that one alone.
          """,
        request: "OpenConversation", isRequestOptional: true, responses: [201: .json("ConversationResponse")],
        errors: [
          "invalid_json", "invalid_field", "missing_field", "kb_not_found", "customer_restricted",
          "storage_full",
        ])
    ) { call in
      let conversation = try await call.openConversation()
      return .json(
        ["conversation": ConversationView(conversation)], status: .created,
        headers: [.location: "/v1/conversations/" + conversation.id])
    },
    Route(
      .get, PathTemplate(stringLiteral: member), access: .keyed(.readConversations), lane: .read,
      documentation: Documentation(
        id: "getConversation", tag: tag, summary: "Read who holds a conversation",
        description: """
          `status` is `bot`, `waiting`, `agent` or `closed`; `last_seq` the number of its newest message. A customer's \
          token finds that customer's conversations, a key those that were opened with it, a supervisor all.
          """,
        headers: [breakGlass], responses: [200: .json("ConversationResponse")],
        errors: ["conversation_not_found", "customer_restricted", "invalid_field"])
    ) { call in
      let found = try await call.services.conversations.conversation(
        call.conversationID, for: call.principal, breakingGlass: try await call.breaksGlass())
      return .json(["conversation": ConversationView(found)])
    },
    Route(
      .post, PathTemplate(stringLiteral: member + "/messages"), access: .keyed(.converse), lane: .read,
      body: .json, cost: 8,
      documentation: Documentation(
        id: "sendMessage", tag: tag, summary: "Say something, and be answered",
        description: """
          The message is on disk before it is answered from the knowledge base, in the light of what was said before. \
          `client_id` (or the header `Idempotency-Key`) is your own name for it: sent again under the same name it is \
          said once, and its reply comes again. `reply` is null where an agent holds the conversation or is waited for.
          """,
        headers: [.init("Idempotency-Key", .string, "As `client_id`, which comes first.")],
        request: "SendMessage", responses: [200: .json("TurnResponse")],
        errors: [
          "invalid_json", "invalid_field", "missing_field", "conversation_not_found", "conversation_closed",
          "customer_restricted", "message_conflict", "invalid_idempotency_key", "storage_full",
        ])
    ) { call in
      let (text, clientID) = try call.newMessage()
      let turn = try await call.services.conversations.say(
        text, clientID: clientID, in: call.conversationID, for: call.principal
      ) { try await call.answer($0) }
      return .json(TurnView(turn))
    },
    Route(
      .get, PathTemplate(stringLiteral: member + "/messages"), access: .keyed(.readConversations),
      lane: .read,
      documentation: Documentation(
        id: "listMessages", tag: tag, summary: "Read what was said",
        description: """
          Oldest first, numbered from 1 without gaps: ask again with the last `seq` that you have. A message of the \
          author `system` says what the conversation became.
          """,
        query: [
          .init("after", .integer, "The last `seq` that you have; 0 where left out."),
          .init("limit", .integer, "1 to 1,000; 100 where left out."),
        ],
        headers: [breakGlass], responses: [200: .json("MessageList")],
        errors: [
          "conversation_not_found", "customer_restricted", "invalid_parameter", "invalid_limit",
          "invalid_field",
        ])
    ) { call in
      let after = try call.query.integer("after", in: 0...Int.max, code: "invalid_parameter") ?? 0
      let limit = try call.query.integer("limit", in: 1...1000, code: "invalid_limit") ?? 100
      let breaksGlass = try await call.breaksGlass()
      if !breaksGlass { try await call.recordReading() }
      var messages = try await call.services.conversations.messages(
        of: call.conversationID, after: after, limit: limit + 1, for: call.principal,
        breakingGlass: breaksGlass)
      let hasMore = messages.count > limit
      if hasMore { messages.removeLast() }
      return .json(MessageListView(messages: messages.map(MessageView.init), hasMore: hasMore))
    },
    Route(
      .post, PathTemplate(stringLiteral: member + "/close"), access: .keyed(.readConversations), lane: .write,
      documentation: Documentation(
        id: "closeConversation", tag: tag, summary: "End a conversation",
        description:
          "For good: by who speaks in it, by an agent where one holds it or is waited for, or by a supervisor. What was said stays readable.",
        responses: [200: .json("ConversationResponse")], errors: ["conversation_not_found", "storage_full"])
    ) { call in
      let closed = try await call.services.conversations.close(call.conversationID, for: call.principal)
      return .json(["conversation": ConversationView(closed)])
    },
  ]
}

extension Call {
  fileprivate var conversationID: String { PercentEncoding.decode(parameters["conversation"] ?? "") ?? "" }

  /// Puts on record that somebody reads what is not their own.
  fileprivate func recordReading() async throws {
    try await recordReading(of: services.conversations.conversation(conversationID, for: principal))
  }

  func recordReading(of conversation: Conversation) async throws {
    guard !ConversationAccess.maySpeak(in: conversation, principal) else { return }
    try await record("transcript.read", conversation.id)
  }

  /// - Throws: `kb_not_found`, `forbidden`, what is wrong with the body, and what the service throws.
  func openConversation() async throws -> Conversation {
    let wanted = try newConversation()
    guard try await services.store.knowledgeBase(named: wanted.knowledgeBase) != nil else {
      throw Problem.knowledgeBaseNotFound(wanted.knowledgeBase)
    }
    return try await services.conversations.open(wanted)
  }

  /// As `POST /v1/conversations`: under one Idempotency-Key a conversation is opened once.
  ///
  /// - Returns: the conversation, as the route tells it.
  func openConversationOnce() async throws -> JSONValue {
    let handling = IdempotentHandling(route: "POST /v1/conversations") { call in
      .json(["conversation": ConversationView(try await call.openConversation())], status: .created)
    }
    let response = try await handling.respond(to: self)
    return try JSONParser.parse(await CollectedBody.bytes(of: response.body))["conversation"] ?? .null
  }

  /// Whether the caller says why any conversation must be open to them now; put on record, and counted.
  fileprivate func breaksGlass() async throws -> Bool {
    guard let reason = headers[.breakGlass] else { return false }
    try require(.breakGlass)
    guard (8...500).contains(reason.utf8.count) else {
      throw Problem("invalid_field", "X-Break-Glass says why, in 8 to 500 bytes.")
    }
    let found = try await services.conversations.conversation(
      conversationID, for: principal, breakingGlass: true)
    // Nobody may be named in the log, nor for good.
    try await record(
      "transcript.break_glass", found.id + " " + Redactor(maximumLength: 500).redact(reason))
    services.metrics.makeCounter(label: GatewayServices.breakGlassName, dimensions: []).increment(by: 1)
    return true
  }

  private func newConversation() throws -> NewConversation {
    var fields = try body.isEmpty ? FieldReader(body: Data("{}".utf8)) : self.fields()
    let name = fields.knowledgeBase()
    let channel = fields.string("channel", maxBytes: 64) ?? "api"
    if !Self.isChannel(channel) {
      fields.fail("channel", "it may have lower-case letters, digits, '-' and '_', such as 'web'.")
    }
    var customer = fields.object("customer") { $0.customer() }
    try fields.finish()
    try requireReach(name)
    if let named = principal.customer {
      guard customer == nil || customer?.id == named else {
        throw Problem("forbidden", "This token is for another customer.")
      }
      customer = customer ?? Customer(id: named)
    } else if principal.role == .customer, customer != nil {
      throw Problem(
        "forbidden", "This token names no customer: its conversations are with nobody in particular.")
    }
    return NewConversation(
      knowledgeBase: name, channel: channel, customer: customer, opener: principal.actor)
  }

  private static func isChannel(_ text: String) -> Bool {
    !text.isEmpty
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
          UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }

  func newMessage() throws -> (text: String, clientID: String?) {
    var fields = try fields()
    let text = fields.requiredString("text", allowsNUL: true).replacing("\0", with: " ")
    if fields.has("text"), text.allSatisfy(\.isWhitespace) { fields.fail("text", "it is empty.") }
    if text.utf8.count > ConversationService.maxTextBytes {
      fields.fail("text", "it may have at most \(ConversationService.maxTextBytes) bytes.")
    }
    let clientID = fields.string("client_id", maxBytes: ConversationService.maxClientIDBytes)
    if clientID == "" { fields.fail("client_id", "it is empty.") }
    try fields.finish()
    return (text, try clientID ?? IdempotentHandling.key(headers))
  }
}

extension HTTPField.Name {
  fileprivate static let breakGlass = Self("X-Break-Glass")!
}

extension FieldReader {
  fileprivate mutating func customer() -> Customer {
    let id = requiredString("id")
    if has("id"), !(1...256).contains(id.utf8.count) { fail("id", "it may have 1 to 256 bytes.") }
    // A card for an id would stand in every place that names the customer.
    if CardMask.masked(id) != id { fail("id", "it reads like a card number; use an id of your own.") }
    return Customer(
      id: id, locale: string("locale", maxBytes: 64), timeZone: string("time_zone", maxBytes: 64))
  }
}

struct ConversationView: Encodable {
  let conversation: Conversation

  init(_ conversation: Conversation) { self.conversation = conversation }

  enum CodingKeys: String, CodingKey {
    case id, kb, channel, status
    case lastSequence = "last_seq"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(conversation.id, forKey: .id)
    try container.encode(conversation.knowledgeBase, forKey: .kb)
    try container.encode(conversation.channel, forKey: .channel)
    try container.encode(conversation.status, forKey: .status)
    try container.encode(conversation.lastSequence, forKey: .lastSequence)
    try container.encode(Timestamp.text(conversation.createdAt), forKey: .createdAt)
    try container.encode(Timestamp.text(conversation.updatedAt), forKey: .updatedAt)
  }
}

/// One message, over REST and in frames alike.
struct MessageView: Encodable {
  let message: Message

  init(_ message: Message) { self.message = message }

  enum CodingKeys: String, CodingKey {
    case id, seq, author, text, status, reply
    case inReplyTo = "in_reply_to"
    case createdAt = "created_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(message.id, forKey: .id)
    try container.encode(message.sequence, forKey: .seq)
    try container.encode(message.author, forKey: .author)
    try container.encode(message.text, forKey: .text)
    try container.encode(message.status, forKey: .status)
    try container.encode(message.inReplyTo, forKey: .inReplyTo)
    try container.encode(message.answerJSON, forKey: .reply)
    try container.encode(Timestamp.text(message.createdAt), forKey: .createdAt)
  }
}

private struct MessageListView: Encodable {
  let messages: [MessageView]
  let hasMore: Bool
  enum CodingKeys: String, CodingKey {
    case messages
    case hasMore = "has_more"
  }
}

/// What was said, and the answer to it.
struct TurnView: Encodable {
  let turn: Turn

  init(_ turn: Turn) { self.turn = turn }

  private struct Place: Encodable {
    let id: String
    let seq: Int
    init(_ message: Message) { (id, seq) = (message.id, message.sequence) }
    var json: JSONValue { ["id": .string(id), "seq": .integer(Int64(seq))] }
  }
  enum CodingKeys: CodingKey { case message, reply, nlu, handoff }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Place(turn.message), forKey: .message)
    let reply = turn.reply.flatMap { said in
      said.answerJSON?.merging(["message": Place(said).json])
    }
    try container.encode(reply, forKey: .reply)
    // Nothing reads intents yet, and nothing hands over.
    try container.encodeNil(forKey: .nlu)
    try container.encodeNil(forKey: .handoff)
  }
}

extension Message {
  /// As `/v1/answers` gives it; nil for what is no answer.
  fileprivate var answerJSON: JSONValue? { answer.flatMap { try? JSONParser.parse($0) } }
}
