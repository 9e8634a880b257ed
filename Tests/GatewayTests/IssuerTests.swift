import Crypto
import CryptoExtras
import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security
import ServiceLifecycle
import Synchronization
import Testing

@testable import Gateway

/// A stand-in for an identity provider: real keys, real signatures, and a count of who asked.
final class StandInIssuer: Sendable {
  enum Key {
    case rsa(_RSA.Signing.PrivateKey)
    case p256(P256.Signing.PrivateKey)
  }
  struct Down: Error {}
  private struct State {
    var keys: [(id: String, key: Key)] = []
    var requests = 0
    var isDown = false
    var claimedIssuer: String?
    var description: [String: JSONValue] = [:]
  }
  let issuer: String
  private let state = Mutex(State())

  init(issuer: String = "https://login.example") throws {
    self.issuer = issuer
    add("rsa-1", .rsa(try _RSA.Signing.PrivateKey(keySize: .bits2048)))
    add("ec-1", .p256(P256.Signing.PrivateKey()))
  }

  var requests: Int { state.withLock { $0.requests } }
  func setDown(_ isDown: Bool) { state.withLock { $0.isDown = isDown } }
  /// Further members of its discovery document.
  func describe(_ members: [String: JSONValue]) {
    state.withLock { $0.description.merge(members) { $1 } }
  }
  func claim(_ issuer: String?) { state.withLock { $0.claimedIssuer = issuer } }
  func add(_ id: String, _ key: Key) { state.withLock { $0.keys.append((id, key)) } }
  func remove(_ id: String) { state.withLock { $0.keys.removeAll { $0.id == id } } }
  func key(_ id: String) -> Key? { state.withLock { $0.keys.first { $0.id == id }?.key } }

  /// What it answers; the very bytes that its HTTP form sends.
  func get(_ url: URL) throws -> Data {
    try state.withLock { state in
      state.requests += 1
      if state.isDown { throw Down() }
      switch url.path() {
      case "/.well-known/openid-configuration":
        let discovery: [String: JSONValue] = [
          "issuer": .string(state.claimedIssuer ?? issuer), "jwks_uri": .string(issuer + "/jwks"),
        ]
        return JSONText.data(JSONValue.object(discovery.merging(state.description) { $1 }))
      case "/jwks":
        // An HMAC key and one of an unknown kind among them: neither signs anything for us.
        let others: [JSONValue] = [
          ["kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0"],
          ["kty": "OKP", "kid": "ed", "x": "AA"], 5,
        ]
        let set = JSONValue.object([
          "keys": .array(others + (try state.keys.map { try Self.jwk($0.id, $0.key) }))
        ])
        return JSONText.data(set)
      default: throw Down()
      }
    }
  }

  private static func jwk(_ id: String, _ key: Key) throws -> JSONValue {
    switch key {
    case .rsa(let key):
      let numbers = try key.publicKey.getKeyPrimitives()
      return [
        "kty": "RSA", "kid": .string(id), "use": "sig", "alg": "RS256",
        "n": .string(Base64URL.encode(numbers.modulus)),
        "e": .string(Base64URL.encode(numbers.publicExponent)),
      ]
    case .p256(let key):
      let point = key.publicKey.rawRepresentation
      return [
        "kty": "EC", "kid": .string(id), "crv": "P-256",
        "x": .string(Base64URL.encode(Data(point.prefix(32)))),
        "y": .string(Base64URL.encode(Data(point.suffix(32)))),
      ]
    }
  }

  static func sign(_ header: JSONValue, _ claims: JSONValue, with key: Key?) throws -> String {
    let signed = Base64URL.encode(JSONText.data(header)) + "." + Base64URL.encode(JSONText.data(claims))
    let signature: Data =
      switch key {
      case .rsa(let key):
        try key.signature(for: SHA256.hash(data: Data(signed.utf8)), padding: .insecurePKCS1v1_5)
          .rawRepresentation
      case .p256(let key): try key.signature(for: Data(signed.utf8)).rawRepresentation
      case nil: Data()
      }
    return signed + "." + Base64URL.encode(signature)
  }

  /// A token as it would issue one, with what a case says otherwise.
  func token(
    at now: Date, kid: String = "rsa-1", alg: String? = nil, header more: [String: JSONValue] = [:],
    without left: [String] = [], _ claims: [String: JSONValue] = [:]
  ) throws -> String {
    let key = key(kid)
    var name = "RS256"
    if case .p256 = key { name = "ES256" }
    let header: [String: JSONValue] = ["alg": .string(alg ?? name), "kid": .string(kid), "typ": "JWT"]
    let time = now.timeIntervalSince1970
    let standard: [String: JSONValue] = [
      "iss": .string(issuer), "aud": ["frontdesk", "other"], "sub": "u-17", "exp": .number(time + 300),
      "nbf": .number(time - 5), "iat": .number(time), "groups": ["support", "staff"],
    ]
    let all = standard.merging(claims) { $1 }.filter { !left.contains($0.key) }
    return try Self.sign(.object(header.merging(more) { $1 }), .object(all), with: key)
  }
}

@Suite struct IssuerTests {
  static let now = Date(timeIntervalSince1970: 1_800_000_000)

  static func configuration(_ issuer: String) throws -> IssuerConfiguration {
    try IssuerConfiguration(
      issuer: issuer, audience: "frontdesk",
      rules: try IssuerConfiguration.rules("chief=owner,support=agent:shop+default"))
  }

  static func verifier(_ issuer: StandInIssuer, clock: @escaping @Sendable () -> Date = { now }) throws
    -> IssuerVerifier
  {
    IssuerVerifier(try configuration(issuer.issuer), fetch: { try issuer.get($0) }, clock: clock)
  }

  func code(_ verifier: IssuerVerifier, _ token: String) async -> String {
    do {
      _ = try await verifier.principal(presenting: token)
      return "accepted"
    } catch { return (error as? Problem)?.code ?? "\(error)" }
  }

  @Test(arguments: ["rsa-1", "ec-1"])
  func groupsBecomeARole(kid: String) async throws {
    let issuer = try StandInIssuer()
    let verifier = try Self.verifier(issuer)
    let agent = try await verifier.principal(presenting: try issuer.token(at: Self.now, kid: kid))
    #expect(agent.role == .agent && agent.knowledgeBases == ["shop", "default"])
    #expect(agent.viewer == .signedIn(groups: ["support", "staff"]))
    let actor = try #require(agent.actor)
    #expect(actor.hasPrefix("user:") && !actor.contains("u-17") && agent.keyID == nil)
    // The first rule that fits, whatever the order of the claim; one group may stand without a list.
    let owner = try await verifier.principal(
      presenting: try issuer.token(at: Self.now, kid: kid, ["groups": ["support", "chief"]]))
    #expect(owner.role == .owner && owner.actor == actor)
    let single = try issuer.token(at: Self.now, kid: kid, ["groups": "chief", "aud": "frontdesk"])
    #expect(try await verifier.principal(presenting: single).role == .owner)
    for groups: JSONValue in [[], ["nobody"], .null, 5, [5]] {
      #expect(
        await code(verifier, try issuer.token(at: Self.now, kid: kid, ["groups": groups])) == "forbidden")
    }
  }

  /// Where groups come as scopes, as in tokens of programs, they are the words of one string.
  @Test func scopesAreGroupsToo() async throws {
    let issuer = try StandInIssuer()
    let configuration = try IssuerConfiguration(
      issuer: issuer.issuer, audience: "frontdesk", groupsClaim: "scope",
      rules: try IssuerConfiguration.rules("frontdesk:ask=service"))
    let verifier = IssuerVerifier(configuration, fetch: { try issuer.get($0) }, clock: { Self.now })
    let program = try issuer.token(at: Self.now, ["scope": "openid frontdesk:ask"])
    #expect(try await verifier.principal(presenting: program).role == .service)
    #expect(
      await code(verifier, try issuer.token(at: Self.now, ["scope": "openid frontdesk:asking"]))
        == "forbidden")
  }

  /// People have groups and programs scopes, at one issuer.
  @Test func severalClaimsOfGroups() async throws {
    let issuer = try StandInIssuer()
    let configuration = try IssuerConfiguration(
      issuer: issuer.issuer, audience: "frontdesk", groupsClaim: "groups, scope",
      rules: try IssuerConfiguration.rules("chief=owner,api=service"))
    let verifier = IssuerVerifier(configuration, fetch: { try issuer.get($0) }, clock: { Self.now })
    for (groups, scope, role) in [
      ("chief", "openid", AccessKey.Role.owner), ("staff", "openid api", .service),
    ] {
      let token = try issuer.token(
        at: Self.now, ["groups": [.string(groups)], "scope": .string(scope)])
      #expect(try await verifier.principal(presenting: token).role == role)
    }
    let program = try issuer.token(at: Self.now, without: ["groups"], ["scope": "api"])
    #expect(try await verifier.principal(presenting: program).role == .service)
    #expect(throws: GatewayError.self) {
      try IssuerConfiguration(
        issuer: issuer.issuer, audience: "x", groupsClaim: ",", rules: configuration.rules)
    }
  }

  @Test func strongSignInWhereItIsAskedFor() async throws {
    let issuer = try StandInIssuer()
    let configuration = try IssuerConfiguration(
      issuer: issuer.issuer, audience: "frontdesk", rules: try IssuerConfiguration.rules("support=agent"),
      signIn: ["mfa", "urn:gold"])
    let verifier = IssuerVerifier(configuration, fetch: { try issuer.get($0) }, clock: { Self.now })
    for claims: [String: JSONValue] in [["amr": ["pwd", "mfa"]], ["acr": "urn:gold"]] {
      #expect(await code(verifier, try issuer.token(at: Self.now, claims)) == "accepted")
    }
    for claims: [String: JSONValue] in [[:], ["amr": ["pwd"]], ["acr": "urn:gold2"], ["amr": "mfa pwd"]] {
      #expect(await code(verifier, try issuer.token(at: Self.now, claims)) == "unauthorized")
    }
    let problem = await #expect(throws: Problem.self) {
      try await verifier.principal(presenting: try issuer.token(at: Self.now))
    }
    #expect(problem?.headers[.wwwAuthenticate]?.contains("acr_values=\"mfa urn:gold\"") == true)
  }

  /// Attacks as data: each is refused, each as the same kind of error.
  @Test func attacks() async throws {
    let issuer = try StandInIssuer()
    let verifier = try Self.verifier(issuer)
    let time = Self.now.timeIntervalSince1970
    func token(_ claims: [String: JSONValue]) throws -> String { try issuer.token(at: Self.now, claims) }
    let good = try issuer.token(at: Self.now)
    let parts = good.split(separator: ".").map(String.init)
    // Key confusion: an HMAC whose secret is the public key, which everyone has, in each spelling of it.
    guard case .rsa(let rsa) = issuer.key("rsa-1") else { throw CancellationError() }
    func confused(_ secret: Data, alg: String) throws -> String {
      let unsigned = try issuer.token(at: Self.now, alg: alg).split(separator: ".").prefix(2).joined(
        separator: ".")
      let mac = HMAC<SHA256>.authenticationCode(for: Data(unsigned.utf8), using: SymmetricKey(data: secret))
      return unsigned + "." + Base64URL.encode(Data(mac))
    }
    let otherRSA = try _RSA.Signing.PrivateKey(keySize: .bits2048)
    func foreign(_ kid: String) throws -> String {
      try StandInIssuer.sign(
        ["alg": "RS256", "kid": .string(kid)],
        [
          "iss": .string(issuer.issuer), "aud": "frontdesk", "sub": "u", "exp": .number(time + 60),
          "groups": "chief",
        ],
        with: .rsa(otherRSA))
    }
    let jwk = JSONValue.object(["kty": "RSA", "n": "AQAB", "e": "AQAB"])
    let attacks: [String: String] = [
      "expired": try token(["exp": .number(time - 61)]), "no end": try token(["exp": .null]),
      "end as text": try token(["exp": "4102444800"]), "not yet": try token(["nbf": .number(time + 61)]),
      "wrong audience": try token(["aud": "another"]), "no audience": try token(["aud": .null]),
      "audience in part": try token(["aud": "frontdesk-admin"]),
      "wrong issuer": try token(["iss": "https://evil.example"]), "no issuer": try token(["iss": .null]),
      "issuer with a slash": try token(["iss": .string(issuer.issuer + "/")]),
      "no subject": try token(["sub": ""]),
      "alg none": try issuer.token(at: Self.now, alg: "none"),
      "alg none, unsigned": parts[0].isEmpty
        ? "" : try StandInIssuer.sign(["alg": "none"], ["iss": .string(issuer.issuer)], with: nil),
      "alg None": try issuer.token(at: Self.now, alg: "None"),
      "confusion by PEM": try confused(Data(rsa.publicKey.pemRepresentation.utf8), alg: "HS256"),
      "confusion by DER": try confused(rsa.publicKey.derRepresentation, alg: "HS256"),
      "confusion by shared key": try confused(Data("secret".utf8), alg: "HS256"),
      "RS256 of an EC key": try issuer.token(at: Self.now, kid: "ec-1", alg: "RS256"),
      "ES256 of an RSA key": try issuer.token(at: Self.now, kid: "rsa-1", alg: "ES256"),
      "RS512": try issuer.token(at: Self.now, alg: "RS512"),
      "PS256": try issuer.token(at: Self.now, alg: "PS256"),
      "unknown kid": try foreign("rsa-9"), "known kid, another key": try foreign("rsa-1"),
      "own key in the header": try issuer.token(at: Self.now, kid: "rsa-9", header: ["jwk": jwk]),
      "critical extension": try issuer.token(at: Self.now, header: ["crit": ["exp"]]),
      "claims of another":
        "\(parts[0]).\(try token(["groups": "chief"]).split(separator: ".")[1]).\(parts[2])",
      "cut signature": "\(parts[0]).\(parts[1]).\(parts[2].dropLast(4))",
      "no signature": "\(parts[0]).\(parts[1]).",
      "padded": good + "=", "two parts": "\(parts[0]).\(parts[1])", "four parts": good + ".x", "dots": "..",
      "long": "\(parts[0]).\(String(repeating: "A", count: 20_000)).\(parts[2])",
      "empty EC signature": try StandInIssuer.sign(
        ["alg": "ES256", "kid": "ec-1"], ["iss": .string(issuer.issuer)], with: nil),
      "zero EC signature": (try issuer.token(at: Self.now, kid: "ec-1")).split(separator: ".").prefix(2)
        .joined(separator: ".") + "." + Base64URL.encode(Data(count: 64)),
    ]
    for (name, attack) in attacks { #expect(await code(verifier, attack) == "unauthorized", "\(name)") }
    #expect(await code(verifier, good) == "accepted")
    // Within what clocks differ by.
    #expect(await code(verifier, try token(["exp": .number(time - 59)])) == "accepted")
    #expect(await code(verifier, try token(["nbf": .number(time + 59)])) == "accepted")
  }

  /// Keys are fetched once, again where one is new, and never as often as an attacker likes.
  @Test func rotationAndItsLimit() async throws {
    let time = Mutex(Self.now)
    let issuer = try StandInIssuer()
    let verifier = try Self.verifier(issuer) { time.withLock { $0 } }
    func later(_ seconds: TimeInterval) -> Date {
      time.withLock {
        $0 += seconds; return $0
      }
    }
    for _ in 0..<20 { #expect(await code(verifier, try issuer.token(at: Self.now)) == "accepted") }
    #expect(issuer.requests == 2)
    // A storm of unknown keys: one refetch in half a minute.
    func storm() async throws {
      for number in 0..<50 {
        let token = try StandInIssuer.sign(
          ["alg": "RS256", "kid": .string("x\(number)")], ["iss": .string(issuer.issuer)],
          with: issuer.key("rsa-1"))
        #expect(await code(verifier, token) == "unauthorized")
      }
    }
    try await storm()
    #expect(issuer.requests == 2)
    _ = later(IssuerKeys.refetchPause)
    try await storm()
    #expect(issuer.requests == 4)
    // What says it is another issuer's is not asked about at all.
    _ = later(IssuerKeys.refetchPause)
    _ = await code(verifier, try issuer.token(at: Self.now, kid: "new", ["iss": "https://evil.example"]))
    #expect(issuer.requests == 4)
    // A rotation: the new key is found at once, the old one ends with the next fetch.
    let old = try issuer.token(at: Self.now, ["exp": .number(4e9)])
    issuer.add("rsa-2", .rsa(try _RSA.Signing.PrivateKey(keySize: .bits2048)))
    issuer.remove("rsa-1")
    #expect(await code(verifier, old) == "accepted")
    #expect(await code(verifier, try issuer.token(at: Self.now, kid: "rsa-2")) == "accepted")
    #expect(issuer.requests == 6)
    #expect(await code(verifier, old) == "unauthorized")
    // Old keys are fetched anew after their time, and hold on where the issuer is down, for a day.
    let lasting = try issuer.token(at: Self.now, kid: "rsa-2", ["exp": .number(4e9)])
    _ = later(IssuerKeys.lifetime)
    issuer.setDown(true)
    #expect(await code(verifier, lasting) == "accepted")
    #expect(issuer.requests == 7)
    _ = later(IssuerKeys.lastResort)
    #expect(await code(verifier, lasting) == "issuer_unavailable")
    issuer.setDown(false)
    _ = later(IssuerKeys.refetchPause)
    #expect(await code(verifier, lasting) == "accepted")
  }

  @Test func anIssuerSpeaksForItselfAlone() async throws {
    let issuer = try StandInIssuer()
    issuer.claim("https://evil.example")
    #expect(await code(try Self.verifier(issuer), try issuer.token(at: Self.now)) == "issuer_unavailable")
  }

  @Test func configurationIsChecked() throws {
    func code(_ issuer: String, _ audience: String, _ rules: String) -> String {
      do {
        _ = try IssuerConfiguration(
          issuer: issuer, audience: audience, rules: try IssuerConfiguration.rules(rules))
        return "accepted"
      } catch { return (error as? GatewayError)?.code ?? "\(error)" }
    }
    #expect(code("https://login.example", "fd", "a=agent, b=analyst:kb") == "accepted")
    #expect(code("http://127.0.0.1:8080/realm", "fd", "a=agent") == "accepted")
    for (issuer, audience, rules) in [
      ("http://login.example", "fd", "a=agent"), ("https://login.example/", "fd", "a=agent"),
      ("https://u:p@login.example", "fd", "a=agent"), ("login.example", "fd", "a=agent"),
      ("", "fd", "a=agent"),
      ("https://login.example", "", "a=agent"), ("https://login.example", "fd", ""),
      ("https://login.example", "fd", "a=king"), ("https://login.example", "fd", "a"),
      ("https://login.example", "fd", "a=agent:"),
    ] { #expect(code(issuer, audience, rules) == "invalid_issuer", "\(issuer) \(audience) \(rules)") }
  }

  /// By the one way out: the name is looked up once, and where it is connected to is what that gave.
  @Test func theIssuerIsAskedByTheOneWayOut() async throws {
    let standIn = try await StandIn { _, number in number == 0 ? .response("body") : .response(404) }
    let backend = try Backend()
    var services = backend.services()
    services.issuerTimeouts.call = .seconds(60)
    services.resolver = HostResolver { $0 == "login.frontdesk.invalid" ? [IPAddress("127.0.0.1")!] : [] }
    let client = IssuerClient(services)
    let url = try #require(URL(string: "http://login.frontdesk.invalid:\(standIn.port)/x"))
    #expect(try await client.get(url) == Data("body".utf8))
    #expect(standIn.requests[0].header("host") == "login.frontdesk.invalid:\(standIn.port)")
    // Anything but a 200 is no answer, and neither is a name that nobody knows.
    await #expect(throws: IssuerClient.Malformed.self) { try await client.get(url) }
    await #expect(throws: OutgoingError.self) {
      try await client.get(try #require(URL(string: "http://other.frontdesk.invalid:\(standIn.port)/x")))
    }
    #expect(standIn.requests.count == 2)
    #expect(
      backend.metrics.exposition().contains(
        "frontdesk_outgoing_breaker_state{destination=\"http://login.frontdesk.invalid:\(standIn.port)\"} 0"))
  }

  /// Over sockets: discovery and keys by HTTP, a token on a request, its user in the audit log.
  @Test func overHTTP() async throws {
    let ports = AsyncStream.makeStream(of: Int.self)
    let served = Mutex<StandInIssuer?>(nil)
    let router = Router()
    router.get("**") { request, _ in
      let data = try served.withLock { try $0?.get(URL(string: "http://x" + request.uri.path)!) } ?? Data()
      return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
    }
    let provider = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { ports.continuation.yield($0.localAddress?.port ?? 0) }, logger: Backend.silentLogger)
    let group = ServiceGroup(configuration: .init(services: [provider], logger: Backend.silentLogger))
    let running = Task { try await group.run() }
    let port = try #require(await ports.stream.first { _ in true })
    let issuer = try StandInIssuer(issuer: "http://127.0.0.1:\(port)")
    served.withLock { $0 = issuer }

    let backend = try Backend()
    let configuration = try Self.configuration(issuer.issuer)
    let gateway = try backend.gateway { $0.issuer = configuration }
    let agent = try issuer.token(at: Date())
    #expect(try await gateway.send(.get, "/v1/kbs", key: agent).status == 200)
    let put = try await gateway.send(.put, "/v1/kbs/default/documents/a", key: agent, json: ["text": "x"])
    #expect(put.status == 403 && put.code == "forbidden")
    let owner = try issuer.token(at: Date(), kid: "ec-1", ["groups": "chief"])
    #expect(
      try await gateway.send(.post, "/v1/kbs", key: owner, json: ["name": "new", "model": "none"]).status
        == 201)
    let made = try await gateway.send(
      .post, "/v1/tokens", key: owner,
      json: ["scope": "search", "origin": "https://a.example", "kbs": ["new"]])
    #expect(made.status == 403)
    let event = try #require(try await backend.store.auditEntries(after: 0, limit: 9).first?.event)
    #expect(event.action == "kb.create" && event.actor.hasPrefix("user:"))
    // Without the setting a JWT is an unknown key, and keys go on beside it.
    #expect(try await backend.gateway().send(.get, "/v1/kbs", key: agent).status == 401)
    #expect(try await gateway.send(.get, "/v1/kbs", key: Backend.ownerKey).status == 200)
    await group.triggerGracefulShutdown()
    try await running.value
  }
}
