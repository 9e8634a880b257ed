extension Schemas {
  /// Bodies of the routes for other programs.
  static let integrations: [String: JSONValue] = [
    "JSONRPCMessage": [
      "type": ["object", "array"], "description": "A message of JSON-RPC 2.0, or a batch of them.",
    ],
    "IngestURL": object(
      [
        "url": [
          "type": "string", "maxLength": .integer(Int64(WebAddress.maxBytes)),
          "description": "http or https, of a host that the server's settings name.",
        ],
        "external_id": string,
        "visibility": ["type": ["string", "array"], "items": string], "status": status, "publish_at": date,
        "expires_at": date,
      ], required: ["url"]),
    "DocumentPatch": [
      "type": "object", "description": "Fields of a document; null takes one away.",
      "properties": [
        "title": nullable("string"), "text": string,
        "kind": ["type": ["string", "null"], "enum": ["article", "faq", nil]],
        "questions": ["type": ["array", "null"], "items": string], "url": nullable("string"),
        "language": nullable("string"), "tags": ["type": ["array", "null"], "items": string],
        "attributes": [
          "type": ["object", "null"], "additionalProperties": ["type": ["string", "null"]],
        ],
        "visibility": ["type": ["string", "array"], "items": string], "status": status, "publish_at": date,
        "expires_at": date,
      ],
    ],
    "BulkDocument": [
      "allOf": [object(["external_id": string]), reference("DocumentFields")]
    ],
    "BulkResult": object(
      [
        "line": integer, "external_id": nullable("string"),
        "status": choice(["added", "changed", "unchanged", "failed"]), "version": integer,
        "generation": generation,
        "error": object([
          "code": string, "message": string, "errors": ["type": "array", "items": ["type": "object"]],
        ]),
      ], required: ["line", "external_id", "status"]),
  ]

  static let integrationExamples: [String: JSONValue] = [
    "JSONRPCMessage": ["jsonrpc": "2.0", "id": 1, "method": "tools/list"],
    "IngestURL": ["url": "https://docs.example.com/returns.html", "external_id": "returns"],
    "DocumentPatch": ["tags": ["account", "new"], "attributes": ["product": nil]],
  ]
}
