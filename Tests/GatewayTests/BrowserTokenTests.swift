import Domain
import Foundation
import HTTPTypes
import Security
import Synchronization
import Testing

@testable import Gateway

@Suite struct BrowserTokenTests {
  static let origin = "https://shop.example"

  func mint(
    _ gateway: Gateway, key: String = Backend.ownerKey, _ more: [String: JSONValue] = [:]
  ) async throws -> Reply {
    let body: [String: JSONValue] = ["scope": "search", "origin": .string(Self.origin), "kbs": ["default"]]
    return try await gateway.send(.post, "/v1/tokens", key: key, json: .object(body.merging(more) { $1 }))
  }

  func search(
    _ gateway: Gateway, _ token: String, origin: String? = BrowserTokenTests.origin, kb: String = "default"
  ) async throws -> Reply {
    try await gateway.send(
      .post, "/v1/search", key: token, headers: origin.map { ["Origin": $0] } ?? [:],
      json: ["query": "refund rule", "kb": .string(kb), "limit": 50])
  }

  /// A token sees what its customer sees, in its knowledge bases, and nothing else anywhere.
  @Test func boundToCustomerAndKnowledgeBases() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await backend.store.createKnowledgeBase(named: "other", model: KnowledgeBase.noModel)
    try await backend.put("public", "Refund rule for all.")
    try await backend.put("signed", "Refund rule for members.", visibility: .signedIn)
    try await backend.put("gold", "Refund rule for gold.", visibility: .groups(["gold"]))
    let generation = try await backend.put("staff", "Refund rule for staff.", visibility: .groups(["staff"]))
    _ = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey,
      json: ["query": "x", "min_generation": .integer(generation.rawValue)])
    let key = try await backend.key(.service, groups: ["gold"])
    let cases: [([String: JSONValue], Set<String>)] = [
      ([:], ["public"]), (["customer": "4711"], ["public", "signed"]),
      (["customer": "4711", "groups": ["gold"]], ["public", "signed", "gold"]),
    ]
    for (more, visible) in cases {
      let made = try await mint(gateway, key: key, more)
      #expect(made.status == 201, "\(made.text)")
      let token = try #require(made.at("token")?.text)
      let found = try await search(gateway, token)
      #expect(Set(found.at("hits")?.elements.compactMap { $0["external_id"]?.text } ?? []) == visible)
      #expect(try await search(gateway, token, kb: "other").code == "kb_not_found")
    }
    // A key vouches for its own groups only, and reaches its own knowledge bases only.
    #expect(
      try await mint(gateway, key: key, ["customer": "1", "groups": ["staff"]]).code == "grant_refused")
    let shop = try await backend.key(.service, knowledgeBases: ["other"])
    #expect(try await mint(gateway, key: shop).code == "kb_not_found")
    let narrow = try await backend.key(.service, scopes: [.mintTokens, .search])
    #expect(try await mint(gateway, key: narrow).status == 201)
    #expect(try await mint(gateway, key: narrow, ["scope": "chat"]).code == "grant_refused")
  }

  @Test func boundToItsOrigin() async throws {
    let gateway = try Backend().gateway()
    let token = try #require(try await mint(gateway).at("token")?.text)
    #expect(try await search(gateway, token).status == 200)
    for origin in [
      nil, "", "null", "http://shop.example", "https://shop.example:8443", "https://shop.example/",
      "https://SHOP.example", "https://shop.example.evil.example", "https://evil.example",
      " https://shop.example,x",
    ] {
      let reply = try await search(gateway, token, origin: origin)
      #expect(reply.status == 403 && reply.code == "origin_mismatch", "\(origin ?? "none")")
    }
  }

  /// What was not signed here, byte for byte, opens nothing, and all of it reads alike.
  @Test func forgeries() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let token = try #require(try await mint(gateway).at("token")?.text)
    let parts = token.split(separator: ".").map(String.init)
    let claims = String(decoding: try #require(Base64URL.decode(parts[1])), as: UTF8.self)
    func with(_ claims: String) -> String { "\(parts[0]).\(Base64URL.encode(Data(claims.utf8))).\(parts[2])" }
    let none = Base64URL.encode(Data(#"{"alg":"none","typ":"JWT"}"#.utf8))
    // Another server's own token, with the same claims.
    let foreign = try #require(try await mint(try Backend().gateway()).at("token")?.text)
    let attacks = [
      "wider knowledge bases": with(claims.replacing(#""kbs":["default"]"#, with: #""kbs":["default","x"]"#)),
      "chat": with(claims.replacing(#""scope":"search""#, with: #""scope":"chat""#)),
      "another customer": with(claims.replacing(#"{"#, with: #"{"sub":"4711","#)),
      "longer": with(claims.replacing(#""exp":"#, with: #""exp":9"#)),
      "no signature": "\(parts[0]).\(parts[1]).", "two parts": "\(parts[0]).\(parts[1])",
      "four parts": token + ".x", "padded": token + "=", "cut": String(token.dropLast()),
      "another case": token.uppercased().replacing("FDT_", with: "fdt_"),
      "unknown secret": "fdt_AAAAAAAA.\(parts[1]).\(parts[2])", "no secret": "fdt_.\(parts[1]).\(parts[2])",
      "another server's": foreign, "alg none": "\(none).\(parts[1]).", "marker alone": "fdt_",
      "long": "fdt_" + String(repeating: "A", count: 9000),
      "signature of nothing": "\(parts[0])..\(parts[2])",
    ]
    for (name, attack) in attacks {
      let reply = try await search(gateway, attack)
      #expect(reply.status == 401 && reply.code == "unauthorized", "\(name): \(reply.text)")
    }
    #expect(try await search(gateway, token).status == 200)
  }

  @Test func endsByItself() async throws {
    let backend = try Backend()
    let secrets = TokenSecretsFile(folder: backend.folder.url)
    _ = try await backend.key(.service)
    let key = try #require(try await backend.store.accessKeys().first)
    let now = Date()
    func token(_ age: TimeInterval, _ life: Int64) throws -> String {
      try secrets.secretsToSign().sign(
        BrowserToken(
          scope: .search, origin: Self.origin, customer: nil, groups: [], knowledgeBases: ["default"],
          keyID: key.id, at: now.addingTimeInterval(-age), lifetimeSeconds: life))
    }
    let gateway = try backend.gateway()
    #expect(try await search(gateway, try token(0, 60)).status == 200)
    #expect(try await search(gateway, try token(61, 60)).status == 401)
    // Nor may one that lives for ever have been made.
    let made = try await mint(gateway, ["ttl_seconds": 3601])
    #expect(made.status == 400 && made.code == "invalid_field")
  }

  /// A token ends with its key, within seconds, and needs no look at the store until then.
  @Test func endsWithItsKey() async throws {
    let backend = try Backend()
    let folder = backend.folder.url
    let time = Clock()
    let keys = CountingKeys(store: backend.store)
    let (key, _) = AccessKey.issue(
      name: "site", role: .service, at: time.now, expiresAt: time.now.addingTimeInterval(7200))
    try await backend.store.insert(key)
    let secrets = TokenSecretsFile(folder: folder)
    let token = try secrets.secretsToSign().sign(
      BrowserToken(
        scope: .search, origin: Self.origin, customer: nil, groups: [], knowledgeBases: ["default"],
        keyID: key.id, at: time.now, lifetimeSeconds: 3600))
    let verifier = TokenVerifier(keys: keys, secrets: secrets, ownerKeyHash: nil, clock: { time.now })
    for _ in 0..<100 { _ = try await verifier.principal(presenting: token, origins: [Self.origin]) }
    #expect(await keys.reads == 1)
    _ = try await backend.store.revokeAccessKey(id: key.id, at: time.now)
    time.advance(TokenVerifier.keyLifetime)
    await #expect(throws: Problem.self) {
      try await verifier.principal(presenting: token, origins: [Self.origin])
    }
    #expect(await keys.reads == 2)
  }

  /// Tokens of the configured key end when another is configured.
  @Test func endsWithTheConfiguredKey() async throws {
    let backend = try Backend()
    let token = try #require(try await mint(try backend.gateway()).at("token")?.text)
    #expect(try await search(try backend.gateway(), token).status == 200)
    #expect(try await search(try backend.gateway(ownerKey: "another"), token).status == 401)
    #expect(try await search(try backend.gateway(ownerKey: nil), token).status == 401)
  }

  @Test(arguments: [
    (#"{"origin":"https://a.example","kbs":["default"]}"#, "missing_field"),
    (#"{"scope":"all","origin":"https://a.example","kbs":["default"]}"#, "invalid_scope"),
    (#"{"scope":"chat","origin":"https://a.example"}"#, "missing_field"),
    (#"{"scope":"chat","origin":"https://a.example","kbs":[]}"#, "invalid_field"),
    (#"{"scope":"chat","origin":"https://a.example","kbs":["nowhere"]}"#, "kb_not_found"),
    (#"{"scope":"chat","origin":"https://a.example","kbs":["default"],"groups":["g"]}"#, "invalid_field"),
    (#"{"scope":"chat","origin":"https://a.example","kbs":["default"],"ttl_seconds":0}"#, "invalid_field"),
    (#"{"scope":"chat","origin":"*","kbs":["default"]}"#, "invalid_origin"),
  ])
  func whatIsWrongIsSaid(_ body: String, _ code: String) async throws {
    let reply = try await Backend().gateway().send(
      .post, "/v1/tokens", key: Backend.ownerKey, headers: ["Content-Type": "application/json"],
      body: Data(body.utf8))
    #expect(reply.code == code, "\(reply.text)")
  }

  @Test func theDescriptionFits() async throws {
    let gateway = try Backend().gateway()
    let made = try await mint(gateway, ["customer": "4711", "ttl_seconds": 60])
    let description = try await gateway.send(.get, "/openapi.json").json
    guard case .object(let schemas) = description.at("components.schemas") ?? .null else {
      throw CancellationError()
    }
    #expect(SchemaCheck(schemas: schemas).problems(made.json, schemas["Token"] ?? .null) == [])
    #expect(made.headers[.cacheControl] == "no-store")
  }

  @Test func originsAsBrowsersSendThem() {
    for origin in [
      "https://shop.example", "http://localhost:3000", "https://10.0.0.1:8443", "http://[::1]:8080",
      "https://[::1]",
    ] { #expect(WebOrigin.isValid(origin), "\(origin)") }
    for origin in [
      "", "null", "*", "https://", "shop.example", "https://shop.example/", "https://Shop.example",
      "https://shop.example:443", "http://shop.example:80", "https://shop.example:0",
      "https://shop.example:080",
      "https://shop.example:", "https://a@b", "https://*.example", "ftp://shop.example",
      "https://shop.example?x",
      "https://[::1", "https://shop.example:99999",
    ] { #expect(!WebOrigin.isValid(origin), "\(origin)") }
  }

  private final class Clock: Sendable {
    private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
    var now: Date { time.withLock { $0 } }
    func advance(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
  }

  /// Counts looks at keys by id.
  private actor CountingKeys: AccessKeyStore {
    private let store: any AccessKeyStore
    private(set) var reads = 0
    init(store: any AccessKeyStore) { self.store = store }
    func accessKey(id: String) async throws -> AccessKey? {
      reads += 1
      return try await store.accessKey(id: id)
    }
    func noteUses(_ times: [String: Date]) async throws { try await store.noteUses(times) }
    func insert(_ key: AccessKey) async throws { try await store.insert(key) }
    func accessKey(secretHash: Data) async throws -> AccessKey? {
      try await store.accessKey(secretHash: secretHash)
    }
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
