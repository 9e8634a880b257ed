import Conversation
import Domain

/// Conversations and what is said in them.
extension Schemas {
  static let conversations: [String: JSONValue] = [
    "OpenConversation": object(
      [
        "kb": string,
        "channel": [
          "type": "string", "maxLength": 64, "pattern": "^[a-z0-9_-]+$", "default": "api",
          "description": "Where it is held.",
        ],
        "customer": object(
          [
            "id": ["type": "string", "minLength": 1, "maxLength": 256, "description": "Your own."],
            "locale": ["type": ["string", "null"], "maxLength": 64, "description": "BCP 47."],
            "time_zone": ["type": ["string", "null"], "maxLength": 64, "description": "IANA."],
          ], required: ["id"]),
      ], required: []),
    "Conversation": object([
      "id": string, "kb": string, "channel": string,
      "status": choice(Conversation.Status.allCases.map(\.rawValue)),
      "last_seq": integer, "created_at": string, "updated_at": string,
    ]),
    "ConversationResponse": object(["conversation": reference("Conversation")]),
    "SendMessage": object(
      [
        "text": [
          "type": "string", "minLength": 1, "maxLength": .integer(Int64(ConversationService.maxTextBytes)),
        ],
        "client_id": [
          "type": ["string", "null"], "minLength": 1,
          "maxLength": .integer(Int64(ConversationService.maxClientIDBytes)),
          "description": "Your own name for the message, within its conversation.",
        ],
      ], required: ["text"]),
    "Message": object([
      "id": string, "seq": integer, "author": choice(Message.Author.allCases.map(\.rawValue)), "text": string,
      "status": ["type": ["string", "null"]], "in_reply_to": ["type": ["integer", "null"]],
      "reply": ["type": ["object", "null"], "description": "What a bot's message was made from."],
      "created_at": string,
    ]),
    "MessageList": object(["messages": list(of: "Message"), "has_more": boolean]),
    "TurnResponse": object([
      "message": object(["id": string, "seq": integer]),
      "reply": [
        "type": ["object", "null"],
        "description": "An AnswerResponse, with the `message` that it stands in.",
      ],
      "nlu": ["type": "null", "description": "Nothing reads intents yet."],
      "handoff": ["type": "null", "description": "Nothing hands over yet."],
    ]),
  ]

  static let conversationExamples: [String: JSONValue] = [
    "OpenConversation": [
      "kb": "default", "channel": "web", "customer": ["id": "c-1042", "locale": "en-GB"],
    ],
    "SendMessage": [
      "text": "How long do returns take?", "client_id": "1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed",
    ],
  ]
}
