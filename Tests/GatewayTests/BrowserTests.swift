import HTTPTypes
import Testing

@testable import Gateway

/// What browsers are told: which pages may call, and what a response may do.
@Suite struct BrowserTests {
  private static let site = "https://www.example.com"

  @Test func namedSitesMayCall() async throws {
    let gateway = try Backend().gateway { $0.allowedOrigins = [Self.site] }
    let asked = try await gateway.send(
      .options, "/v1/search",
      headers: ["Origin": Self.site, "Access-Control-Request-Method": "POST"])
    #expect(asked.status == 204 && asked.headers[.accessControlAllowOrigin] == Self.site)
    #expect(asked.headers[.accessControlAllowMethods] == "POST")
    #expect(asked.headers[.accessControlAllowHeaders]?.contains("authorization") == true)
    let called = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey, headers: ["Origin": Self.site], json: ["query": "refund"])
    #expect(called.status == 200 && called.headers[.accessControlAllowOrigin] == Self.site)
    #expect(called.headers[.vary]?.contains("Origin") == true)
    #expect(called.headers[.accessControlAllowCredentials] == nil)
    // A page must be able to read what went wrong, too.
    let refused = try await gateway.send(.post, "/v1/search", headers: ["Origin": Self.site], json: [:])
    #expect(refused.status == 401 && refused.headers[.accessControlAllowOrigin] == Self.site)
  }

  @Test(arguments: [
    "https://evil.example", "http://www.example.com", "https://www.example.com.evil.example", "null",
    "https://www.example.com:8443", "HTTPS://WWW.EXAMPLE.COM",
  ])
  func othersMayNot(origin: String) async throws {
    let gateway = try Backend().gateway { $0.allowedOrigins = [Self.site] }
    let asked = try await gateway.send(
      .options, "/v1/search", headers: ["Origin": origin, "Access-Control-Request-Method": "POST"])
    #expect(
      asked.headers[.accessControlAllowOrigin] == nil && asked.headers[.accessControlAllowMethods] == nil)
    let called = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey, headers: ["Origin": origin], json: ["query": "refund"])
    #expect(called.headers[.accessControlAllowOrigin] == nil)
  }

  @Test func withoutSitesThereIsNoSharing() async throws {
    let gateway = try Backend().gateway()
    let reply = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey, headers: ["Origin": Self.site], json: ["query": "refund"])
    #expect(reply.headers[.accessControlAllowOrigin] == nil && reply.headers[.vary] == nil)
    #expect(try await gateway.send(.options, "/v1/search").status == 405)
  }

  @Test(arguments: ["/livez", "/v1/kbs", "/docs", "/nowhere", "/openapi.json"])
  func everyResponseIsGuarded(path: String) async throws {
    let reply = try await Backend().gateway().send(.get, path)
    #expect(reply.headers[.xContentTypeOptions] == "nosniff")
    #expect(reply.headers[.referrerPolicy] == "no-referrer")
    #expect(reply.headers[.frameOptions] == "DENY")
    let policy = try #require(reply.headers[.contentSecurityPolicy])
    #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
    #expect(reply.headers[.strictTransportSecurity] == nil)
  }
}

@Suite struct TraceContextTests {
  private static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test func goesOnWithTheCallersTrace() {
    let trace = TraceContext([.traceParent: Self.valid])
    #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736" && trace.parentID == "00f067aa0ba902b7")
    #expect(trace.spanID.count == 16 && trace.spanID != trace.parentID)
    #expect(trace.traceparent == "00-\(trace.traceID)-\(trace.spanID)-01")
    #expect(TraceContext([.traceParent: "cc" + Self.valid.dropFirst(2) + "-later"]).parentID != nil)
  }

  @Test(arguments: [
    "", "00", valid + "-00", "ff" + valid.dropFirst(2), valid.uppercased(),
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e47366-00f067aa0ba902b-01",
  ])
  func beginsOneWhereThatIsNone(text: String) {
    let trace = TraceContext([.traceParent: text])
    #expect(trace.parentID == nil && trace.traceID.count == 32 && trace.flags == "00")
  }
}
