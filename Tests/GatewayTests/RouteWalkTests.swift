import Domain
import Foundation
import HTTPTypes
import Knowledge
import Security
import Testing

@testable import Gateway

/// Who may call what: every route, with every kind of key, against the table written out once more.
@Suite struct RouteWalkTests {
  /// Operation, the roles whose keys open it (`*`: where their scopes say so; `anyone`: also without a key), and
  /// what an owner's key of another knowledge base gets: `2xx`, or a status and code.
  ///
  /// A route that is not here fails the walk: write down who may call it.
  static let table = """
    search | owner editor publisher supervisor agent analyst privacy_officer service customer reader | 404 kb_not_found
    answer | owner editor publisher supervisor agent analyst service customer reader | 404 kb_not_found
    verify | owner editor publisher supervisor agent reader service* | 2xx
    openConversation | owner editor service customer reader | 404 kb_not_found
    getConversation | owner editor supervisor agent service customer reader | 404 conversation_not_found
    sendMessage | owner editor service customer reader | 404 conversation_not_found
    listMessages | owner editor supervisor agent service customer reader | 404 conversation_not_found
    socket | owner editor supervisor agent service customer reader | 2xx
    closeConversation | owner editor supervisor agent service customer reader | 404 conversation_not_found
    createPrivacyRequest | owner privacy_officer | 403 forbidden
    getPrivacyRequest | owner privacy_officer | 403 forbidden
    getPrivacyResults | owner privacy_officer | 403 forbidden
    listDocuments | owner editor publisher supervisor agent privacy_officer reader service* | 404 kb_not_found
    getDocument | owner editor publisher supervisor agent privacy_officer reader service* | 404 kb_not_found
    putDocument | owner editor service* | 404 kb_not_found
    patchDocument | owner editor service* | 404 kb_not_found
    ingestURL | owner editor service* | 404 kb_not_found
    bulkUpsert | owner editor service* | 404 kb_not_found
    listJobs | owner editor service* | 2xx
    getJob | owner editor service* | 404 job_not_found
    getJobResults | owner editor service* | 404 job_not_found
    cancelJob | owner editor service* | 404 job_not_found
    createChatCompletion | owner editor publisher supervisor agent analyst service customer reader | 404 model_not_found
    createEmbeddings | owner editor analyst service reader | 404 model_not_found
    listModels | owner editor publisher supervisor agent analyst privacy_officer service customer reader | 2xx
    getModel | owner editor publisher supervisor agent analyst privacy_officer service customer reader | 404 model_not_found
    mcp | owner editor publisher supervisor agent analyst privacy_officer service customer reader | 2xx
    deleteDocument | owner editor privacy_officer service* | 404 kb_not_found
    publishDocument | owner editor publisher service* | 404 kb_not_found
    unpublishDocument | owner editor publisher service* | 404 kb_not_found
    archiveDocument | owner editor publisher service* | 404 kb_not_found
    restoreVersion | owner editor service* | 404 kb_not_found
    listVersions | owner editor publisher privacy_officer | 404 kb_not_found
    diffVersions | owner editor publisher privacy_officer | 404 kb_not_found
    listKnowledgeBases | owner editor publisher supervisor agent privacy_officer reader service* | 2xx
    getKnowledgeBase | owner editor publisher supervisor agent privacy_officer reader service* | 404 kb_not_found
    createKnowledgeBase | owner editor | 403 forbidden
    updateKnowledgeBase | owner | 404 kb_not_found
    setModel | owner editor | 404 kb_not_found
    deleteKnowledgeBase | owner editor | 404 kb_not_found
    getSearchRules | owner editor publisher privacy_officer | 404 kb_not_found
    putSearchRules | owner editor | 404 kb_not_found
    listKeys | owner | 2xx
    createKey | owner | 403 grant_refused
    rotateKey | owner | 404 key_not_found
    revokeKey | owner | 404 key_not_found
    listWebhooks | owner | 2xx
    createWebhook | owner | 403 grant_refused
    getWebhook | owner | 404 webhook_not_found
    patchWebhook | owner | 404 webhook_not_found
    deleteWebhook | owner | 404 webhook_not_found
    rotateWebhook | owner | 404 webhook_not_found
    testWebhook | owner | 404 webhook_not_found
    listDeliveries | owner | 404 webhook_not_found
    replayDelivery | owner | 404 webhook_not_found
    replayDeliveries | owner | 404 webhook_not_found
    createToken | owner service | 404 kb_not_found
    login | anyone | 2xx
    loginCallback | anyone | 2xx
    getSession | session | 403 forbidden
    logout | session | 403 forbidden
    listSessions | owner | 2xx
    endSession | owner | 404 session_not_found
    listAudit | owner auditor | 403 forbidden
    metrics | owner editor supervisor analyst reader | 403 forbidden
    live | anyone | 2xx
    ready | anyone | 2xx
    openapi | anyone | 2xx
    docs | anyone | 2xx
    """

  struct Row {
    let roles: Set<String>
    let elsewhere: String
    var isOpen: Bool { roles == ["anyone"] }
    /// For whoever is signed in with a browser, and for no key.
    var isForSessions: Bool { roles == ["session"] }
  }

  static let rows: [String: Row] = Dictionary(
    uniqueKeysWithValues: table.split(separator: "\n").map { line in
      let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
      return (cells[0], Row(roles: Set(cells[1].split(separator: " ").map(String.init)), elsewhere: cells[2]))
    })

  /// Who calls, and what that caller is to get of a row: nil for success, else a status and code.
  struct Caller {
    let name: String
    let key: String?
    var origin: String?
    /// What a browser sends instead of a key; made anew for each request, since some end it.
    var session: (@Sendable () async throws -> [String: String])?
    let refusal: @Sendable (String, Row) -> String?
  }

  /// A body that is complete, for each operation that takes one.
  static func body(_ id: String, _ number: Int, page: String = "") -> JSONValue? {
    switch id {
    case "ingestURL": ["url": .string(page), "external_id": "fetched"]
    case "search": ["query": "returns", "kb": "walk"]
    case "answer": ["question": "How long do returns take?", "kb": "walk"]
    case "verify": ["citations": []]
    case "openConversation": ["kb": "walk"]
    case "createPrivacyRequest": ["kind": "export", "customer": "c-1"]
    case "sendMessage": ["text": .string("How long do returns take? \(number)")]
    case "patchDocument": ["title": .string("Returns \(number)")]
    case "bulkUpsert": ["external_id": "b", "text": .string("Shipping takes \(number) days.")]
    case "createChatCompletion":
      ["model": "frontdesk/walk", "messages": [["role": "user", "content": "How long do returns take?"]]]
    case "createEmbeddings": ["model": "frontdesk/walk", "input": "returns"]
    case "mcp": ["jsonrpc": "2.0", "id": 1, "method": "ping"]
    case "putDocument": ["text": .string("Returns take \(number) days.")]
    case "publishDocument", "putSearchRules", "rotateKey", "patchWebhook", "rotateWebhook",
      "replayDeliveries":
      [:]
    case "createWebhook": ["url": .string(page)]
    case "restoreVersion": ["version": 1, "status": "published"]
    case "createKnowledgeBase": ["name": .string("made-\(number)"), "model": "none"]
    case "setModel": ["model": "none"]
    case "updateKnowledgeBase": ["generated_answers": "off"]
    case "createKey": ["name": "made", "role": "customer"]
    case "createToken": ["scope": "search", "origin": "https://shop.example", "kbs": ["walk"]]
    default: nil
    }
  }

  @Test func everyRouteForEveryCaller() async throws {
    let backend = try Backend()
    let site = try await StandIn { _, number in .response("<p>Page \(number).</p>") }
    let gateway = try backend.gateway {
      $0.ingestHosts = [IngestHost("local:127.0.0.1:\(site.port)")!]
      $0.webhookHosts = $0.ingestHosts
      (_, $0.issuer, $0.signIn) = try! WalkSessions.settings(provider: site.url)
    }
    for name in ["walk", "elsewhere"] {
      _ = try await backend.store.createKnowledgeBase(named: name, model: KnowledgeBase.noModel)
    }
    let routes = GatewayRoutes.all(services: backend.services(), configuration: GatewayConfiguration())
    #expect(Set(routes.map(\.documentation.id)) == Set(Self.rows.keys), "the table is of other routes")
    let callers = try await callers(backend, gateway) + WalkSessions(backend, provider: site.url).callers()
    var number = 0
    for route in routes {
      let id = route.documentation.id
      let row = try #require(Self.rows[id], "\(id) is not in the table")
      let body = Self.body(id, 0)
      #expect((route.body != .none) == (body != nil), "\(id) lacks a body, or has one too many")
      for caller in callers {
        number += 1
        let uri = try await Self.uri(of: route, for: caller, number, backend, provider: site.url)
        let headers = try await caller.session?() ?? caller.origin.map { ["Origin": $0] } ?? [:]
        let reply = try await gateway.send(
          route.method, uri, key: caller.key, headers: headers,
          body: Self.body(id, number, page: site.url + "/").map { JSONText.data($0) })
        let expected = row.isOpen ? nil : caller.refusal(id, row)
        let code = reply.code ?? reply.at("error.code")?.text ?? ""
        let told = code == "invalid_api_key" ? "unauthorized" : code
        // The knowledge base has no model: asked for one, it says so to whoever may ask.
        // Nobody is at that provider, and no sign-in was begun: asked by anyone, they say so.
        let isAnswered = ["mode_unavailable", "issuer_unavailable", "invalid_login", "upgrade_required"]
          .contains(code)
        let found = (200..<300).contains(reply.status) || isAnswered ? nil : "\(reply.status) \(told)"
        #expect(found == expected, "\(caller.name) \(id): \(reply.text)")
        #expect((reply.headers[.wwwAuthenticate] != nil) == (reply.status == 401), "\(caller.name) \(id)")
      }
    }
  }

  /// Every kind of caller there is.
  private func callers(_ backend: Backend, _ gateway: Gateway) async throws -> [Caller] {
    var callers = [
      Caller(name: "none", key: nil) { _, _ in "401 unauthorized" },
      Caller(name: "unknown", key: AccessKeySecret().text) { _, _ in "401 unauthorized" },
      Caller(name: "expired", key: try await backend.key(.owner, expiresAt: Date(timeIntervalSinceNow: -1))) {
        _, _ in "401 unauthorized"
      },
      Caller(name: "revoked", key: try await backend.key(.owner, revoked: true)) { _, _ in "401 unauthorized"
      },
      Caller(name: "configured", key: Backend.ownerKey) { _, row in
        row.isForSessions ? "403 forbidden" : nil
      },
      Caller(name: "elsewhere", key: try await backend.key(.owner, knowledgeBases: ["elsewhere"])) { _, row in
        row.elsewhere == "2xx" ? nil : row.elsewhere
      },
      Caller(name: "narrowed", key: try await backend.key(.owner, scopes: [.verify])) { id, _ in
        id == "verify" ? nil : "403 forbidden"
      },
    ]
    for role in AccessKey.Role.allCases {
      callers.append(
        Caller(name: role.rawValue, key: try await backend.key(role)) { _, row in
          row.roles.contains(role.rawValue) ? nil : "403 forbidden"
        })
      let onRequest = role.grant.onRequest
      guard !onRequest.isEmpty else { continue }
      let key = try await backend.key(role, scopes: Array(onRequest.union(role.grant.permissions)))
      callers.append(
        Caller(name: role.rawValue + "*", key: key) { _, row in
          row.roles.isDisjoint(with: [role.rawValue, role.rawValue + "*"]) ? "403 forbidden" : nil
        })
    }
    let opened: [String: Set] = [
      "search": ["search", "listModels", "getModel"],
      "chat": [
        "answer", "createChatCompletion", "openConversation", "getConversation", "sendMessage",
        "listMessages",
        "closeConversation", "socket",
      ],
    ]
    for (scope, opened) in opened {
      let made = try await gateway.send(
        .post, "/v1/tokens", key: Backend.ownerKey,
        json: ["scope": .string(scope), "origin": "https://shop.example", "kbs": ["walk"]])
      let token = try #require(made.at("token")?.text)
      callers.append(
        Caller(name: "token for \(scope)", key: token, origin: "https://shop.example") { id, _ in
          // Which pages may use it is said by the server's settings, not by tokens.
          if scope == "search", id == "mcp" { return "403 origin_not_allowed" }
          return opened.contains(id) ? nil : "403 forbidden"
        })
    }
    return callers
  }

  /// The path of one request, with everything there that it names.
  private static func uri(
    of route: Route, for caller: Caller, _ number: Int, _ backend: Backend, provider: String
  ) async throws -> String {
    var uri = route.path.description
    if route.documentation.id == "deleteKnowledgeBase" {
      let name = "doomed-\(number)"
      _ = try await backend.store.createKnowledgeBase(named: name, model: KnowledgeBase.noModel)
      return uri.replacing("{kb}", with: name)
    }
    if uri.contains("{id}") {
      let key = AccessKey.issue(name: "subject", role: .reader, at: Date()).key
      try await backend.store.insert(key)
      uri = uri.replacing("{id}", with: key.id)
    }
    if uri.contains("{conversation}") {
      // Opened with the caller's own key; tokens are made with the configured one.
      var key: AccessKey?
      if let secret = caller.key {
        key = try await backend.store.accessKey(secretHash: AccessKeySecret.hash(of: secret))
      }
      let opener = caller.session == nil ? "key:" + (key?.id ?? "owner") : "user:" + WalkSessions.user
      let new = NewConversation(
        knowledgeBase: "walk", channel: "api", customer: nil, opener: opener)
      let conversation = try await backend.store.open(new, at: Date())
      // Agents read what is waiting for one.
      _ = try await backend.store.change(conversation.id, to: .waiting, at: Date())
      uri = uri.replacing("{conversation}", with: conversation.id)
    }
    if uri.contains("{session}") {
      uri = uri.replacing(
        "{session}", with: try await WalkSessions(backend, provider: provider).insert(groups: ["owner"]).id)
    }
    if uri.contains("{job}") {
      let job = try await backend.store.addJob(
        kind: uri.contains("privacy") ? PrivacyRequest.Kind.export.jobKind : JobRunner.bulkKind,
        knowledgeBase: uri.contains("privacy") ? "" : "walk", author: nil, total: 0, parts: [], at: Date())
      uri = uri.replacing("{job}", with: job.id)
    }
    if uri.contains("{webhook}") {
      let webhook = Webhook(
        id: "whk_\(number)", url: "https://hooks.example.com/",
        interest: EventInterest(types: [], knowledgeBases: ["walk"]), isEnabled: true,
        secrets: [
          try await Webhook.sealed(SigningSecret(), of: "whk_\(number)", backend.store)
        ],
        createdAt: Date(), updatedAt: Date())
      try await backend.store.addWebhook(webhook, limit: .max)
      let delivery = try await backend.store.addTestDelivery(to: webhook.id, at: Date())
      uri = uri.replacing("{webhook}", with: webhook.id).replacing("{delivery}", with: delivery.id)
    }
    if uri.contains("{external_id}") {
      // Two versions, the newest published, whatever the caller before did.
      for text in ["Returns take a week.", "Returns take \(number) days."] {
        try await backend.put("x", text, status: .published, into: "walk")
      }
    }
    return uri.replacing("{kb}", with: "walk").replacing("{external_id}", with: "x").replacing(
      "{model}", with: "frontdesk%2Fwalk")
  }

  /// The description says of each operation what the walk found true.
  @Test func theDescriptionNamesTheRoles() async throws {
    let description = try await Backend().gateway().send(.get, "/openapi.json").json
    var seen: Set<String> = []
    for (_, operations) in description["paths"]?.members ?? [:] {
      for (_, operation) in operations.members {
        let id = try #require(operation["operationId"]?.text)
        let row = try #require(Self.rows[id])
        seen.insert(id)
        let order = AccessKey.Role.allCases.map(\.rawValue)
        #expect(
          operation["x-frontdesk-roles"]?.elements.compactMap(\.text)
            == (row.isOpen || row.isForSessions ? order : order.filter(row.roles.contains)), "\(id)")
        #expect(
          (operation["x-frontdesk-roles-on-request"]?.elements ?? []).compactMap(\.text)
            == order.filter { row.roles.contains($0 + "*") }, "\(id)")
        #expect((operation["x-frontdesk-permission"] == .null) == (row.isOpen || row.isForSessions), "\(id)")
      }
    }
    #expect(seen == Set(Self.rows.keys))
  }

  /// What one route asks beyond its own permission.
  @Test func partsOfARoute() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    for role in AccessKey.Role.allCases {
      let key = try await backend.key(role)
      for part: JSONValue in [["query": "x", "explain": true], ["query": "x", "why_not": "x"]] {
        let reply = try await gateway.send(.post, "/v1/search", key: key, json: part)
        #expect((reply.status == 200) == role.may(.explain), "\(role): \(reply.text)")
        if !role.may(.explain) { #expect(reply.status == 403) }
      }
      try await backend.put("x", "To be erased by \(role).")
      let purge = try await gateway.send(.delete, "/v1/kbs/default/documents/x?purge=true", key: key)
      #expect(purge.status == (role.may(.purgeDocuments) ? 200 : 403), "\(role): \(purge.text)")
    }
  }
}

extension JSONValue {
  fileprivate var members: [String: JSONValue] {
    if case .object(let members) = self { members } else { [:] }
  }
}
