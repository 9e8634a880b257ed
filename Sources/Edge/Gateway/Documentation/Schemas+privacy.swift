import Domain

/// Requests about what is stored of one customer.
extension Schemas {
  private static let kinds = choice(PrivacyRequest.Kind.allCases.map(\.rawValue))

  static let privacy: [String: JSONValue] = [
    "PrivacyRequest": object(
      [
        "kind": kinds,
        "customer": [
          "type": "string", "minLength": 1, "maxLength": 256, "description": "Your own id of them.",
        ],
        "locale": ["type": ["string", "null"], "maxLength": 64],
        "time_zone": ["type": ["string", "null"], "maxLength": 64],
        "reason": ["type": ["string", "null"], "maxLength": 1024, "description": "Of a hold."],
      ], required: ["kind", "customer"]),
    "PrivacyJob": object(
      [
        "id": string, "kind": kinds, "state": choice(Job.State.allCases.map(\.rawValue)),
        "error": ["type": ["object", "null"]], "results": string, "created_at": string, "updated_at": string,
      ], required: ["id", "kind", "state", "results", "created_at", "updated_at"]),
    "PrivacyLine": [
      "type": "object", "description": "One of `customer`, `conversation`, `message` and `receipt`.",
    ],
  ]

  static let privacyExamples: [String: JSONValue] = [
    "PrivacyRequest": ["kind": "export", "customer": "c-1042"]
  ]
}
