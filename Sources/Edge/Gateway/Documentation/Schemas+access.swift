import Domain
import Security

/// Keys, tokens and the audit log.
extension Schemas {
  private static let role = choice(AccessKey.Role.allCases.map(\.rawValue))
  private static let scopes: JSONValue = [
    "type": "array", "items": choice(Permission.allCases.map(\.rawValue)), "minItems": 1,
    "description": "Permissions that the key is narrowed to; left out, it has those of its role.",
  ]
  private static let names: JSONValue = ["type": "array", "items": string, "maxItems": 100]

  static let access: [String: JSONValue] = [
    "CreateKey": object(
      [
        "name": ["type": "string", "maxLength": 256], "role": role, "scopes": scopes,
        "kbs": ["type": "array", "items": string, "maxItems": 1000], "groups": names,
        "expires_at": [
          "type": ["string", "null"],
          "description": "A date or an RFC 3339 time; left out, it does not expire.",
        ],
      ], required: ["name", "role"]),
    "RotateKey": object(
      [
        "overlap_seconds": [
          "type": "integer", "minimum": 0, "maximum": 7_776_000, "default": 0,
          "description": "How long the secret before this one works on.",
        ]
      ], required: []),
    "Key": object([
      "id": string, "name": string, "prefix": string, "role": role,
      "scopes": ["type": ["array", "null"], "items": string], "permissions": strings, "kbs": strings,
      "groups": strings, "state": choice(AccessKey.State.allCases.map(\.rawValue)), "created_at": string,
      "expires_at": nullable("string"),
      "last_used_at": [
        "type": ["string", "null"], "description": "To the minute; up to half a minute late.",
      ],
      "overlap_ends_at": [
        "type": ["string", "null"], "description": "Until when the secret before this one works.",
      ],
    ]),
    "KeyList": object(["keys": list(of: "Key")]),
    "KeyResponse": object(["key": reference("Key")]),
    "KeySecret": object(["key": reference("Key"), "secret": string]),
    "CreateToken": object(
      [
        "scope": choice(BrowserToken.Scope.allCases.map(\.rawValue)),
        "origin": ["type": "string", "description": "As browsers send it; compared byte for byte."],
        "customer": [
          "type": ["string", "null"], "maxLength": 256, "description": "Your own id of who is signed in.",
        ],
        "groups": names,
        "kbs": ["type": "array", "items": string, "minItems": 1, "maxItems": 20],
        "ttl_seconds": [
          "type": "integer", "minimum": 1, "maximum": .integer(BrowserToken.maxLifetimeSeconds),
          "default": 900,
        ],
      ], required: ["scope", "origin", "kbs"]),
    "Token": object([
      "token": string, "scope": string, "origin": string, "customer": nullable("string"), "groups": strings,
      "kbs": strings, "expires_at": string,
    ]),
    "AuditList": object(["entries": list(of: "AuditEntry"), "has_more": boolean]),
    "AuditEntry": object([
      "sequence": integer, "time": string, "actor": string, "action": string, "target": string,
      "hash": string,
    ]),
  ]

  static let accessExamples: [String: JSONValue] = [
    "CreateKey": ["name": "website", "role": "service", "kbs": ["default"], "expires_at": "2027-12-31"],
    "RotateKey": ["overlap_seconds": 86_400],
    "CreateToken": [
      "scope": "chat", "origin": "https://www.example.com", "customer": "4711", "kbs": ["default"],
      "ttl_seconds": 900,
    ],
  ]
}
