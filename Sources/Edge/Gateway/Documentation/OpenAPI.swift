import Domain
import Foundation
import Security

/// Writes the routes down as an OpenAPI 3.1 document.
enum OpenAPI {
  static func document(of routes: [Route], version: String) -> JSONValue {
    var paths: [String: JSONValue] = [:]
    for route in routes {
      let operation: [String: JSONValue] = [route.method.rawValue.lowercased(): operation(route)]
      paths[route.path.description] = (paths[route.path.description] ?? [:]).merging(operation)
    }
    return [
      "openapi": "3.1.0",
      "info": [
        "title": "Frontdesk", "version": .string(version),
        "description": "Answers a company's customers from its own knowledge base, with citations.",
        "license": ["name": "See the LICENSE file of the source"],
      ],
      "servers": [["url": "/"]],
      "paths": .object(paths),
      "webhooks": EventDocumentation.webhooks,
      "components": [
        "schemas": .object(Schemas.all),
        "securitySchemes": [
          "key": [
            "type": "http", "scheme": "bearer",
            "description": "An API key, the owner's key, or a browser's token.",
          ],
          "session": [
            "type": "apiKey", "in": "cookie", "name": "__Host-frontdesk_session",
            "description":
              "Set by signing in at /v1/session/login. What is no GET needs X-CSRF-Token besides.",
          ],
        ],
      ],
    ]
  }

  private static func operation(_ route: Route) -> JSONValue {
    let documentation = route.documentation
    var operation: [String: JSONValue] = [
      "operationId": .string(documentation.id), "summary": .string(documentation.summary),
      "tags": [.string(documentation.tag)], "responses": .object(responses(route)),
      "security": security(route.access),
    ]
    operation.merge(roles(route.access)) { $1 }
    if !documentation.description.isEmpty { operation["description"] = .string(documentation.description) }
    if route.upgrades {
      operation["x-frontdesk-frames"] = [
        "client": reference("SocketClientFrame"), "server": reference("SocketServerFrame"),
      ]
    }
    let parameters = parameters(route)
    if !parameters.isEmpty { operation["parameters"] = .array(parameters) }
    if let request = documentation.request {
      var content = Dictionary(
        documentation.requestTypes.map { ($0, media(request)) }, uniquingKeysWith: { first, _ in first })
      if documentation.acceptsFiles {
        content["*/*"] = ["schema": ["description": "A file of any supported type."]]
      }
      operation["requestBody"] = [
        "required": .bool(!documentation.isRequestOptional), "content": .object(content),
      ]
    }
    return .object(operation)
  }

  private static func security(_ requirement: Authenticator.Requirement) -> JSONValue {
    switch requirement {
    case .open: []
    // Without any key set, reads from the machine itself need none.
    case .read: [["key": []], ["session": []], [:]]
    case .keyed: [["key": []], ["session": []]]
    case .session: [["session": []]]
    }
  }

  /// Who may call it, from the table of `Permission.swift`: roles, and roles that may where a key's scopes say so.
  private static func roles(_ requirement: Authenticator.Requirement) -> [String: JSONValue] {
    func names(_ roles: [AccessKey.Role]) -> JSONValue { .array(roles.map { .string($0.rawValue) }) }
    guard let permission = requirement.permission else {
      return ["x-frontdesk-permission": .null, "x-frontdesk-roles": names(AccessKey.Role.allCases)]
    }
    var members: [String: JSONValue] = [
      "x-frontdesk-permission": .string(permission.rawValue),
      "x-frontdesk-roles": names(AccessKey.Role.having(permission)),
    ]
    let onRequest = AccessKey.Role.havingOnRequest(permission)
    if !onRequest.isEmpty { members["x-frontdesk-roles-on-request"] = names(onRequest) }
    return members
  }
  private static let pathDescriptions = [
    "kb": "Name of the knowledge base.", "external_id": "Your own id, percent-encoded: 1 to 1,024 bytes.",
    "job": "Id of a job.", "webhook": "Id of a webhook.", "delivery": "Id of a delivery.",
    "model": "As the list names it, percent-encoded.", "id": "Id of the key.",
    "session": "Id of the session.",
  ]
  private static let pathExamples = [
    "kb": "default", "external_id": "doc-1", "model": "frontdesk",
    "job": "0b7c9a52-6f3e-4a39-9d55-0c3f5d0d8a11",
  ]

  private static func parameters(_ route: Route) -> [JSONValue] {
    let path: [JSONValue] = route.path.names.map { name in
      [
        "name": .string(name), "in": "path", "required": true, "schema": ["type": "string", "minLength": 1],
        "example": .string(pathExamples[name] ?? "x"),
        "description": .string(
          pathDescriptions[name] ?? ""),
      ]
    }
    func described(_ parameters: [Documentation.Query], in place: JSONValue) -> [JSONValue] {
      parameters.map { parameter in
        [
          "name": .string(parameter.name), "in": place, "required": false,
          "schema": ["type": .string(parameter.kind.rawValue)], "description": .string(parameter.description),
        ]
      }
    }
    let query = described(route.documentation.query, in: "query")
    let headers = described(route.documentation.headers, in: "header")
    return path + query + headers + (route.keepsResults ? [idempotencyKey] : [])
  }

  private static let idempotencyKey: JSONValue = [
    "name": "Idempotency-Key", "in": "header", "required": false,
    "schema": [
      "type": "string", "minLength": 1, "maxLength": .integer(Int64(IdempotentHandling.maxKeyBytes)),
    ],
    "description": .string(IdempotentHandling.description),
  ]

  private static func responses(_ route: Route) -> [String: JSONValue] {
    var responses: [String: JSONValue] = [:]
    for (status, response) in route.documentation.responses {
      responses[String(status)] = success(response)
    }
    for (status, codes) in problems(route) {
      let description = JSONValue.string(codes.map { "`\($0)`" }.joined(separator: ", "))
      responses[String(status)] =
        switch route.errorShape {
        case .problem, .page:
          [
            "description": description,
            "content": ["application/problem+json": ["schema": reference("Problem")]],
          ]
        case .openAI:
          [
            "description": description, "content": ["application/json": ["schema": reference("OpenAIError")]],
          ]
        }
    }
    return responses
  }

  /// Codes by status, sorted.
  private static func problems(_ route: Route) -> [Int: [String]] {
    var codes = Set(route.documentation.errors)
    if route.access != .open {
      codes.formUnion(["unauthorized", "forbidden"])
      if route.method != .get { codes.insert("csrf_refused") }
    }
    if route.lane != .direct { codes.formUnion(["overloaded", "request_timeout", "internal"]) }
    if route.body != .none { codes.insert("too_large") }
    if route.keepsResults {
      codes.formUnion(IdempotentHandling.errors)
    }
    return Dictionary(grouping: codes.sorted()) { ErrorTable.row($0).status }
  }

  private static func success(_ response: Documentation.Response) -> JSONValue {
    switch response {
    case .json(let schema):
      ["description": "Done", "content": ["application/json": media(schema)]]
    case .jsonOrText(let schema):
      [
        "description": "Done",
        "content": ["application/json": media(schema), "text/plain": ["schema": ["type": "string"]]],
      ]
    case .jsonOrEvents(let schema):
      [
        "description": "Done",
        "content": [
          "application/json": media(schema),
          "text/event-stream": ["schema": ["type": "object", "description": "One event, its data as JSON."]],
        ],
      ]
    case .text(let description):
      ["description": .string(description), "content": ["text/plain": ["schema": ["type": "string"]]]]
    case .lines(let schema):
      ["description": "One of these a line", "content": ["application/x-ndjson": media(schema)]]
    case .html(let description):
      ["description": .string(description), "content": ["text/html": ["schema": ["type": "string"]]]]
    case .empty(let description):
      ["description": .string(description)]
    }
  }

  private static func media(_ schema: String) -> JSONValue {
    var media: [String: JSONValue] = ["schema": reference(schema)]
    if let example = Schemas.examples[schema] { media["example"] = example }
    return .object(media)
  }

  private static func reference(_ schema: String) -> JSONValue {
    ["$ref": .string("#/components/schemas/" + schema)]
  }
}
