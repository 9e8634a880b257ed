import Domain
import Foundation
import HTTPTypes
import Security
import Testing

@testable import Gateway

/// People sign in at a provider, by HTTP, as their browsers do.
@Suite struct SignInTests {
  @Test func fromLoginToLogout() async throws {
    let scene = try await SignInScene()
    try await scene.backend.put("a", "Returns take a week.")
    let gateway = try scene.gateway()
    var browser = BrowserStandIn(scene: scene)
    let location = try await browser.begin(at: gateway, returnTo: "/docs?x=1")
    #expect(location.hasPrefix(scene.provider.issuer.issuer + "/authorize?response_type=code&"))
    #expect(location.contains("code_challenge_method=S256") && !location.contains("verifier"))
    let back = try await browser.answer(to: location)
    let reply = try await browser.send(.get, back, at: gateway)
    #expect(reply.status == 303 && reply.headers[.location] == "/docs?x=1")
    let set = reply.headers[values: .setCookie]
    let attributes = "; Path=/; HttpOnly; SameSite=Lax; Secure"
    #expect(set.count == 2 && set[0].hasPrefix("__Host-frontdesk_session=") && set[0].hasSuffix(attributes))
    #expect(set[1] == "__Host-frontdesk_login=\(attributes); Max-Age=0")

    let me = try await browser.send(.get, "/v1/session", at: gateway)
    #expect(me.at("session.role")?.text == "agent" && me.at("session.groups")?.elements == ["support"])
    #expect(me.at("session.kbs")?.elements == ["shop", "default"])
    #expect(me.at("session.idle_ends_at")?.text == Timestamp.text(scene.now + 900))
    #expect(me.at("session.ends_at")?.text == Timestamp.text(scene.now + 43_200))
    let user = try #require(me.at("session.user")?.text)
    #expect(user.hasPrefix("user:") && !me.text.contains("ann"))
    let token = try await browser.token(at: gateway)
    let found = try await browser.send(
      .post, "/v1/search", at: gateway, headers: token, json: ["query": "returns"])
    #expect(found.status == 200 && found.at("hits")?.elements.count == 1, "\(found.text)")
    let put = try await browser.send(
      .put, "/v1/kbs/default/documents/b", at: gateway, headers: token, json: ["text": "x"])
    #expect(put.status == 403 && put.code == "forbidden")
    #expect(try await browser.send(.get, "/v1/kbs/other", at: gateway).code == "kb_not_found")
    // Nothing that the provider gave is in what the browser saw, nor in the clear on the disk.
    let given = scene.provider.given.filter { !back.contains($0) }
    #expect(given.count == 3)
    for secret in given { #expect(!browser.seen.contains(secret)) }
    let files = try scene.filesOfTheStore()
    for secret in given + [try #require(browser.session)] {
      #expect(files.range(of: Data(secret.utf8)) == nil)
    }
    #expect(files.range(of: Data(user.dropFirst(5).utf8)) != nil)

    #expect(scene.provider.openTokens == 1)
    let out = try await browser.send(.post, "/v1/session/logout", at: gateway, headers: token)
    #expect(out.status == 200 && browser.session == nil)
    #expect(
      out.at("logout_url")?.text
        == scene.provider.issuer.issuer
        + "/logout?client_id=frontdesk&post_logout_redirect_uri=https%3A%2F%2Fdesk.example%2F")
    #expect(scene.provider.openTokens == 0)
    let events = try await scene.backend.store.auditEntries(after: 0, limit: 9).map(\.event)
    #expect(events.map(\.action) == ["session.sign_in", "session.sign_out"])
    #expect(events.allSatisfy { $0.actor == user } && events[0].target == events[1].target)
    let metrics = scene.backend.metrics.exposition()
    #expect(metrics.contains("frontdesk_sign_ins_total{outcome=\"signed_in\"} 1\n"))
    #expect(metrics.contains("frontdesk_sessions 0\n"))
    #expect(
      metrics.contains(
        "frontdesk_outgoing_duration_seconds_count{destination=\"\(scene.provider.issuer.issuer)\""))
    try await scene.provider.stop()
  }

  /// On plain HTTP of this machine the names go without the prefix, which browsers take over TLS alone.
  @Test func cookiesOnLoopback() throws {
    let plain = try SignInConfiguration(publicURL: "http://127.0.0.1:8080", clientID: "x").cookies
    #expect(plain.session == "frontdesk_session")
    #expect(plain.setting("a", to: "b") == "a=b; Path=/; HttpOnly; SameSite=Lax")
    let headers: HTTPFields = [.cookie: "a=1;b=2 ; a=3; ab=4; =5; a"]
    #expect(SessionCookies.values(of: "a", in: headers) == ["1", "3"])
    #expect(SessionCookies.values(of: "b", in: headers) == ["2"])
    for url in ["", "http://desk.example", "https://desk.example/", "https://desk.example/x", "desk.example"]
    {
      #expect(throws: GatewayError.self) { try SignInConfiguration(publicURL: url, clientID: "x") }
    }
    #expect(throws: GatewayError.self) {
      try SignInConfiguration(publicURL: "https://desk.example", clientID: "x", scopes: ["profile"])
    }
  }

  @Test func withoutTheSettingNobodySignsIn() async throws {
    let gateway = try Backend().gateway()
    #expect(try await gateway.send(.get, "/v1/session/login").code == "sign_in_off")
    #expect(
      try await gateway.send(.get, "/v1/session", headers: ["Cookie": "frontdesk_session=x"]).status == 401)
    #expect(try await gateway.send(.get, "/v1/sessions", key: Backend.ownerKey).code == "sign_in_off")
  }

  // MARK: Attacks on the answer

  /// Each is data: what an attacker changes of the answer or of the browser, and what comes of it.
  @Test func attacksOnTheAnswer() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    let other = try SignInScene.Sealed(scene)
    func replaced(_ url: String, _ name: String, _ value: String?) -> String {
      let parts = url.split(separator: "?", maxSplits: 1)
      let pairs = parts[1].split(separator: "&").filter { !$0.hasPrefix(name + "=") }.map(String.init)
      return parts[0] + "?" + (pairs + (value.map { [name + "=" + $0] } ?? [])).joined(separator: "&")
    }
    typealias Change = (inout String, inout BrowserStandIn) -> Void
    let login = "__Host-frontdesk_login"
    let attacks: [(String, Int, String, Change)] = [
      ("no state", 400, "invalid_login", { url, _ in url = replaced(url, "state", nil) }),
      (
        "another state", 400, "invalid_login",
        { url, _ in url = replaced(url, "state", Base64URL.encode(RandomBytes.key())) }
      ),
      ("an empty state", 400, "invalid_login", { url, _ in url = replaced(url, "state", "") }),
      (
        "no cookie: the answer to an attacker's own sign-in", 400, "invalid_login",
        { _, browser in browser.cookies = [:] }
      ),
      (
        "a cookie of another server's secrets", 400, "invalid_login",
        { _, browser in browser.cookies[login] = other.cookie }
      ),
      (
        "a changed cookie", 400, "invalid_login",
        { _, browser in
          let cookie = browser.cookies[login]!
          let place = cookie.index(cookie.endIndex, offsetBy: -9)
          browser.cookies[login] = cookie.dropLast(9) + (cookie[place] == "A" ? "B" : "A") + cookie.suffix(8)
        }
      ),
      ("a cookie that is none", 400, "invalid_login", { _, browser in browser.cookies[login] = "x" }),
      (
        "the issuer of another provider (mix-up)", 400, "invalid_login",
        { url, _ in url = replaced(url, "iss", "https%3A%2F%2Fevil.example") }
      ),
      (
        "no issuer, although it always names itself", 400, "invalid_login",
        { url, _ in url = replaced(url, "iss", nil) }
      ),
      ("no code", 400, "invalid_login", { url, _ in url = replaced(url, "code", nil) }),
      ("a made-up code", 403, "sign_in_refused", { url, _ in url = replaced(url, "code", "x") }),
      (
        "the provider's refusal", 403, "sign_in_refused",
        { url, _ in url = replaced(url, "code", nil) + "&error=access_denied" }
      ),
    ]
    for (name, status, code, change) in attacks {
      var browser = BrowserStandIn(scene: scene)
      var url = try await browser.answer(to: try await browser.begin(at: gateway))
      change(&url, &browser)
      let reply = try await browser.send(.get, url, at: gateway)
      #expect(reply.status == status && reply.code == code, "\(name): \(reply.text)")
      #expect(browser.session == nil, "\(name)")
    }
    // Not within ten minutes.
    var slow = BrowserStandIn(scene: scene)
    let late = try await slow.answer(to: try await slow.begin(at: gateway))
    scene.advance(PendingLogin.lifetime)
    #expect(try await slow.send(.get, late, at: gateway).code == "invalid_login")
    #expect(try await scene.backend.store.countStaffSessions() == 0)
    try await scene.provider.stop()
  }

  /// An answer is taken once, by any process; a code that comes back ends at the provider, too.
  @Test func replays() async throws {
    let scene = try await SignInScene()
    let (gateway, other) = (try scene.gateway(), try scene.gateway())
    var browser = BrowserStandIn(scene: scene)
    let url = try await browser.answer(to: try await browser.begin(at: gateway))
    let before = browser
    #expect(try await browser.send(.get, url, at: gateway).status == 303)
    for again in [gateway, other] {
      var thief = before
      let reply = try await thief.send(.get, url, at: again)
      #expect(reply.status == 400 && reply.code == "invalid_login" && thief.session == nil)
    }
    // The code, stolen, in an answer to a sign-in of the thief's own.
    let code = url.split(separator: "?")[1].split(separator: "&").first { $0.hasPrefix("code=") }!
    var thief = BrowserStandIn(scene: scene)
    let own = try await thief.answer(to: try await thief.begin(at: gateway))
    let mixed = own.replacing(
      own.split(separator: "?")[1].split(separator: "&").first { $0.hasPrefix("code=") }!, with: code)
    let reply = try await thief.send(.get, mixed, at: gateway)
    #expect(reply.status == 403 && reply.code == "sign_in_refused" && thief.session == nil)
    // A fresh code of another's sign-in: its challenge is to another verifier.
    var victim = BrowserStandIn(scene: scene)
    let fresh = try await victim.answer(to: try await victim.begin(at: gateway), as: "bob")
    let stolen = fresh.split(separator: "?")[1].split(separator: "&").first { $0.hasPrefix("code=") }!
    var injector = BrowserStandIn(scene: scene)
    let mine = try await injector.answer(to: try await injector.begin(at: gateway))
    let injected = mine.replacing(
      mine.split(separator: "?")[1].split(separator: "&").first { $0.hasPrefix("code=") }!, with: stolen)
    let refused = scene.provider.refusedVerifiers
    #expect(try await injector.send(.get, injected, at: gateway).code == "sign_in_refused")
    #expect(scene.provider.refusedVerifiers == refused + 1 && injector.session == nil)
    try await scene.provider.stop()
  }

  @Test func attacksByIdentityTokens() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    let time = scene.now.timeIntervalSince1970
    let twists: [(String, (inout StandInProvider.Twist) -> Void)] = [
      ("none", { $0.withoutIDToken = true }), ("of another key", { $0.isOfAnotherKey = true }),
      ("alg none", { $0.algorithm = "none" }), ("alg HS256", { $0.algorithm = "HS256" }),
      ("another nonce", { $0.claims = ["nonce": "x"] }), ("no nonce", { $0.claims = ["nonce": .null] }),
      ("expired", { $0.claims = ["exp": .number(time - 61)] }), ("no end", { $0.claims = ["exp": .null] }),
      ("for another client", { $0.claims = ["aud": "another"] }),
      ("for the API", { $0.claims = ["aud": "api"] }),
      ("for several, unsaid who asked", { $0.claims = ["aud": ["frontdesk", "another"]] }),
      ("asked for by another", { $0.claims = ["aud": ["frontdesk", "another"], "azp": "another"] }),
      ("of another issuer", { $0.claims = ["iss": "https://evil.example"] }),
      ("of nobody", { $0.claims = ["sub": ""] }), ("no refresh token", { $0.withoutRefreshToken = true }),
    ]
    for (name, twist) in twists {
      scene.provider.twist(twist)
      var browser = BrowserStandIn(scene: scene)
      let reply = try await browser.signIn(at: gateway)
      #expect(reply.status == 403 && reply.code == "sign_in_refused", "\(name): \(reply.text)")
      #expect(browser.session == nil, "\(name)")
    }
    scene.provider.twist { $0.claims = ["aud": ["frontdesk", "another"], "azp": "frontdesk"] }
    _ = try await scene.signIn(at: gateway)
    // Where groups are not in the token, they are asked for.
    scene.provider.twist { $0.groupsInUserinfo = true }
    var browser = try await scene.signIn("bob", at: gateway)
    #expect(try await browser.send(.get, "/v1/session", at: gateway).at("session.role")?.text == "owner")
    // Who is refused is on record without a name; what the provider did not vouch for names nobody.
    let events = try await scene.backend.store.auditEntries(after: 0, limit: 99).map(\.event)
    #expect(events.count { $0.action == "session.refuse" && $0.actor == "anonymous" } == twists.count - 1)
    try await scene.provider.stop()
  }

  @Test func whoHasNoRoleAndWhoSignedInWeakly() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway(signIn: ["mfa"])
    scene.provider.edit("ann") { $0?.groups = ["nobody"] }
    var browser = BrowserStandIn(scene: scene)
    let url = try await browser.answer(to: try await browser.begin(at: gateway))
    let page = try await browser.send(.get, url, at: gateway, headers: ["Accept": "text/html,*/*;q=0.8"])
    #expect(page.status == 403 && page.headers[.contentType] == "text/html; charset=utf-8")
    #expect(page.text.contains("none of your groups has a role") && page.text.contains("sign_in_refused"))
    #expect(
      !page.text.contains("<script")
        && page.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
    #expect(browser.cookies.isEmpty)
    scene.provider.edit("ann") { $0 = .init(amr: ["pwd"]) }
    let location = try await browser.begin(at: gateway)
    #expect(location.contains("acr_values=mfa"))
    let weak = try await browser.send(.get, try await browser.answer(to: location), at: gateway)
    #expect(weak.status == 403 && weak.at("detail")?.text?.contains("one of: mfa") == true, "\(weak.text)")
    // A provider that says what it may be asked for is asked for nothing else.
    scene.provider.issuer.describe(["acr_values_supported": ["gold", "silver"]])
    let strict = try scene.gateway(signIn: ["mfa", "gold"])
    var other = BrowserStandIn(scene: scene)
    #expect(try await other.begin(at: strict).hasSuffix("&acr_values=gold"))
    scene.provider.edit("ann") { $0?.amr = ["pwd", "mfa"] }
    _ = try await scene.signIn(at: gateway)
    let events = try await scene.backend.store.auditEntries(after: 0, limit: 9).map(\.event)
    #expect(events.map(\.target).prefix(2) == ["no_role", "weak"] && events[0].actor == events[2].actor)
    let metrics = scene.backend.metrics.exposition()
    for outcome in ["no_role", "weak"] {
      #expect(metrics.contains("frontdesk_sign_ins_total{outcome=\"\(outcome)\"} 1\n"))
    }
    try await scene.provider.stop()
  }

  @Test func onlyPathsOfThisServerAreReturnedTo() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    let good = ["/", "/docs", "/docs?a=b&c=d", "/v1/kbs/default/documents/%C3%BC", "/v1/session", "/a%2Fb"]
    let bad = [
      "", "//evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
      "https:evil.example",
      "javascript:alert(1)", "evil.example", "/%2F%2Fevil.example", "/%2Fevil.example", "/%5Cevil.example",
      "/x\r\nSet-Cookie: a=b",
      "/x%0d%0aSet-Cookie:%20a=b", "/\tevil", "/x y", "/ü", "/%zz", "/a//evil.example", "/v1/session/login",
      "/V1/session/login", "/v1%2fsession/login", "/" + String(repeating: "a", count: 1024),
    ]
    for path in good { #expect(LocalPath.isValid(path), "\(path)") }
    for path in bad {
      #expect(!LocalPath.isValid(path), "\(path)")
      let reply = try await gateway.send(.get, "/v1/session/login?return_to=" + PercentEncoding.encode(path))
      #expect(
        reply.status == 400 && reply.code == "invalid_return_to" && reply.headers[.location] == nil, "\(path)"
      )
    }
    try await scene.provider.stop()
  }

  /// Where nobody answers, nobody signs in, and it is said.
  @Test func theProviderIsDown() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway()
    var browser = BrowserStandIn(scene: scene)
    let url = try await browser.answer(to: try await browser.begin(at: gateway))
    scene.provider.twist { $0.tokenStatus = 503 }
    #expect(try await browser.send(.get, url, at: gateway).code == "issuer_unavailable")
    // A wrong secret is this server's fault, and not its user's.
    scene.provider.twist {
      $0.tokenStatus = 401
      $0.tokenError = "invalid_client"
    }
    #expect(try await browser.signIn(at: gateway).code == "issuer_unavailable")
    try await scene.provider.stop()
    let fresh = try scene.gateway()
    #expect(try await fresh.send(.get, "/v1/session/login").code == "issuer_unavailable")
  }

  @Test func signingInIsLimitedByAddress() async throws {
    let scene = try await SignInScene()
    let gateway = try scene.gateway(configure: { $0.rates = .init(address: .init(units: 0.001, burst: 20)) })
    var replies: [Reply] = []
    for _ in 0..<8 { replies.append(try await gateway.send(.get, "/v1/session/login")) }
    #expect(replies.map(\.status) == [303, 303, 303, 303, 303, 429, 429, 429])
    #expect(replies[7].headers[.retryAfter] != nil)
    try await scene.provider.stop()
  }
}

extension SignInScene {
  /// A sign-in that another server sealed.
  struct Sealed {
    let cookie: String
    init(_ scene: SignInScene) throws {
      let backend = try Backend()
      let sealing = TokenSecretsSealing(TokenSecretsFile(folder: backend.folder.url))
      cookie = try PendingLogin(returnTo: "/docs", at: scene.now).sealed(by: sealing)
    }
  }

  /// Every byte of the store's folder.
  func filesOfTheStore() throws -> Data {
    let folder = backend.store.folder
    var all = Data()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      all += (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data()
    }
    #expect(all.count > 10_000)
    return all
  }
}
