import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

/// Keys, for those who may make them. Each act is on record before it is done.
extension GatewayRoutes {
  private static let collection: PathTemplate = "/v1/keys"
  private static let member: PathTemplate = "/v1/keys/{id}"
  private static let rotation: PathTemplate = "/v1/keys/{id}/rotate"
  /// Longest overlap of two secrets: 90 days, in seconds.
  private static let maxOverlap: Int64 = 90 * 86_400

  static let keys: [Route] = [
    Route(
      .get, collection, access: .keyed(.manageKeys), lane: .read,
      documentation: Documentation(
        id: "listKeys", tag: "Keys", summary: "List keys",
        description: """
          Without their secrets, in the order of their making. A key that reaches some knowledge bases only finds \
          those keys that reach no others.
          """,
        responses: [200: .json("KeyList")], errors: [])
    ) { call in
      let now = Date()
      let keys = try await call.services.keys.accessKeys().filter(call.principal.mayReach)
      return .json(KeyListView(keys: keys.map { KeyView(key: $0, now: now) }))
    },
    Route(
      .post, collection, access: .keyed(.manageKeys), lane: .write, body: .json,
      documentation: Documentation(
        id: "createKey", tag: "Keys", summary: "Make a key",
        description: """
          `secret` is shown this once. `scopes` narrow the key to some permissions of its role, and may name those \
          that a `service` has on request. `kbs` are the knowledge bases that it reaches; none means all. `groups` \
          are those whose documents it sees, where its role does not see every document. No key gives what it has \
          not itself, nor for longer.
          """,
        request: "CreateKey", responses: [201: .json("KeySecret")],
        errors: [
          "invalid_json", "missing_field", "invalid_field", "invalid_role", "invalid_scope", "grant_refused",
          "kb_not_found", "storage_full",
        ])
    ) { call in
      try call.refuseIdempotencyKey()
      let now = Date()
      var fields = try call.fields()
      let (key, secret) = fields.newKey(at: now)
      try fields.finish()
      try await call.requireGrant(of: key)
      try await call.record("key.create", key.id)
      try await call.services.keys.insert(key)
      return .json(
        KeySecretView(key: KeyView(key: key, now: now), secret: secret.text), status: .created,
        headers: [.location: "/v1/keys/\(key.id)"])
    },
    Route(
      .post, rotation, access: .keyed(.manageKeys), lane: .write, body: .json,
      documentation: Documentation(
        id: "rotateKey", tag: "Keys", summary: "Give a key a new secret",
        description: """
          Its id, role and reach stay. `secret` is shown this once; the one before it works on for \
          `overlap_seconds`, and one from an earlier rotation ends at once.
          """,
        request: "RotateKey", isRequestOptional: true, responses: [200: .json("KeySecret")],
        errors: [
          "invalid_json", "invalid_field", "key_not_found", "key_ended", "grant_refused", "storage_full",
        ])
    ) { call in
      let now = Date()
      var fields = try call.optionalFields()
      let overlap = fields.integer("overlap_seconds", in: 0...maxOverlap, code: "invalid_field") ?? 0
      try fields.finish()
      let key = try await call.key()
      // Whoever gets the secret has what the key has.
      try await call.requireGrant(of: key)
      guard key.isUsable(at: now) else { throw Problem.keyEnded }
      try await call.record("key.rotate", key.id)
      let secret = AccessKeySecret()
      let endsAt = overlap > 0 ? now.addingTimeInterval(TimeInterval(overlap)) : nil
      guard
        try await call.services.keys.rotateAccessKey(
          id: key.id, prefix: secret.prefix, secretHash: secret.hash, overlapEndsAt: endsAt),
        let rotated = try await call.services.keys.accessKey(id: key.id)
      else { throw Problem.keyEnded }
      return .json(KeySecretView(key: KeyView(key: rotated, now: now), secret: secret.text))
    },
    Route(
      .delete, member, access: .keyed(.manageKeys), lane: .write,
      documentation: Documentation(
        id: "revokeKey", tag: "Keys", summary: "Revoke a key",
        description:
          "For good, and at once; tokens that were made with it end within seconds. It stays listed.",
        responses: [200: .json("KeyResponse")], errors: ["key_not_found", "storage_full"])
    ) { call in
      let key = try await call.key()
      try await call.record("key.revoke", key.id)
      let now = Date()
      guard try await call.services.keys.revokeAccessKey(id: key.id, at: now),
        let revoked = try await call.services.keys.accessKey(id: key.id)
      else { throw Problem.keyNotFound }
      return .json(KeyAnswerView(key: KeyView(key: revoked, now: now)))
    },
  ]
}

extension Problem {
  fileprivate static let keyEnded = Problem(
    "key_ended", "The key is expired or revoked and opens nothing any more; make a new one.")
}

extension Call {
  /// The key that the path names.
  ///
  /// - Throws: `key_not_found`, also where it reaches what this caller does not.
  fileprivate func key() async throws -> AccessKey {
    let id = PercentEncoding.decode(parameters["id"] ?? "") ?? ""
    guard let key = try await services.keys.accessKey(id: id), principal.mayReach(key) else {
      throw Problem.keyNotFound
    }
    return key
  }

  /// - Throws: `kb_not_found`, `grant_refused`.
  fileprivate func requireGrant(of key: AccessKey) async throws {
    for name in key.knowledgeBases {
      try requireReach(name)
      guard try await services.store.knowledgeBase(named: name) != nil else {
        throw Problem.knowledgeBaseNotFound(name)
      }
    }
    guard principal.mayReach(key) else {
      let names = principal.knowledgeBases.joined(separator: ", ")
      throw Problem.grantRefused("name knowledge bases in 'kbs', of: \(names).")
    }
    let missing = key.permissions.subtracting(principal.permissions)
    guard missing.isEmpty else {
      let names = Permission.allCases.filter(missing.contains).map(\.rawValue).joined(separator: ", ")
      throw Problem.grantRefused("it lacks \(names).")
    }
    guard principal.mayGrant(key) else {
      throw Problem.grantRefused("it does not see those groups' documents.")
    }
    guard let own = try await ownKey()?.expiresAt else { return }
    guard let expiresAt = key.expiresAt, expiresAt <= own else {
      throw Problem.grantRefused("send an 'expires_at' of \(Timestamp.text(own)) or before.")
    }
  }

  /// Nil for the configured owner's key, which has no end.
  private func ownKey() async throws -> AccessKey? {
    guard let id = principal.keyID else { return nil }
    return try await services.keys.accessKey(id: id)
  }
}

extension FieldReader {
  /// A key as a body asks for it, and its secret; of no use where something was wrong.
  fileprivate mutating func newKey(at now: Date) -> (key: AccessKey, secret: AccessKeySecret) {
    let name = CardMask.masked(requiredString("name"))
    if name.utf8.count > 256 { fail("name", "it may have at most 256 bytes.") }
    if !has("role") { fail("role", "it is missing; send a role.", code: "missing_field") }
    let role: AccessKey.Role = choice("role", code: "invalid_role") ?? .customer
    let knowledgeBases = strings("kbs", maxCount: 1000, maxBytes: 64) ?? []
    let groups = strings("groups", maxCount: 100, maxBytes: 256) ?? []
    let expiresAt = moment("expires_at")
    if let expiresAt, expiresAt <= now { fail("expires_at", "it is over; send a time to come.") }
    return AccessKey.issue(
      name: name, role: role, scopes: scopes(of: role), knowledgeBases: knowledgeBases, groups: groups,
      at: now,
      expiresAt: expiresAt)
  }

  private mutating func scopes(of role: AccessKey.Role) -> [Permission]? {
    guard let names = strings("scopes", code: "invalid_scope", maxCount: 100, maxBytes: 64) else {
      return nil
    }
    if names.isEmpty {
      fail("scopes", "it names none; leave it out for all that the role has.", code: "invalid_scope")
    }
    let allowed = role.grant.permissions.union(role.grant.onRequest)
    var scopes: [Permission] = []
    for (index, name) in names.enumerated() {
      guard let permission = Permission(rawValue: name), allowed.contains(permission) else {
        let known = Permission.allCases.filter(allowed.contains).map(\.rawValue).joined(separator: ", ")
        fail("scopes[\(index)]", "it must be one of \(known).", code: "invalid_scope")
        continue
      }
      if !scopes.contains(permission) { scopes.append(permission) }
    }
    return scopes
  }

  private mutating func moment(_ field: String) -> Date? {
    guard let text = string(field, maxBytes: 64) else { return nil }
    guard let date = Moment.parse(text) else {
      fail(field, "it must be a date such as 2026-12-31 or an RFC 3339 time such as 2026-12-31T18:00:00Z.")
      return nil
    }
    return date
  }
}
