import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Gateway

@Suite struct AccessTests {
  /// Who may call what: every route of the table, for every kind of caller.
  @Test func everyRouteForEveryCaller() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let keys: [(String, String?)] = [
      ("none", nil), ("wrong", "fd_nobodys"), ("reader", try await backend.key(.reader)),
      ("editor", try await backend.key(.editor)), ("owner", try await backend.key(.owner)),
      ("configured", Backend.ownerKey),
      ("expired", try await backend.key(.owner, expiresAt: Date(timeIntervalSinceNow: -1))),
      ("revoked", try await backend.key(.owner, revoked: true)),
    ]
    let open: Set = ["live", "ready", "openapi", "docs"]
    let reads: Set = [
      "search", "answer", "verify", "getDocument", "listDocuments", "listKnowledgeBases", "getKnowledgeBase",
      "metrics", "createChatCompletion", "createEmbeddings", "listModels", "getModel", "mcp",
    ]
    let writes: Set = [
      "putDocument", "deleteDocument", "createKnowledgeBase", "deleteKnowledgeBase", "setModel",
      "getSearchRules", "putSearchRules", "publishDocument", "unpublishDocument", "archiveDocument",
      "restoreVersion", "listVersions", "diffVersions", "patchDocument", "bulkUpsert",
      "listJobs", "getJob", "getJobResults", "cancelJob",
    ]
    let routes = GatewayRoutes.all(services: backend.services(), configuration: GatewayConfiguration())
    #expect(Set(routes.map(\.documentation.id)) == open.union(reads).union(writes), "a route is in no list")

    for route in routes {
      let id = route.documentation.id
      let uri = route.path.description.replacing("{kb}", with: "default").replacing(
        "{external_id}", with: "x")
      for (name, key) in keys {
        let reply = try await gateway.send(route.method, uri, key: key, body: Data("{".utf8))
        let expected: Int? =
          switch name {
          case _ where open.contains(id): nil
          case "none", "wrong", "expired", "revoked": 401
          case "reader" where writes.contains(id): 403
          default: nil
          }
        if let expected {
          #expect(reply.status == expected, "\(name) \(id)")
          let code = expected == 401 ? "unauthorized" : "forbidden"
          let told =
            reply.code ?? reply.at("error.code")?.text?.replacing("invalid_api_key", with: "unauthorized")
          #expect(told == code, "\(name) \(id)")
          #expect((reply.headers[.wwwAuthenticate] != nil) == (expected == 401), "\(name) \(id)")
        } else {
          #expect(![401, 403].contains(reply.status), "\(name) \(id): \(reply.text)")
        }
      }
    }
  }

  /// What was done and by whom is on record; what a purge erases is not in it.
  @Test func administrationIsOnRecord() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let key = try await backend.key(.owner)
    let id = try #require(try await backend.store.accessKeys().first?.id)
    let make = JSONValue.object(["name": "shop", "model": "none"])
    #expect(try await gateway.send(.post, "/v1/kbs", key: key, json: make).status == 201)
    try await backend.put("ann@example.com", "Ann moved.")
    let path = "/v1/kbs/default/documents/ann@example.com?purge=true"
    #expect(try await gateway.send(.delete, path, key: key).status == 200)
    #expect(try await gateway.send(.delete, "/v1/kbs/shop", key: Backend.ownerKey).status == 200)
    let events = try await backend.store.auditEntries(after: 0, limit: 9).map(\.event)
    #expect(events.map(\.action) == ["kb.create", "document.purge", "kb.delete"])
    #expect(events.map(\.actor) == ["key:" + id, "key:" + id, "key:owner"])
    #expect(!events.contains { $0.target.contains("ann") })
  }

  @Test func withoutAnyKeyReadsOnLoopbackAreOpenAndWritesAreNot() async throws {
    let backend = try Backend()
    let generation = try await backend.put("a", "Shipping takes two days.")
    let gateway = try backend.gateway(ownerKey: nil)
    let search = JSONValue.object(["query": "shipping", "min_generation": .integer(generation.rawValue)])
    #expect(try await gateway.send(.post, "/v1/search", json: search).at("hits[0].external_id") == "a")
    #expect(try await gateway.send(.get, "/v1/kbs").at("kbs[0].documents") == 1)
    #expect(try await gateway.send(.get, "/v1/kbs/default/documents/a").status == 200)
    #expect(try await gateway.send(.put, "/v1/kbs/default/documents/b", json: ["text": "x"]).status == 401)
    #expect(try await gateway.send(.delete, "/v1/kbs/default/documents/a").status == 401)
    #expect(try await gateway.send(.post, "/v1/kbs", json: ["name": "x"]).status == 401)
    #expect(try await gateway.send(.get, "/metrics").status == 401)
    #expect(try await gateway.send(.get, "/v1/kbs", key: "wrong").status == 401)
  }

  @Test func anEmptyOwnerKeyIsNone() async throws {
    let gateway = try Backend().gateway(ownerKey: "")
    #expect(try await gateway.send(.get, "/v1/kbs").status == 200)
    #expect(try await gateway.send(.get, "/v1/kbs", headers: ["Authorization": "Bearer "]).status == 401)
    #expect(
      try await gateway.send(.post, "/v1/kbs", headers: ["Authorization": "Bearer "], json: ["name": "x"])
        .status == 401)
  }

  @Test func aStoredKeyClosesReadsToo() async throws {
    let backend = try Backend()
    _ = try await backend.key(.reader, expiresAt: Date(timeIntervalSinceNow: -1))
    #expect(try await backend.gateway(ownerKey: nil).send(.get, "/v1/kbs").status == 200)
    _ = try await backend.key(.reader)
    #expect(try await backend.gateway(ownerKey: nil).send(.get, "/v1/kbs").status == 401)
  }

  @Test func behindAProxyOrUnderAnotherNameNothingIsOpen() async throws {
    let backend = try Backend()
    #expect(
      try await backend.gateway(ownerKey: nil, edit: { $0.behindProxy = true }).send(.get, "/v1/kbs").status
        == 401)
    for (authority, expected) in [
      ("localhost:8080", true), ("127.0.0.1", true), ("[::1]:80", true), ("LOCALHOST", true),
      ("evil.example", false),
      ("127.0.0.1.evil.example", false), ("localhost.evil.example:80", false), ("[::2]", false),
      ("10.0.0.1", false), ("", false),
    ] {
      #expect(LoopbackName.matches(authority: authority) == expected, "\(authority)")
    }
  }

  @Test(arguments: [
    "Basic b3duZXI=", "Bearer", "bearer", "owner-key-of-the-tests", "Bearer\towner-key-of-the-tests x",
  ])
  func otherSchemesAreRefused(_ value: String) async throws {
    let gateway = try Backend().gateway()
    #expect(try await gateway.send(.get, "/v1/kbs", headers: ["Authorization": value]).status == 401)
  }

  @Test func theSchemeIsReadInAnyCase() async throws {
    let gateway = try Backend().gateway()
    #expect(
      try await gateway.send(.get, "/v1/kbs", headers: ["Authorization": "bEARER \(Backend.ownerKey)"]).status
        == 200)
  }

  @Test func revocationHoldsAtOnce() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let key = try await backend.key(.editor)
    #expect(try await gateway.send(.get, "/v1/kbs", key: key).status == 200)
    let id = try #require(try await backend.store.accessKeys().first?.id)
    #expect(try await backend.store.revokeAccessKey(id: id, at: Date()))
    #expect(try await gateway.send(.get, "/v1/kbs", key: key).status == 401)
  }

  /// What is out of a key's scope is not there, whatever is asked of it.
  @Test func scopedKeysDoNotSeeOtherKnowledgeBases() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await backend.store.createKnowledgeBase(named: "mine", model: KnowledgeBase.noModel)
    try await backend.put("a", "Secret of the default base.")
    let key = try await backend.key(.editor, knowledgeBases: ["mine"])
    #expect(try await gateway.send(.get, "/v1/kbs", key: key).at("kbs")?.elements.count == 1)
    #expect(try await gateway.send(.get, "/v1/kbs/mine", key: key).status == 200)
    for reply in [
      try await gateway.send(.get, "/v1/kbs/default", key: key),
      try await gateway.send(.delete, "/v1/kbs/default", key: key),
      try await gateway.send(.get, "/v1/kbs/default/documents", key: key),
      try await gateway.send(.get, "/v1/kbs/default/documents/a", key: key),
      try await gateway.send(.put, "/v1/kbs/default/documents/a", key: key, json: ["text": "x"]),
      try await gateway.send(.delete, "/v1/kbs/default/documents/a", key: key),
      try await gateway.send(.post, "/v1/search", key: key, json: ["query": "secret"]),
      try await gateway.send(.post, "/v1/answers", key: key, json: ["question": "secret"]),
    ] { #expect(reply.status == 404 && reply.code == "kb_not_found", "\(reply.text)") }
    let made = try await gateway.send(.post, "/v1/kbs", key: key, json: ["name": "other", "model": "none"])
    #expect(made.code == "forbidden")
  }

  @Test func listeningToTheNetworkNeedsAKeyAndTLS() async throws {
    let backend = try Backend()
    func check(_ configuration: GatewayConfiguration) async -> String? {
      do {
        try await ListenPolicy.check(configuration, keys: backend.store)
        return nil
      } catch { return (error as? GatewayError)?.code ?? "\(error)" }
    }
    let tls = GatewayConfiguration.TLSFiles(certificateChain: "c", privateKey: "k")
    for host in ["127.0.0.1", "localhost", "::1", "127.8.9.10"] {
      #expect(await check(GatewayConfiguration(host: host)) == nil, "\(host)")
    }
    for host in ["0.0.0.0", "::", "192.168.1.2", "example.com", "", "127.0.0", "127.0.0.1.example.com"] {
      #expect(await check(GatewayConfiguration(host: host)) == "insecure_listen", "\(host)")
      #expect(await check(GatewayConfiguration(host: host, ownerKey: "k")) == "insecure_listen")
      #expect(await check(GatewayConfiguration(host: host, tls: tls)) == "insecure_listen")
      #expect(await check(GatewayConfiguration(host: host, ownerKey: "k", tls: tls)) == nil)
      #expect(await check(GatewayConfiguration(host: host, behindProxy: true)) == nil)
    }
    _ = try await backend.key(.owner)
    #expect(await check(GatewayConfiguration(host: "0.0.0.0", tls: tls)) == nil)
  }
}
