import Foundation
import HTTPTypes
import Synchronization

@testable import Gateway

/// A gateway that people sign in to, its provider, and a clock that both go by.
final class SignInScene: Sendable {
  static let publicURL = "https://desk.example"
  let backend: Backend
  let provider: StandInProvider
  private let time: SharedTime
  private final class SharedTime: Sendable { let value = Mutex(Date(timeIntervalSince1970: 1_800_000_000)) }

  init(publicURL: String = SignInScene.publicURL) async throws {
    let time = SharedTime()
    self.time = time
    backend = try Backend()
    provider = try await StandInProvider(callback: publicURL + "/v1/session/callback") {
      time.value.withLock { $0 }
    }
  }

  var now: Date { time.value.withLock { $0 } }
  func advance(_ seconds: TimeInterval) { time.value.withLock { $0 += seconds } }

  /// Each one is a process of its own, as far as sessions go.
  func gateway(
    publicURL: String = SignInScene.publicURL, signIn ways: [String] = [],
    roles: String = "chief=owner,support=agent:shop+default",
    edit: (inout SignInConfiguration) -> Void = { _ in },
    configure: (inout GatewayConfiguration) -> Void = { _ in },
    wire: (inout GatewayServices) -> Void = { _ in }
  ) throws -> Gateway {
    var signIn = try SignInConfiguration(
      publicURL: publicURL, clientID: StandInProvider.clientID, clientSecret: StandInProvider.clientSecret)
    edit(&signIn)
    let issuer = try IssuerConfiguration(
      issuer: provider.issuer.issuer, audience: "api", rules: try IssuerConfiguration.rules(roles),
      signIn: ways)
    return try backend.gateway(
      edit: {
        $0.issuer = issuer
        $0.signIn = signIn
        configure(&$0)
      },
      wire: {
        $0.clock = { [time] in time.value.withLock { $0 } }
        wire(&$0)
      })
  }

  /// Signs in as a browser does.
  func signIn(_ user: String = "ann", at gateway: Gateway, returnTo: String = "/docs") async throws
    -> BrowserStandIn
  {
    var browser = BrowserStandIn(scene: self)
    let reply = try await browser.signIn(user, at: gateway, returnTo: returnTo)
    guard reply.status == 303 else { throw Refused(reply: reply) }
    return browser
  }

  struct Refused: Error { let reply: Reply }
}

/// Keeps cookies and follows redirects between a gateway and its provider.
struct BrowserStandIn: Sendable {
  let scene: SignInScene
  var cookies: [String: String] = [:]
  /// Everything that it was shown or given.
  var seen = ""

  init(scene: SignInScene) { self.scene = scene }

  var session: String? { cookies["__Host-frontdesk_session"] ?? cookies["frontdesk_session"] }

  mutating func send(
    _ method: HTTPRequest.Method, _ uri: String, at gateway: Gateway, headers: [String: String] = [:],
    json: JSONValue? = nil
  ) async throws -> Reply {
    var headers = headers
    if !cookies.isEmpty, headers["Cookie"] == nil {
      headers["Cookie"] = cookies.sorted { $0.key < $1.key }.map { $0.key + "=" + $0.value }.joined(
        separator: "; ")
    }
    if json != nil { headers["Content-Type"] = "application/json" }
    let reply = try await gateway.send(method, uri, headers: headers, body: json.map { JSONText.data($0) })
    seen += reply.text + reply.headers.map { $0.name.rawName + $0.value }.joined()
    for cookie in reply.headers[values: .setCookie] {
      let parts = cookie.split(separator: ";")[0].split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      cookies[String(parts[0])] = cookie.contains("Max-Age=0") ? nil : String(parts[1])
    }
    return reply
  }

  /// - Returns: where the provider is asked.
  mutating func begin(at gateway: Gateway, returnTo: String = "/docs") async throws -> String {
    let reply = try await send(
      .get, "/v1/session/login?return_to=" + PercentEncoding.encode(returnTo), at: gateway)
    guard reply.status == 303, let location = reply.headers[.location] else {
      throw SignInScene.Refused(reply: reply)
    }
    return location
  }

  /// Signs in at the provider itself.
  ///
  /// - Returns: path and query of where it sends the browser.
  func answer(to location: String, as user: String = "ann") async throws -> String {
    let outgoing = OutgoingClient(metrics: PrometheusRegistry())
    let response = try await outgoing.send(
      OutgoingRequest(
        address: try WebAddress(location), headers: [("X-User", user)], connectsTo: [IPAddress("127.0.0.1")!],
        isIdempotent: true, maxBytes: 1000), until: .now + .seconds(30))
    let back = response.head.headers["location"] ?? ""
    return String(back.dropFirst(SignInScene.publicURL.count))
  }

  mutating func signIn(_ user: String = "ann", at gateway: Gateway, returnTo: String = "/docs") async throws
    -> Reply
  {
    let location = try await begin(at: gateway, returnTo: returnTo)
    let back = try await answer(to: location, as: user)
    return try await send(.get, back, at: gateway)
  }

  /// What a page of the gateway's own sends with what may change something.
  mutating func token(at gateway: Gateway) async throws -> [String: String] {
    let reply = try await send(.get, "/v1/session", at: gateway)
    guard let token = reply.at("csrf_token")?.text else { throw SignInScene.Refused(reply: reply) }
    return ["X-CSRF-Token": token]
  }
}
