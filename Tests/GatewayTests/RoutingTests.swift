import Foundation
import HTTPTypes
import Testing

@testable import Gateway
import TestSupport

@Suite struct RoutingTests {
  @Test(arguments: [
    ("a", "a"), ("a%2Fb", "a/b"), ("%2f", "/"), ("a+b", "a+b"), ("%25", "%"), ("%2525", "%25"),
    ("%F0%9F%98%80", "😀"),
    ("é", "é"), ("%20", " "), ("..", ".."),
  ])
  func decodesOnce(_ encoded: String, _ decoded: String) {
    #expect(PercentEncoding.decode(encoded) == decoded)
  }

  @Test(arguments: ["%", "%2", "%2G", "%zz", "a%", "%FF", "%C0%AF", "%ED%A0%80", "\u{FFFD}"])
  func refusesWhatIsNoEncoding(_ encoded: String) {
    #expect(PercentEncoding.decode(encoded) == nil)
  }

  @Test func encodingRoundTrips() {
    var generator = SeededGenerator(3)
    for _ in 0..<500 {
      let scalars = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
        Unicode.Scalar(UInt32.random(in: 1..<0xD800, using: &generator)) ?? "x"
      }
      let id = String(String.UnicodeScalarView(scalars))
      let encoded = PercentEncoding.encode(id)
      #expect(encoded.utf8.allSatisfy { $0 < 0x80 })
      #expect(PercentEncoding.decode(encoded).map { Array($0.utf8) } == Array(id.utf8))
    }
  }

  @Test func queryParametersAreDecoded() throws {
    let query = try QueryParameters("limit=5&after=a%2Fb+c&flag&after=second&=x")
    #expect(query["after"] == "a/b c" && query["flag"] == "" && query["limit"] == "5")
    #expect(try query.flag("flag") && !(try query.flag("other")))
    #expect(throws: Problem.self) { try query.integer("limit", in: 6...9, code: "invalid_limit") }
    #expect(throws: Problem.self) { try QueryParameters("a=%FF") }
  }

  @Test func theTableTellsWrongMethodsFromUnknownPaths() throws {
    let table = RouteTable(
      routes: GatewayRoutes.search + GatewayRoutes.knowledgeBases + GatewayRoutes.documents(KeyedLocks()))
    func match(_ method: HTTPRequest.Method, _ path: String) -> String {
      switch table.match(method, path[...]) {
      case .found(let route, let parameters):
        route.documentation.id + parameters.values.sorted().joined(separator: "|")
      case .wrongMethod(let allowed): allowed.map(\.rawValue).sorted().joined(separator: ",")
      case .unknown: "unknown"
      }
    }
    #expect(match(.post, "/v1/search") == "search")
    #expect(match(.post, "/v1/search/") == "search")
    #expect(match(.get, "/v1/search") == "POST")
    #expect(match(.get, "/v1/kbs/x/documents/a%2Fb") == "getDocumenta%2Fb|x")
    #expect(match(.head, "/v1/kbs/x/documents/a") == "getDocumenta|x")
    #expect(match(.post, "/v1/kbs/x/documents/a") == "DELETE,GET,HEAD,PATCH,PUT")
    for path in [
      "", "/", "v1/search", "/v1", "/v1/kbs/x/documents/a/b", "//v1/search", "/v1//search", "/V1/search",
    ] {
      #expect(match(.post, path) == "unknown", "\(path)")
    }
  }

  @Test(arguments: [
    ("text/plain", true), ("text/plain, application/json", true), ("application/json, text/plain", false),
    ("application/json;q=0.5, text/plain", true), ("*/*", false), ("", false), ("text/plain;q=0", false),
    ("TEXT/PLAIN", true), (",;,q=", false),
  ])
  func acceptHeadersAreWeighed(_ accept: String, _ expected: Bool) {
    #expect(MediaTypeName.prefers("text/plain", to: "application/json", accept: accept) == expected)
  }

  @Test func requestIDsOfClientsAreKeptWhereSane() {
    #expect(RequestID.of([.requestID: "abc-1.2_3"]) == "abc-1.2_3")
    for bad in ["", "a b", "a\"b", String(repeating: "x", count: 129), "é"] {
      #expect(RequestID.of([.requestID: bad]) != bad)
    }
    #expect(RequestID.new().count == 32 && RequestID.new() != RequestID.new())
  }
}
