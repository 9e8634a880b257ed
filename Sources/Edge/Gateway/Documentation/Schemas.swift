import Domain
import Retrieval

/// The shapes of bodies, as JSON Schema (draft 2020-12, as OpenAPI 3.1 uses it).
///
/// Tests check real responses against them.
enum Schemas {
  static let all: [String: JSONValue] = [
    requests, access, sessions, openAI, integrations, conversations, privacy, webhooks, socket,
  ]
  .reduce(
    responses
  ) {
    all, further in
    all.merging(further.mapValues(Nullability.applied)) { $1 }
  }

  static let string: JSONValue = ["type": "string"]
  static let number: JSONValue = ["type": "number"]
  static let integer: JSONValue = ["type": "integer"]
  static let boolean: JSONValue = ["type": "boolean"]
  static let strings: JSONValue = ["type": "array", "items": string]
  static let rerankPairs: JSONValue = [
    "type": "integer", "minimum": 0, "maximum": .integer(Int64(Reranker.maxPairs)),
  ]
  static let without: JSONValue = [
    "type": "array", "items": string, "maxItems": .integer(Int64(SearchRequest.maxWithout)),
    "description": "External ids of documents that are left out.",
  ]
  static let generation: JSONValue = [
    "type": "integer", "minimum": 0, "description": "A position in the store's history of changes.",
  ]

  static func nullable(_ type: JSONValue) -> JSONValue { ["type": [type, "null"]] }
  static func list(of schema: String) -> JSONValue { ["type": "array", "items": reference(schema)] }
  static func reference(_ schema: String) -> JSONValue { ["$ref": .string("#/components/schemas/" + schema)] }
  static func choice(_ values: [String]) -> JSONValue {
    ["type": "string", "enum": .array(values.map { .string($0) })]
  }

  /// - Parameter required: nil for all of them.
  static func object(_ properties: [String: JSONValue], required: [String]? = nil) -> JSONValue {
    [
      "type": "object", "properties": .object(properties),
      "required": .array((required ?? properties.keys.sorted()).map { .string($0) }),
    ]
  }

  static let status: JSONValue = choice(DocumentStatus.allCases.map(\.rawValue))
  static let date: JSONValue = [
    "type": ["string", "null"],
    "description": "A date, which is its first moment in UTC, or an RFC 3339 time; null clears it.",
  ]
  private static let asOf: JSONValue = [
    "type": ["integer", "string"],
    "description":
      "A generation, a date or an RFC 3339 time: what was found then. Needs a key that sees every document.",
  ]
  private static let publicationDates: [String: JSONValue] = ["publish_at": date, "expires_at": date]
  private static let publication = publicationDates.merging(["status": status]) { $1 }

  private static let requests: [String: JSONValue] = [
    "SearchRequest": object(
      [
        "query": ["type": "string", "maxLength": .integer(Int64(SearchRequest.maxQueryBytes))],
        "kb": ["type": "string", "default": "default"],
        "limit": [
          "type": "integer", "minimum": .integer(Int64(SearchRequest.limits.lowerBound)),
          "maximum": .integer(Int64(SearchRequest.limits.upperBound)),
          "default": .integer(Int64(SearchRequest.defaultLimit)),
        ],
        "mode": choice(SearchMode.allCases.map(\.rawValue)),
        "filter": reference("Filter"),
        "group": choice(SearchGrouping.allCases.map(\.rawValue)),
        "facets": [
          "type": "array", "items": string, "maxItems": .integer(Int64(SearchRequest.maxFacets)),
          "description": "Keys as in a filter.",
        ],
        "history": list(of: "HistoryTurn"), "explain": boolean, "rerank_pairs": rerankPairs,
        "why_not": string, "without": without,
        "min_generation": generation, "as_of": asOf,
      ], required: ["query"]),
    "AnswerRequest": object(
      [
        "question": ["type": "string", "maxLength": .integer(Int64(SearchRequest.maxQueryBytes))],
        "kb": ["type": "string", "default": "default"], "history": list(of: "HistoryTurn"),
        "filter": reference("Filter"), "without": without,
        "conversation_id": string, "rerank_pairs": rerankPairs, "min_generation": generation, "as_of": asOf,
      ], required: ["question"]),
    "VerifyRequest": object(["citations": list(of: "Citation")]),
    "HistoryTurn": object(["role": choice(HistoryTurn.Role.allCases.map(\.rawValue)), "text": string]),
    "Filter": [
      "type": "object",
      "description": """
      Keys: `tags`, `language`, `kind`, `source`, `updated`, `attributes.NAME`. OR within a list, AND between keys. \
      `FROM..TO` is a range of dates, both included; either may be left out.
      """,
      "additionalProperties": ["type": ["string", "array"], "items": string],
    ],
    "DocumentFields": object(
      [
        "title": string, "text": string, "kind": choice(["article", "faq"]),
        "questions": strings, "url": string, "language": string, "tags": strings,
        "attributes": ["type": "object", "additionalProperties": string],
        "visibility": [
          "type": ["string", "array"], "items": string,
          "description": "`public` (the default), `signed_in`, or names of groups.",
        ],
      ].merging(publication) { $1 }, required: ["text"]),
    "PublishDocument": object(publicationDates, required: []),
    "RestoreVersion": object(["version": integer].merging(publication) { $1 }, required: ["version"]),
    "CreateKnowledgeBase": object(["name": string, "model": string], required: ["name"]),
    "SetModel": object(["model": string]),
    "UpdateKnowledgeBase": object(["generated_answers": choice(GenerationPolicy.allCases.map(\.rawValue))]),
    "SearchRules": object(
      [
        "synonyms": [
          "type": "array", "items": string, "maxItems": .integer(Int64(SearchRules.maxSynonyms)),
          "description": "`tv, television` (the same) or `tele => television` (is searched as).",
        ],
        "curations": [
          "type": "array", "maxItems": .integer(Int64(SearchRules.maxCurations)),
          "items": object(
            ["queries": strings, "pinned": strings, "hidden": strings], required: ["queries"]),
        ],
      ], required: []),
  ]

  static let examples = [
    ownExamples, accessExamples, sessionExamples, openAIExamples, integrationExamples, conversationExamples,
    privacyExamples,
    webhookExamples,
  ]
  .reduce(into: [:]) { all, further in all.merge(further) { $1 } }

  private static let ownExamples: [String: JSONValue] = [
    "SearchRequest": [
      "query": "reset my password", "limit": 5, "filter": ["tags": ["account"], "language": "en"],
    ],
    "AnswerRequest": [
      "question": "And for business accounts?",
      "history": [
        ["role": "customer", "text": "How do I change my address?"],
        ["role": "assistant", "text": "Open Settings, then Addresses."],
      ],
    ],
    "DocumentFields": [
      "title": "Change your address", "text": "Open Settings, then Addresses.", "tags": ["account"],
      "language": "en", "attributes": ["product": "app"],
    ],
    "CreateKnowledgeBase": ["name": "handbook"],
    "SetModel": ["model": "bge-small-en-v1.5"],
    "UpdateKnowledgeBase": ["generated_answers": "public"],
    "PublishDocument": ["publish_at": "2027-01-01T08:00:00+01:00", "expires_at": "2027-02-01"],
    "RestoreVersion": ["version": 3, "status": "draft"],
    "SearchRules": [
      "synonyms": ["mfa, two-step verification", "holiday => paid leave"],
      "curations": [["queries": ["opening hours"], "pinned": ["hours.md"], "hidden": ["hours-2024.md"]]],
    ],
  ]
}
