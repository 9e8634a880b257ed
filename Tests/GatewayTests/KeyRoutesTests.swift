import Domain
import Foundation
import HTTPTypes
import Security
import Testing

@testable import Gateway

@Suite struct KeyRoutesTests {
  @Test func aLife() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let made = try await gateway.send(
      .post, "/v1/keys", key: Backend.ownerKey,
      json: [
        "name": "site", "role": "service", "kbs": ["default"], "scopes": ["search", "mint_tokens"],
        "groups": ["gold"], "expires_at": "2099-01-01",
      ])
    #expect(made.status == 201)
    let id = try #require(made.at("key.id")?.text)
    let first = try #require(made.at("secret")?.text)
    #expect(
      made.headers[.location] == "/v1/keys/\(id)" && made.at("key.prefix")?.text == String(first.prefix(11)))
    #expect(made.at("key.permissions") == ["search", "mint_tokens"] && made.at("key.state") == "active")
    func status(_ key: String) async throws -> Int {
      let reply = try await gateway.send(.post, "/v1/search", key: key, json: ["query": "x"])
      return reply.status
    }
    #expect(try await status(first) == 200)

    let listed = try await gateway.send(.get, "/v1/keys", key: Backend.ownerKey)
    #expect(listed.at("keys[0].id")?.text == id && !listed.text.contains(first))
    #expect(listed.at("keys[0].expires_at") == "2099-01-01T00:00:00.000Z")

    let rotated = try await gateway.send(
      .post, "/v1/keys/\(id)/rotate", key: Backend.ownerKey, json: ["overlap_seconds": 3600])
    let second = try #require(rotated.at("secret")?.text)
    #expect(
      rotated.status == 200 && rotated.at("key.id")?.text == id && rotated.at("key.overlap_ends_at") != .null)
    let statuses = [try await status(first), try await status(second)]
    #expect(statuses == [200, 200])
    // Without an overlap both earlier ones end.
    let third = try #require(
      try await gateway.send(.post, "/v1/keys/\(id)/rotate", key: Backend.ownerKey).at("secret")?.text)
    let after = [try await status(first), try await status(second), try await status(third)]
    #expect(after == [401, 401, 200])

    let revoked = try await gateway.send(.delete, "/v1/keys/\(id)", key: Backend.ownerKey)
    #expect(revoked.status == 200 && revoked.at("key.state") == "revoked")
    #expect(try await status(third) == 401)
    #expect(try await gateway.send(.post, "/v1/keys/\(id)/rotate", key: Backend.ownerKey).code == "key_ended")
    #expect(try await gateway.send(.delete, "/v1/keys/nobody", key: Backend.ownerKey).code == "key_not_found")

    let events = try await backend.store.auditEntries(after: 0, limit: 9).map(\.event)
    #expect(events.map(\.action) == ["key.create", "key.rotate", "key.rotate", "key.revoke"])
    #expect(events.allSatisfy { $0.actor == "key:owner" && $0.target == id })
    // The description fits what was answered.
    let description = try await gateway.send(.get, "/openapi.json").json
    guard case .object(let schemas) = description.at("components.schemas") ?? .null else {
      throw CancellationError()
    }
    let check = SchemaCheck(schemas: schemas)
    for (reply, schema) in [
      (made, "KeySecret"), (listed, "KeyList"), (rotated, "KeySecret"), (revoked, "KeyResponse"),
    ] {
      #expect(check.problems(reply.json, schemas[schema] ?? .null) == [])
    }
    let log = try await gateway.send(.get, "/v1/audit?limit=2&after=1", key: Backend.ownerKey)
    #expect(check.problems(log.json, schemas["AuditList"] ?? .null) == [])
    #expect(log.at("entries[0].sequence") == 2 && log.at("has_more") == true)
  }

  @Test(arguments: [
    (#"{"role":"reader"}"#, "missing_field"), (#"{"name":"a"}"#, "missing_field"),
    (#"{"name":"a","role":"king"}"#, "invalid_role"),
    (#"{"name":"a","role":"reader","scopes":[]}"#, "invalid_scope"),
    (#"{"name":"a","role":"reader","scopes":["manage_keys"]}"#, "invalid_scope"),
    (#"{"name":"a","role":"reader","scopes":["fly"]}"#, "invalid_scope"),
    (#"{"name":"a","role":"reader","kbs":["nowhere"]}"#, "kb_not_found"),
    (#"{"name":"a","role":"reader","expires_at":"2001-01-01"}"#, "invalid_field"),
    (#"{"name":"a","role":"reader","expires_at":"soon"}"#, "invalid_field"),
  ])
  func whatIsWrongIsSaid(_ body: String, _ code: String) async throws {
    let backend = try Backend()
    let reply = try await backend.gateway().send(
      .post, "/v1/keys", key: Backend.ownerKey, headers: ["Content-Type": "application/json"],
      body: Data(body.utf8))
    #expect(reply.code == code, "\(reply.text)")
    #expect(try await backend.store.accessKeys().isEmpty)
  }

  /// No key gives more than it has: not to a new one, and not by the secret of another.
  @Test func nothingIsGainedByMakingKeys() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await backend.store.createKnowledgeBase(named: "shop", model: KnowledgeBase.noModel)
    let end = Date(timeIntervalSinceNow: 3600)
    let makers: [(String, [String: JSONValue])] = [
      (try await backend.key(.owner, knowledgeBases: ["shop"]), ["role": "reader"]),
      (try await backend.key(.owner, scopes: [.manageKeys, .search]), ["role": "reader"]),
      (
        try await backend.key(.owner, scopes: [.manageKeys, .search]),
        ["role": "customer", "scopes": ["search", "ask"]]
      ),
      (
        try await backend.key(.owner, scopes: [.manageKeys, .search]),
        ["role": "customer", "scopes": ["search"], "groups": ["staff"]]
      ),
      (try await backend.key(.owner, expiresAt: end), ["role": "reader"]),
      (try await backend.key(.owner, expiresAt: end), ["role": "reader", "expires_at": "2099-01-01"]),
    ]
    for (maker, body) in makers {
      let reply = try await gateway.send(
        .post, "/v1/keys", key: maker, json: .object(body.merging(["name": "more"]) { $1 }))
      #expect(reply.status == 403 && reply.code == "grant_refused", "\(body): \(reply.text)")
    }
    let narrow = makers[1].0
    let strong = AccessKey.issue(name: "strong", role: .owner, at: Date()).key
    try await backend.store.insert(strong)
    #expect(
      try await gateway.send(.post, "/v1/keys/\(strong.id)/rotate", key: narrow).code == "grant_refused")
    // Out of reach is not there.
    let scoped = makers[0].0
    for reply in [
      try await gateway.send(.post, "/v1/keys/\(strong.id)/rotate", key: scoped),
      try await gateway.send(.delete, "/v1/keys/\(strong.id)", key: scoped),
    ] { #expect(reply.status == 404 && reply.code == "key_not_found") }
    #expect(try await gateway.send(.get, "/v1/keys", key: scoped).at("keys")?.elements.count == 1)
    #expect(
      try await gateway.send(
        .post, "/v1/keys", key: scoped, json: ["name": "x", "role": "reader", "kbs": ["default"]]
      ).code == "kb_not_found")
    // What it has it may give.
    #expect(
      try await gateway.send(
        .post, "/v1/keys", key: scoped, json: ["name": "x", "role": "owner", "kbs": ["shop"]]
      ).status == 201)
  }

  /// Of however many requests one row is written, and only when it is asked for.
  @Test func usesAreNotedLater() async throws {
    let backend = try Backend()
    let secret = try await backend.key(.reader)
    let id = try #require(try await backend.store.accessKeys().first?.id)
    let recorder = Recorder(store: backend.store)
    let uses = KeyUses(store: recorder)
    let minute = Date(timeIntervalSince1970: 1_800_000_000)
    for second in 0..<50 { uses.note(id, at: minute.addingTimeInterval(Double(second))) }
    #expect(await recorder.writes == 0)
    await uses.flush()
    await uses.flush()
    #expect(await recorder.writes == 1)
    #expect(try await backend.store.accessKey(id: id)?.lastUsedAt == minute)
    uses.note(id, at: minute.addingTimeInterval(59))
    await uses.flush()
    #expect(await recorder.writes == 1)
    // What could not be written waits.
    await recorder.fail(true)
    uses.note(id, at: minute.addingTimeInterval(61))
    await uses.flush()
    await recorder.fail(false)
    await uses.flush()
    #expect(try await backend.store.accessKey(id: id)?.lastUsedAt == minute.addingTimeInterval(60))
    // The gateway notes whoever was let in.
    let authenticator = Authenticator(
      keys: backend.store, tokenSecrets: TokenSecretsFile(folder: backend.folder.url),
      configuration: GatewayConfiguration(), clock: { minute.addingTimeInterval(130) })
    var head = HTTPRequest(method: .get, scheme: nil, authority: nil, path: "/")
    head.headerFields[.authorization] = "Bearer " + secret
    _ = try await authenticator.principal(for: head, requirement: .keyed(.search))
    await authenticator.uses.flush()
    #expect(try await backend.store.accessKey(id: id)?.lastUsedAt == minute.addingTimeInterval(120))
  }

  /// Counts the writes of uses, and fails them where told to; all else is the store's.
  private actor Recorder: AccessKeyStore {
    struct Refused: Error {}
    private let store: any AccessKeyStore
    private(set) var writes = 0
    private var fails = false
    init(store: any AccessKeyStore) { self.store = store }
    func fail(_ fails: Bool) { self.fails = fails }
    func noteUses(_ times: [String: Date]) async throws {
      if fails { throw Refused() }
      writes += 1
      try await store.noteUses(times)
    }
    func insert(_ key: AccessKey) async throws { try await store.insert(key) }
    func accessKey(secretHash: Data) async throws -> AccessKey? {
      try await store.accessKey(secretHash: secretHash)
    }
    func accessKey(id: String) async throws -> AccessKey? { try await store.accessKey(id: id) }
    func accessKeys() async throws -> [AccessKey] { try await store.accessKeys() }
    func revokeAccessKey(id: String, at time: Date) async throws -> Bool {
      try await store.revokeAccessKey(id: id, at: time)
    }
    func rotateAccessKey(
      id: String, prefix: String, secretHash: Data, overlapEndsAt: Date?
    ) async throws -> Bool {
      try await store.rotateAccessKey(
        id: id, prefix: prefix, secretHash: secretHash, overlapEndsAt: overlapEndsAt)
    }
  }
}
