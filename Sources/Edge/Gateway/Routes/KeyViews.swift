import Domain
import Foundation
import Security

/// A key as lists show it: never its secret.
struct KeyView: Encodable {
  let key: AccessKey
  let now: Date

  enum CodingKeys: String, CodingKey {
    case id, name, prefix, role, scopes, permissions, kbs, groups, state
    case createdAt = "created_at"
    case expiresAt = "expires_at"
    case lastUsedAt = "last_used_at"
    case overlapEndsAt = "overlap_ends_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(key.id, forKey: .id)
    try container.encode(key.name, forKey: .name)
    try container.encode(key.prefix, forKey: .prefix)
    try container.encode(key.role.rawValue, forKey: .role)
    try container.encode(key.scopes, forKey: .scopes)
    let permissions = key.permissions
    try container.encode(
      Permission.allCases.filter(permissions.contains).map(\.rawValue), forKey: .permissions)
    try container.encode(key.knowledgeBases, forKey: .kbs)
    try container.encode(key.groups, forKey: .groups)
    try container.encode(key.state(at: now).rawValue, forKey: .state)
    try container.encode(Timestamp.text(key.createdAt), forKey: .createdAt)
    try container.encode(key.expiresAt.map(Timestamp.text), forKey: .expiresAt)
    try container.encode(key.lastUsedAt.map(Timestamp.text), forKey: .lastUsedAt)
    let overlap = key.overlap.flatMap { now < $0.endsAt ? $0 : nil }
    try container.encode(overlap.map { Timestamp.text($0.endsAt) }, forKey: .overlapEndsAt)
  }
}

struct KeyListView: Encodable {
  let keys: [KeyView]
}

struct KeyAnswerView: Encodable {
  let key: KeyView
}

/// The one time that a secret is shown.
struct KeySecretView: Encodable {
  let key: KeyView
  let secret: String
}
