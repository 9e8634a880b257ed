import Domain
import Foundation
import HTTPTypes
import Security
import Store
import Synchronization
import Testing

@testable import Gateway

/// What becomes of a session: use, rest, age, the provider's word, and the owner's.
@Suite struct SessionTests {
  private static let cookie = "__Host-frontdesk_session"

  @Test func idleAndOldSessionsEnd() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway(edit: {
      $0.idle = .seconds(900)
      $0.lifetime = .seconds(3600)
    })
    func status(_ browser: BrowserStandIn, _ path: String = "/v1/kbs") async throws -> Int {
      var browser = browser
      return try await browser.send(.get, path, at: gateway).status
    }
    let (idle, used, watching) = (
      try await scene.signIn(at: gateway), try await scene.signIn(at: gateway),
      try await scene.signIn(at: gateway)
    )
    for _ in 0..<3 {
      scene.advance(400)
      #expect(try await status(used) == 200)
      // A page that asks who is signed in does not keep anybody signed in.
      #expect(try await status(watching, "/v1/session") == (scene.now < SessionTests.begin + 900 ? 200 : 401))
    }
    #expect(try await [status(idle), status(watching)] == [401, 401])
    scene.advance(800)
    #expect(try await status(used) == 200)
    scene.advance(800)
    #expect(try await status(used) == 200)
    scene.advance(800)
    // An hour old, however much it was used.
    #expect(try await status(used) == 401)
    let keeper = try scene.keeper(edit: { $0.lifetime = .seconds(3600) })
    try await keeper.sweep()
    #expect(try await scene.backend.store.countStaffSessions() == 0)
    let events = try await scene.backend.store.auditEntries(after: 0, limit: 20).map(\.event.action)
    #expect(events.count { $0 == "session.lapse" } == 3)
    try await scene.provider.stop()
  }

  private static let begin = Date(timeIntervalSince1970: 1_800_000_000)

  /// What may change something needs the session's own token, and no sign of another site.
  @Test func requestsThatAnotherSiteMade() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    var browser = try await scene.signIn("bob", at: gateway)
    var other = try await scene.signIn("bob", at: gateway)
    let token = try await browser.token(at: gateway)["X-CSRF-Token"]!
    let others = try await other.token(at: gateway)["X-CSRF-Token"]!
    let same = ["X-CSRF-Token": token]
    let cases: [(String, [String: String], Bool)] = [
      ("a page of ours", same, true),
      (
        "as browsers say it",
        same.merging(["Origin": SignInScene.publicURL, "Sec-Fetch-Site": "same-origin"]) { $1 }, true
      ),
      (
        "in the mode same-origin, without a referrer",
        same.merging(["Origin": "null", "Sec-Fetch-Site": "same-origin"]) { $1 }, true
      ),
      ("of no origin, by a link", same.merging(["Origin": "null", "Sec-Fetch-Site": "none"]) { $1 }, false),
      ("no token", [:], false),
      ("no token, of our origin", ["Origin": SignInScene.publicURL, "Sec-Fetch-Site": "same-origin"], false),
      ("another session's token", ["X-CSRF-Token": others], false),
      ("part of it", ["X-CSRF-Token": String(token.dropLast())], false),
      ("an empty one", ["X-CSRF-Token": ""], false),
      ("the cookie", ["X-CSRF-Token": browser.session!], false),
      ("of another origin", same.merging(["Origin": "https://evil.example"]) { $1 }, false),
      ("of no origin", same.merging(["Origin": "null"]) { $1 }, false),
      ("of another site", same.merging(["Sec-Fetch-Site": "cross-site"]) { $1 }, false),
      ("of a sister site", same.merging(["Sec-Fetch-Site": "same-site"]) { $1 }, false),
    ]
    for (name, headers, isTaken) in cases {
      for (method, uri, body) in [
        (HTTPRequest.Method.post, "/v1/search", ["query": "x"] as JSONValue),
        (.put, "/v1/kbs/default/documents/x", ["text": "x"]), (.delete, "/v1/kbs/none", nil),
      ] as [(HTTPRequest.Method, String, JSONValue?)] {
        let reply = try await browser.send(method, uri, at: gateway, headers: headers, json: body)
        #expect((reply.code == "csrf_refused") == !isTaken, "\(name) \(method): \(reply.text)")
      }
    }
    // A WebSocket begins as a GET, to which no page can give a header: there the origin counts.
    for (origin, isTaken) in [
      (SignInScene.publicURL, true), ("https://evil.example", false), ("null", false), (nil, false),
    ] {
      for upgrade in [["Upgrade": "WebSocket"], ["Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="]] {
        let headers = upgrade.merging(origin.map { ["Origin": $0] } ?? [:]) { $1 }
        let reply = try await browser.send(.get, "/v1/kbs", at: gateway, headers: headers)
        #expect((reply.code == "csrf_refused") == !isTaken, "\(origin ?? "none")")
      }
    }
    // Reading needs none; signing out does.
    #expect(try await browser.send(.get, "/v1/kbs", at: gateway).status == 200)
    #expect(try await browser.send(.post, "/v1/session/logout", at: gateway).code == "csrf_refused")
    // With a key, the key counts, and whoever is signed in with that browser does not.
    let both = ["Authorization": "Bearer " + (try await scene.backend.key(.customer))]
    #expect(
      try await browser.send(.post, "/v1/search", at: gateway, headers: both, json: ["query": "x"]).status
        == 200)
    #expect(try await browser.send(.get, "/v1/kbs", at: gateway, headers: both).code == "forbidden")
    #expect(try await browser.send(.get, "/v1/session", at: gateway, headers: both).code == "forbidden")
    #expect(
      try await browser.send(.get, "/v1/kbs", at: gateway, headers: ["Authorization": "Bearer x"]).status
        == 401)
    try await scene.provider.stop()
  }

  @Test func cookiesThatOpenNothing() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    let browser = try await scene.signIn(at: gateway)
    let session = browser.session!
    for cookie in [
      Self.cookie + "=", Self.cookie + "=x", Self.cookie + "=" + SessionSecret().text,
      "\(Self.cookie)=\(session)x",
      "\(Self.cookie)=\(session)=", "\(Self.cookie)=\(session); \(Self.cookie)=\(SessionSecret().text)",
      "\(Self.cookie)=\(Digest.hex(Digest.sha256(session)))",
    ] {
      let reply = try await gateway.send(.get, "/v1/kbs", headers: ["Cookie": cookie])
      #expect(reply.status == 401 && reply.headers[.wwwAuthenticate] != nil, "\(cookie)")
    }
    // A name without the prefix could be set by any host of the domain: over TLS it is nobody's.
    #expect(
      try await gateway.send(.get, "/v1/kbs", headers: ["Cookie": "frontdesk_session=\(session)"]).status
        == 401)
    // Fixation: what was in the browser before is not what it has after signing in, and has ended.
    var fixed = browser
    #expect(try await fixed.signIn(at: gateway).status == 303)
    #expect(fixed.session != session)
    #expect(
      try await gateway.send(.get, "/v1/kbs", headers: ["Cookie": "\(Self.cookie)=\(session)"]).status == 401)
    var planted = BrowserStandIn(scene: scene)
    planted.cookies[Self.cookie] = SessionSecret().text
    let before = planted.cookies[Self.cookie]
    #expect(try await planted.signIn(at: gateway).status == 303)
    #expect(planted.session != before)
    try await scene.provider.stop()
  }

  // MARK: The provider's word

  @Test func whoIsRemovedIsOutWithinAMinute() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    var (ann, bob) = (try await scene.signIn("ann", at: gateway), try await scene.signIn("bob", at: gateway))
    scene.provider.edit("ann") { $0 = nil }
    scene.provider.edit("bob") { $0?.groups = ["support"] }
    scene.advance(44)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 200)
    #expect(scene.provider.refreshes == 0)
    scene.advance(1)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 401)
    // Whoever has another role has it from then on; without any, they are out.
    #expect(try await bob.send(.get, "/v1/session", at: gateway).at("session.role")?.text == "agent")
    #expect(scene.provider.refreshes == 2)
    scene.provider.edit("bob") { $0?.groups = [] }
    scene.advance(50)
    #expect(try await bob.send(.get, "/v1/kbs", at: gateway).code == "forbidden")
    #expect(try await bob.send(.get, "/v1/kbs", at: gateway).status == 401)
    #expect(try await scene.backend.store.countStaffSessions() == 0)
    let metrics = scene.backend.metrics.exposition()
    for reason in ["refused", "no_role"] {
      #expect(metrics.contains("frontdesk_sessions_ended_total{reason=\"\(reason)\"} 1\n"))
    }
    try await scene.provider.stop()
  }

  /// Where a refresh says neither who it is nor their groups, the provider is asked for both.
  @Test func byUserinfoWhereARefreshBringsNoToken() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    var bob = try await scene.signIn("bob", at: gateway)
    scene.provider.twist { $0.withoutIDToken = true }
    scene.provider.edit("bob") { $0?.groups = ["support"] }
    scene.advance(45)
    #expect(try await bob.send(.get, "/v1/session", at: gateway).at("session.role")?.text == "agent")
    // Somebody else's answer is no answer.
    scene.provider.twist { $0.claims = ["sub": "ann"] }
    scene.advance(45)
    #expect(try await bob.send(.get, "/v1/session", at: gateway).status == 401)
    try await scene.provider.stop()
  }

  /// As glewlwyd does: a bare 400, which says nothing; the token's state does.
  @Test func byIntrospectionWhereARefusalIsWithoutAWord() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    var ann = try await scene.signIn("ann", at: gateway)
    scene.provider.twist { $0.tokenStatus = 400 }
    scene.advance(45)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 200)
    scene.provider.edit("ann") { $0 = nil }
    scene.advance(45)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 401)
    #expect(try await scene.backend.store.countStaffSessions() == 0)
    try await scene.provider.stop()
  }

  @Test func whileTheProviderDoesNotAnswer() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway(edit: { $0.grace = .seconds(120) })
    var ann = try await scene.signIn(at: gateway)
    func code() async throws -> String? {
      let reply = try await ann.send(.get, "/v1/kbs", at: gateway)
      return reply.status == 200 ? nil : "\(reply.status) \(reply.code ?? "")"
    }
    scene.provider.twist { $0.tokenStatus = 502 }
    scene.advance(45)
    #expect(try await code() == nil)
    // Not asked again with every request.
    let asked = scene.provider.tokenRequests
    #expect(try await code() == nil && scene.provider.tokenRequests == asked)
    scene.advance(74)
    #expect(try await code() == nil && scene.provider.tokenRequests == asked + 1)
    scene.advance(11)
    #expect(try await code() == "503 issuer_unavailable")
    // It has not ended: nobody said so.
    scene.advance(11)
    scene.provider.twist { _ in }
    #expect(try await code() == nil)
    // What a proxy before the provider says is not the provider's word.
    for (status, error) in [
      (403, nil), (400, nil), (401, "invalid_client"), (429, "slow_down"), (500, "invalid_grant"),
    ] {
      scene.provider.twist {
        $0.tokenStatus = status
        $0.tokenError = error
      }
      scene.advance(56)
      #expect(try await code() == nil, "\(status)")
      scene.provider.twist { _ in }
      scene.advance(11)
      #expect(try await code() == nil, "\(status)")
    }
    try await scene.provider.stop()
  }

  /// A full disk: who is signed in reads on for the grace, as whoever has a key does.
  @Test func whileTheStoreTakesNoWrites() async throws {
    let scene = try await SignInScene()
    let full = FullStore(scene.backend.store)
    let gateway = try scene.gateway(edit: { $0.grace = .seconds(120) }, wire: { $0.sessions = full })
    var ann = try await scene.signIn(at: gateway)
    full.isFull.withLock { $0 = true }
    scene.advance(119)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 200)
    scene.advance(1)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).code == "storage_full")
    #expect(try await ann.signIn(at: gateway).code == "storage_full")
    full.isFull.withLock { $0 = false }
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 200)
    try await scene.provider.stop()
  }

  /// However many requests come at once, in however many processes, a refresh token is used once: it rotates.
  @Test func oneAsksForAll() async throws {
    let scene = try await SignInScene()
    let gateways = [try scene.gateway(), try scene.gateway()]
    let ann = try await scene.signIn(at: gateways[0])
    for round in 1...3 {
      scene.advance(60)
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<16 {
          group.addTask {
            var browser = ann
            return try await browser.send(.get, "/v1/kbs", at: gateways[number % 2]).status
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(statuses == Array(repeating: 200, count: 16))
      #expect(scene.provider.refreshes == round)
    }
    #expect(scene.provider.openTokens == 1)
    try await scene.provider.stop()
  }

  /// The refresh token is sealed with the store's data keys, and goes on opening when they change.
  @Test func keysRotate() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    let store = scene.backend.store
    var ann = try await scene.signIn(at: gateway)
    #expect(try await store.rotateDataKey(at: Date()) > 0)
    try await store.forgetDataKeys(supersededBefore: Date() + 1)
    scene.advance(45)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 200)
    let session = try #require(try await store.staffSessions().first)
    try await store.reseal(Data("not sealed".utf8), ofStaffSession: session.id)
    scene.advance(45)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 401)
    #expect(
      scene.backend.metrics.exposition().contains("frontdesk_sessions_ended_total{reason=\"unreadable\"} 1\n")
    )
    try await scene.provider.stop()
  }

  // MARK: The owner's word

  @Test func sessionsAreListedAndEndedInEveryProcess() async throws {
    let scene = try await SignInScene()
    let (gateway, other) = (try scene.gateway(), try scene.gateway())
    var ann = try await scene.signIn(at: gateway)
    scene.advance(1)
    _ = try await scene.signIn("bob", at: other)
    let list = try await gateway.send(.get, "/v1/sessions", key: Backend.ownerKey)
    let sessions = try #require(list.at("sessions")).elements
    #expect(sessions.count == 2 && sessions.map { $0["role"]?.text } == ["agent", "owner"])
    #expect(!list.text.contains("ann") && !list.text.contains("csrf"))
    let id = try #require(sessions[0]["id"]?.text)
    // Within reach: ann's session reaches two knowledge bases, bob's all.
    for (knowledgeBases, count) in [(["shop"], 0), (["shop", "default", "x"], 1)] {
      let key = try await scene.backend.key(.owner, knowledgeBases: knowledgeBases)
      #expect(try await gateway.send(.get, "/v1/sessions", key: key).at("sessions")?.elements.count == count)
      let end = try await gateway.send(.delete, "/v1/sessions/" + sessions[1]["id"]!.text!, key: key)
      #expect(end.status == 404 && end.code == "session_not_found")
    }
    #expect(try await ann.send(.get, "/v1/kbs", at: other).status == 200)
    #expect(try await other.send(.delete, "/v1/sessions/" + id, key: Backend.ownerKey).status == 204)
    #expect(try await ann.send(.get, "/v1/kbs", at: gateway).status == 401)
    #expect(try await other.send(.delete, "/v1/sessions/" + id, key: Backend.ownerKey).status == 404)
    let event = try #require(try await scene.backend.store.auditEntries(after: 0, limit: 9).last?.event)
    #expect(event == AuditEvent(actor: "key:owner", action: "session.end", target: id))
    // A restart ends none; other settings of the provider or of roles do.
    var bob = try await scene.signIn("bob", at: gateway)
    #expect(try await bob.send(.get, "/v1/kbs", at: try scene.gateway()).status == 200)
    let renamed = try SignInConfiguration(publicURL: SignInScene.publicURL, clientID: "another")
    #expect(try await bob.send(.get, "/v1/kbs", at: try scene.gateway(edit: { $0 = renamed })).status == 401)
    #expect(
      try await bob.send(.get, "/v1/kbs", at: try scene.gateway(roles: "support=agent")).code == "forbidden")
    try await scene.provider.stop()
  }

  @Test func oneUserHasSoManySessions() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    var browsers: [BrowserStandIn] = []
    for _ in 0...SessionKeeper.maxPerUser {
      browsers.append(try await scene.signIn(at: gateway))
      scene.advance(1)
    }
    #expect(try await scene.backend.store.countStaffSessions() == SessionKeeper.maxPerUser)
    #expect(try await browsers[0].send(.get, "/v1/kbs", at: gateway).status == 401)
    #expect(try await browsers[1].send(.get, "/v1/kbs", at: gateway).status == 200)
    try await scene.provider.stop()
  }
}

/// The real store, of which writes about sessions fail where they are told to.
private final class FullStore: StaffSessionStore {
  let store: any StaffSessionStore
  let isFull = Mutex(false)
  init(_ store: any StaffSessionStore) { self.store = store }

  private func write<T>(_ body: () async throws -> T) async throws -> T {
    if isFull.withLock({ $0 }) { throw StoreError(.storageFull, "The disk is full.") }
    return try await body()
  }

  func insert(_ session: StaffSession, limit: Int) async throws {
    try await write { try await store.insert(session, limit: limit) }
  }
  func staffSession(secretHash: Data) async throws -> StaffSession? {
    try await store.staffSession(secretHash: secretHash)
  }
  func staffSession(id: String) async throws -> StaffSession? { try await store.staffSession(id: id) }
  func staffSessions() async throws -> [StaffSession] { try await store.staffSessions() }
  func countStaffSessions() async throws -> Int { try await store.countStaffSessions() }
  func noteUse(ofStaffSession id: String, at time: Date) async throws {
    try await write { try await store.noteUse(ofStaffSession: id, at: time) }
  }
  func claimCheck(ofStaffSession id: String, seen: Date, until lease: Date, at now: Date) async throws -> Bool
  {
    try await write { try await store.claimCheck(ofStaffSession: id, seen: seen, until: lease, at: now) }
  }
  func reseal(_ sealed: Data, ofStaffSession id: String) async throws {
    try await write { try await store.reseal(sealed, ofStaffSession: id) }
  }
  func settleCheck(of session: StaffSession) async throws {
    try await write { try await store.settleCheck(of: session) }
  }
  func noteUnanswered(ofStaffSession id: String, since: Date, until pause: Date) async throws {
    try await write { try await store.noteUnanswered(ofStaffSession: id, since: since, until: pause) }
  }
  func removeStaffSession(_ id: String) async throws -> Bool {
    try await write { try await store.removeStaffSession(id) }
  }
  func removeStaffSessions(unusedSince: Date, begunBefore: Date, endingBy: Date) async throws
    -> [StaffSession]
  {
    try await write {
      try await store.removeStaffSessions(
        unusedSince: unusedSince, begunBefore: begunBefore, endingBy: endingBy)
    }
  }
  func useLogin(_ state: Data, until: Date, at now: Date) async throws -> Bool {
    try await write { try await store.useLogin(state, until: until, at: now) }
  }
}

extension SignInScene {
  func keeper(edit: (inout SignInConfiguration) -> Void) throws -> SessionKeeper {
    var services = backend.services()
    services.clock = { [self] in now }
    var configuration = try SignInConfiguration(publicURL: Self.publicURL, clientID: StandInProvider.clientID)
    edit(&configuration)
    let issuer = IssuerVerifier(
      try IssuerConfiguration(
        issuer: provider.issuer.issuer, audience: "api", rules: try IssuerConfiguration.rules("support=agent")
      ),
      services: services)
    return try #require(SignInFlow(configuration, issuer: issuer, services: services)).keeper
  }
}
