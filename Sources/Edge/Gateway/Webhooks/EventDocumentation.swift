import Domain

/// What each type of event tells, for the description of the API.
enum EventDocumentation {
  /// The `webhooks` of OpenAPI 3.1, one of each type.
  static let webhooks: JSONValue = .object(
    Dictionary(
      uniqueKeysWithValues: EventType.allCases.map { ($0.rawValue, ["post": operation($0)]) }))

  private static func operation(_ type: EventType) -> JSONValue {
    let fields = fields(of: type)
    var properties: [String: JSONValue] = [:]
    for (name, kind) in fields { properties[name] = kind }
    return [
      "operationId": .string("on:" + type.rawValue), "summary": .string(summary(of: type)),
      "parameters": .array(
        ["webhook-id", "webhook-timestamp", "webhook-signature"].map { name in
          ["name": .string(name), "in": "header", "required": true, "schema": ["type": "string"]]
        }),
      "requestBody": [
        "required": true,
        "content": [
          "application/json": [
            "schema": Schemas.object([
              "type": ["type": "string", "const": .string(type.rawValue)], "timestamp": Schemas.string,
              "data": Schemas.object(properties),
            ])
          ]
        ],
      ],
      "responses": ["2XX": ["description": "Taken; anything else is tried again."]],
    ]
  }

  private static func summary(of type: EventType) -> String {
    switch type {
    case .documentCreated: "A document was made"
    case .documentUpdated: "A document has another version, or a state that readers do not see"
    case .documentDeleted: "A document was deleted"
    case .documentPurged: "A document was erased"
    case .documentPublished: "An act or a date let readers find a document"
    case .documentUnpublished: "An act or a date took a document from readers"
    case .knowledgeBaseCreated: "A knowledge base was made"
    case .knowledgeBaseDeleted: "A knowledge base was deleted"
    case .modelSwitchFinished: "Searches use a knowledge base's new model"
    case .jobFinished: "A job was done or cancelled"
    case .jobFailed: "A job failed as a whole"
    case .conversationOpened: "A conversation was opened"
    case .conversationChanged: "Another holds a conversation, or it has ended"
    case .messageCreated: "Something was said in a conversation"
    case .accessKeyCreated: "A key was made"
    case .accessKeyRotated: "A key has a new secret"
    case .accessKeyRevoked: "A key was revoked"
    case .webhookTest: "A test was asked for"
    }
  }

  private static let document: [String: JSONValue] = [
    "kb": Schemas.string, "document_id": Schemas.string, "external_id": Schemas.nullable("string"),
  ]

  private static func fields(of type: EventType) -> [String: JSONValue] {
    switch type {
    case .documentCreated, .documentUpdated, .documentPublished, .documentUnpublished:
      document.merging([
        "version": Schemas.integer, "live_version": Schemas.nullable("integer"), "status": Schemas.status,
        "generation": Schemas.integer,
      ]) { $1 }
    case .documentDeleted:
      document.merging(["version": Schemas.integer, "generation": Schemas.integer]) { $1 }
    case .documentPurged: document
    case .knowledgeBaseCreated: ["kb": Schemas.string, "model": Schemas.string]
    case .knowledgeBaseDeleted: ["kb": Schemas.string]
    case .modelSwitchFinished:
      ["kb": Schemas.string, "model": Schemas.string, "previous_model": Schemas.string]
    case .jobFinished, .jobFailed:
      [
        "kb": Schemas.string, "job_id": Schemas.string, "kind": Schemas.string, "state": Schemas.string,
        "done": Schemas.integer, "failed": Schemas.integer, "total": Schemas.integer,
        "error_code": Schemas.nullable("string"),
      ]
    case .conversationOpened:
      ["kb": Schemas.string, "conversation_id": Schemas.string, "channel": Schemas.string]
    case .conversationChanged:
      ["kb": Schemas.string, "conversation_id": Schemas.string, "status": Schemas.string]
    case .messageCreated:
      [
        "kb": Schemas.string, "conversation_id": Schemas.string, "seq": Schemas.integer,
        "author": Schemas.string,
      ]
    case .accessKeyCreated, .accessKeyRotated, .accessKeyRevoked:
      ["key_id": Schemas.string, "role": Schemas.string]
    case .webhookTest: [:]
    }
  }
}
