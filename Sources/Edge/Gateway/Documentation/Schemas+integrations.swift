extension Schemas {
  /// Bodies of the routes for other programs.
  static let integrations: [String: JSONValue] = [
    "JSONRPCMessage": [
      "type": ["object", "array"], "description": "A message of JSON-RPC 2.0, or a batch of them.",
    ]
  ]

  static let integrationExamples: [String: JSONValue] = [
    "JSONRPCMessage": ["jsonrpc": "2.0", "id": 1, "method": "tools/list"]
  ]
}
