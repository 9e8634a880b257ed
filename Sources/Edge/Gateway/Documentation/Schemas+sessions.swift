import Domain
import Security

/// Sessions of the staff.
extension Schemas {
  static let sessions: [String: JSONValue] = [
    "SessionEntry": object([
      "id": string, "user": ["type": "string", "description": "A pseudonym, as in the audit log."],
      "role": ["type": ["string", "null"], "description": "Null where no group has a role any more."],
      "kbs": strings, "groups": strings, "created_at": string,
      "used_at": ["type": "string", "description": "To half a minute."],
      "idle_ends_at": ["type": "string", "description": "When it ends if nothing is done."],
      "ends_at": ["type": "string", "description": "When it ends whatever is done."],
    ]),
    "Session": object([
      "session": reference("SessionEntry"), "permissions": strings,
      "csrf_token": ["type": "string", "description": "Sent as X-CSRF-Token."],
    ]),
    "SessionList": object(["sessions": list(of: "SessionEntry")]),
    "SignedOut": object(["logout_url": nullable("string")]),
  ]

  private static let entry: JSONValue = [
    "id": "6a1f0f5e-8a55-4d5e-9c8c-2f8f0f1d7c11", "user": "user:9f2c4be01d7733a1", "role": "agent",
    "kbs": ["default"], "groups": ["support"], "created_at": "2026-11-24T08:00:00.000Z",
    "used_at": "2026-11-24T08:20:00.000Z", "idle_ends_at": "2026-11-24T08:35:00.000Z",
    "ends_at": "2026-11-24T20:00:00.000Z",
  ]

  static let sessionExamples: [String: JSONValue] = [
    "Session": [
      "session": entry, "permissions": ["search", "ask", "verify", "explain", "read_documents"],
      "csrf_token": "b0HfG0wS0kX3mC2s1o8m4b9f3Qd7h6yJ5e1zV0aKxTc",
    ],
    "SessionList": ["sessions": [entry]],
    "SignedOut": ["logout_url": "https://login.example.com/logout?client_id=frontdesk"],
  ]
}
