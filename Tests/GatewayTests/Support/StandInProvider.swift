import Foundation
import HTTPTypes
import Hummingbird
import Security
import ServiceLifecycle
import Synchronization

@testable import Gateway

/// An identity provider over HTTP: the authorization code flow with PKCE really checked, codes that work once, refresh
/// tokens that rotate and end all where one is used twice.
final class StandInProvider: Sendable {
  static let clientID = "frontdesk", clientSecret = "s3cret+&=:"
  struct User: Sendable {
    var groups: JSONValue = ["support"]
    var amr: JSONValue = ["pwd", "mfa"]
  }
  /// What is wrong with its answers; every one that a test names is refused.
  struct Twist: Sendable {
    /// Claims of identity tokens that are other than they should be.
    var claims: [String: JSONValue] = [:]
    var algorithm: String?
    var isOfAnotherKey = false
    var withoutIDToken = false
    var withoutRefreshToken = false
    var groupsInUserinfo = false
    var tokenStatus: Int?
    var tokenError: String?
  }
  private struct Grant: Sendable {
    let user: String
    let challenge: String
    let nonce: String
    var isUsed = false
  }
  private struct State {
    var users: [String: User] = ["ann": User(), "bob": User(groups: ["chief"])]
    var codes: [String: Grant] = [:]
    /// Users by refresh and access token; those used up stay, by family.
    var refreshTokens: [String: String] = [:]
    var usedUp: [String: String] = [:]
    var accessTokens: [String: String] = [:]
    var twist = Twist()
    var callback = ""
    var tokenRequests = 0
    var refreshes = 0
    var refusedVerifiers = 0
    var given: [String] = []
  }

  let issuer: StandInIssuer
  private let clock: @Sendable () -> Date
  private let state: SharedState
  private let group: ServiceGroup
  private let running: Task<Void, any Error>

  private final class SharedState: Sendable {
    let value = Mutex(State())
    let issuer = Mutex<StandInProvider?>(nil)
  }

  /// - Parameter callback: the one redirect address that is registered.
  init(callback: String, clock: @escaping @Sendable () -> Date) async throws {
    let shared = SharedState()
    let ports = AsyncStream.makeStream(of: Int.self)
    let router = Router()
    router.get("**") { request, _ in try await Self.answer(shared, request) }
    router.post("**") { request, _ in try await Self.answer(shared, request) }
    let server = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { ports.continuation.yield($0.localAddress?.port ?? 0) }, logger: Backend.silentLogger)
    let group = ServiceGroup(configuration: .init(services: [server], logger: Backend.silentLogger))
    self.group = group
    running = Task { try await group.run() }
    let port = await ports.stream.first { _ in true } ?? 0
    issuer = try StandInIssuer(issuer: "http://127.0.0.1:\(port)")
    self.clock = clock
    state = shared
    shared.value.withLock { $0.callback = callback }
    let base = issuer.issuer
    issuer.describe([
      "authorization_endpoint": .string(base + "/authorize"), "token_endpoint": .string(base + "/token"),
      "userinfo_endpoint": .string(base + "/userinfo"), "revocation_endpoint": .string(base + "/revoke"),
      "introspection_endpoint": .string(base + "/introspect"),
      "end_session_endpoint": .string(base + "/logout"),
      "authorization_response_iss_parameter_supported": true,
    ])
    shared.issuer.withLock { $0 = self }
  }

  func stop() async throws {
    state.issuer.withLock { $0 = nil }
    await group.triggerGracefulShutdown()
    try await running.value
  }

  func edit(_ user: String, _ change: (inout User?) -> Void) {
    state.value.withLock { change(&$0.users[user]) }
  }
  func twist(_ change: (inout Twist) -> Void) {
    state.value.withLock {
      $0.twist = Twist()
      change(&$0.twist)
    }
  }
  var tokenRequests: Int { state.value.withLock { $0.tokenRequests } }
  var refreshes: Int { state.value.withLock { $0.refreshes } }
  var refusedVerifiers: Int { state.value.withLock { $0.refusedVerifiers } }
  /// Every token and code that was ever given out.
  var given: [String] { state.value.withLock { $0.given } }
  /// Refresh tokens that would still be taken.
  var openTokens: Int { state.value.withLock { $0.refreshTokens.count } }

  // MARK: HTTP

  private static func answer(_ shared: SharedState, _ request: Request) async throws -> Response {
    guard let provider = shared.issuer.withLock({ $0 }) else { return Response(status: .serviceUnavailable) }
    let body = try await request.body.collect(upTo: 1 << 16)
    return try provider.answer(
      request.uri.path, form(String(buffer: body)), form(request.uri.query ?? ""), request.headers)
  }

  private static func form(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for pair in text.split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      fields[parts[0]] = parts[1].replacing("+", with: " ").removingPercentEncoding
    }
    return fields
  }

  private func answer(
    _ path: String, _ body: [String: String], _ query: [String: String], _ headers: HTTPFields
  ) throws -> Response {
    switch path {
    case "/authorize": return authorize(query, user: headers[HTTPField.Name("X-User")!] ?? "ann")
    case "/token": return try token(body, headers)
    case "/userinfo":
      let user = headers[.authorization].flatMap { header in
        state.value.withLock { state in
          state.accessTokens[String(header.dropFirst("Bearer ".count))].flatMap { name in
            state.users[name].map { (name, $0.groups) }
          }
        }
      }
      guard let user else { return .json(["error": "invalid_token"] as JSONValue, status: .unauthorized) }
      return .json(["sub": .string(user.0), "groups": user.1] as JSONValue)
    case "/introspect":
      guard isClient(headers) else { return Response(status: .unauthorized) }
      let isActive = state.value.withLock { state in
        state.refreshTokens[body["token"] ?? ""].map { state.users[$0] != nil } ?? false
      }
      return .json(["active": .bool(isActive)] as JSONValue)
    case "/revoke":
      guard isClient(headers) else { return Response(status: .unauthorized) }
      state.value.withLock { _ = $0.refreshTokens.removeValue(forKey: body["token"] ?? "") }
      return Response(status: .ok)
    default:
      return .data(
        try issuer.get(URL(string: "http://x" + path)!), type: "application/json", status: .ok, headers: [:])
    }
  }

  private func isClient(_ headers: HTTPFields) -> Bool {
    let pair = PercentEncoding.encode(Self.clientID) + ":" + PercentEncoding.encode(Self.clientSecret)
    return headers[.authorization] == "Basic " + Data(pair.utf8).base64EncodedString()
  }

  private func authorize(_ query: [String: String], user: String) -> Response {
    state.value.withLock { state in
      guard query["response_type"] == "code", query["client_id"] == Self.clientID,
        query["redirect_uri"] == state.callback, query["code_challenge_method"] == "S256",
        let challenge = query["code_challenge"], challenge.utf8.count == 43, let asked = query["state"],
        query["scope"]?.split(separator: " ").contains("openid") == true
      else { return Response(status: .badRequest) }
      let code = Base64URL.encode(RandomBytes.key())
      state.codes[code] = Grant(user: user, challenge: challenge, nonce: query["nonce"] ?? "")
      state.given.append(code)
      let location =
        state.callback + "?code=\(code)&state=\(asked)&iss=\(PercentEncoding.encode(issuer.issuer))"
      return Response(status: .found, headers: [.location: location])
    }
  }

  private func token(_ body: [String: String], _ headers: HTTPFields) throws -> Response {
    guard isClient(headers) else {
      return .json(["error": "invalid_client"] as JSONValue, status: .unauthorized)
    }
    let refusal: JSONValue = ["error": "invalid_grant"]
    let (user, nonce, twist): (String?, String?, Twist) = state.value.withLock { state in
      state.tokenRequests += 1
      if state.twist.tokenStatus != nil { return (nil, nil, state.twist) }
      switch body["grant_type"] {
      case "authorization_code":
        guard let code = body["code"], let grant = state.codes[code], body["redirect_uri"] == state.callback
        else { return (nil, nil, state.twist) }
        guard !grant.isUsed else {
          // A code that comes twice was stolen: what it gave ends (RFC 6749, section 4.1.2).
          state.refreshTokens = state.refreshTokens.filter { $0.value != grant.user }
          return (nil, nil, state.twist)
        }
        guard let verifier = body["code_verifier"],
          Base64URL.encode(Digest.sha256(verifier)) == grant.challenge
        else {
          state.refusedVerifiers += 1
          return (nil, nil, state.twist)
        }
        state.codes[code]?.isUsed = true
        return (grant.user, grant.nonce, state.twist)
      case "refresh_token":
        state.refreshes += 1
        let token = body["refresh_token"] ?? ""
        if let user = state.usedUp[token] {
          state.refreshTokens = state.refreshTokens.filter { $0.value != user }
        }
        guard let user = state.refreshTokens.removeValue(forKey: token) else {
          return (nil, nil, state.twist)
        }
        state.usedUp[token] = user
        return (user, nil, state.twist)
      default: return (nil, nil, state.twist)
      }
    }
    if let status = twist.tokenStatus {
      return .json(
        twist.tokenError.map { ["error": .string($0)] } ?? ["x": 1] as JSONValue, status: .init(code: status))
    }
    guard let user, let known = state.value.withLock({ $0.users[user] }) else {
      return .json(refusal, status: .badRequest)
    }
    return .json(try tokens(user, known, nonce, twist))
  }

  private func tokens(_ user: String, _ known: User, _ nonce: String?, _ twist: Twist) throws -> JSONValue {
    let (access, refresh) = (
      "at-" + Base64URL.encode(RandomBytes.key()), "rt-" + Base64URL.encode(RandomBytes.key())
    )
    var claims: [String: JSONValue] = [
      "aud": .string(Self.clientID), "sub": .string(user), "amr": known.amr,
      "groups": twist.groupsInUserinfo ? .null : known.groups,
    ]
    if let nonce { claims["nonce"] = .string(nonce) }
    claims.merge(twist.claims) { $1 }
    let signer = twist.isOfAnotherKey ? try StandInIssuer(issuer: issuer.issuer) : issuer
    let left = claims.filter { $0.value == .null }.map(\.key)
    let idToken = try signer.token(at: clock(), alg: twist.algorithm, without: left, claims)
    state.value.withLock { state in
      state.accessTokens[access] = user
      if !twist.withoutRefreshToken { state.refreshTokens[refresh] = user }
      state.given += [access, refresh, idToken]
    }
    var answer: [String: JSONValue] = [
      "access_token": .string(access), "token_type": "Bearer", "expires_in": 300,
    ]
    if !twist.withoutIDToken { answer["id_token"] = .string(idToken) }
    if !twist.withoutRefreshToken { answer["refresh_token"] = .string(refresh) }
    return .object(answer)
  }
}
