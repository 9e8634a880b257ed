import Conversation
import Domain

/// The frames of WebSockets (`/v1/ws`), which no request or response holds.
extension Schemas {
  private static func frame(_ type: String, _ members: [String: JSONValue], optional: [String] = [])
    -> JSONValue
  {
    var all = members
    all["type"] = ["const": .string(type)]
    return object(all, required: all.keys.filter { !optional.contains($0) }.sorted())
  }

  private static let ownID: JSONValue = [
    "type": "string", "maxLength": .integer(Int64(SocketRequest.maxIDBytes)),
    "description": "The client's own name for its frame; the answer carries it.",
  ]
  private static let clientID: JSONValue = [
    "type": "string", "minLength": 1, "maxLength": .integer(Int64(ConversationService.maxClientIDBytes)),
  ]

  static let socket: [String: JSONValue] = [
    "SocketClientFrame": [
      "description": "What a client sends over /v1/ws: one JSON object a text frame.",
      "anyOf": [
        frame(
          "open",
          [
            "id": ownID, "client_id": clientID, "kb": string, "channel": string,
            "customer": ["type": "object"],
          ], optional: ["id", "client_id", "kb", "channel", "customer"]),
        frame(
          "subscribe", ["id": ownID, "conversation_id": string, "after": integer], optional: ["id", "after"]),
        frame("unsubscribe", ["id": ownID, "conversation_id": string], optional: ["id"]),
        frame(
          "message", ["id": ownID, "conversation_id": string, "client_id": clientID, "text": string],
          optional: ["id"]),
        frame("ping", ["id": ownID], optional: ["id"]),
      ],
    ],
    "SocketServerFrame": [
      "description": "What the server sends over /v1/ws; members that are not named here may come.",
      "anyOf": [
        frame("welcome", ["session": string, "heartbeat_seconds": integer, "limits": ["type": "object"]]),
        frame("opened", ["id": ownID, "conversation": reference("Conversation")], optional: ["id"]),
        frame(
          "subscribed", ["id": ownID, "conversation": reference("Conversation"), "after": integer],
          optional: ["id"]),
        frame(
          "unsubscribed", ["id": ownID, "conversation_id": string, "reason": ["type": "object"]],
          optional: ["id", "reason"]),
        frame("message", ["conversation_id": string, "message": reference("Message")]),
        frame(
          "ack", ["id": ownID, "conversation_id": string, "client_id": string, "seq": integer],
          optional: ["id"]),
        frame(
          "reply",
          [
            "id": ownID, "conversation_id": string, "client_id": string, "in_reply_to": integer,
            "seq": ["type": ["integer", "null"]],
          ], optional: ["id"]),
        frame(
          "error",
          [
            "id": ownID, "conversation_id": string, "client_id": string, "about": string, "code": string,
            "title": string, "message": string, "retry_after": integer,
            "errors": ["type": "array", "items": ["type": "object"]],
          ], optional: ["id", "conversation_id", "client_id", "about", "retry_after"]),
        frame("pong", ["id": ownID], optional: ["id"]),
        frame("going_away", ["retry_after": integer]),
      ],
    ],
  ]
}
