import Domain
import Foundation
import HTTPTypes
import Security
import Testing

@testable import Gateway

@Suite struct OpenAPITests {
  /// The description and the router cannot drift: both come from the routes, and this sees it from outside.
  @Test func describesExactlyWhatIsServed() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let description = try await gateway.send(.get, "/openapi.json").json
    let routes = GatewayRoutes.all(services: backend.services(), configuration: GatewayConfiguration())
    guard case .object(let paths) = description["paths"] ?? .null else { throw CancellationError() }
    var described: Set<String> = []
    for (path, operations) in paths {
      guard case .object(let operations) = operations else { continue }
      for (method, _) in operations {
        described.insert("\(method) \(path)")
        let uri = path.replacing("{kb}", with: "default").replacing("{external_id}", with: "x")
        let reply = try await gateway.send(.init(method.uppercased())!, uri, key: Backend.ownerKey)
        #expect(!["route_not_found", "method_not_allowed"].contains(reply.code), "\(method) \(path)")
      }
    }
    #expect(described == Set(routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" }))
    for path in [
      "/v1/kbs", "/v1/kbs/{kb}", "/v1/kbs/{kb}/documents", "/v1/kbs/{kb}/documents/{external_id}",
      "/v1/search",
      "/v1/answers", "/v1/verify", "/livez", "/readyz", "/metrics", "/openapi.json",
    ] { #expect(paths[path] != nil, "\(path)") }
  }

  @Test func everyReferenceAndCodeExists() async throws {
    let backend = try Backend()
    let routes = GatewayRoutes.all(services: backend.services(), configuration: GatewayConfiguration())
    #expect(Set(routes.map(\.documentation.id)).count == routes.count)
    for route in routes {
      for code in route.documentation.errors { #expect(ErrorTable.rows[code] != nil, "\(code)") }
      #expect((route.body != .none) == (route.documentation.request != nil), "\(route.path)")
    }
    let description = OpenAPI.document(of: routes, version: "1")
    guard case .object(let schemas) = description.at("components.schemas") ?? .null else {
      throw CancellationError()
    }
    var references: Set<String> = []
    collect(description, into: &references)
    #expect(references == Set(schemas.keys), "referred to, or there, but not both")
    // Examples are what their schema says.
    let check = SchemaCheck(schemas: schemas)
    for (name, example) in Schemas.examples { #expect(check.problems(example, schemas[name] ?? .null) == []) }
  }

  /// A route that works without a body does not say that it needs one.
  @Test func bodiesThatMayBeLeftOut() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let (key, _) = AccessKey.issue(name: "x", role: .reader, at: Date())
    try await backend.store.insert(key)
    let reply = try await gateway.send(.post, "/v1/keys/\(key.id)/rotate", key: Backend.ownerKey)
    #expect(reply.status == 200, "\(reply.text)")
    let routes = GatewayRoutes.all(services: backend.services(), configuration: GatewayConfiguration())
    let optional = Set(routes.filter(\.documentation.isRequestOptional).map(\.documentation.id))
    #expect(
      optional == [
        "publishDocument", "unpublishDocument", "archiveDocument", "rotateKey", "openConversation",
        "publishDocument", "unpublishDocument", "archiveDocument", "rotateKey", "rotateWebhook",
        "replayDeliveries",
      ])
  }

  func collect(_ value: JSONValue, into references: inout Set<String>) {
    switch value {
    case .object(let members):
      if let reference = members["$ref"]?.text {
        references.insert(String(reference.split(separator: "/").last ?? ""))
      }
      for member in members.values { collect(member, into: &references) }
    case .array(let elements):
      for element in elements { collect(element, into: &references) }
    default: break
    }
  }

  @Test func thePageNamesEveryRouteAndLoadsNothing() async throws {
    let gateway = try Backend().gateway()
    let page = try await gateway.send(.get, "/docs")
    #expect(page.headers[.contentSecurityPolicy]?.contains("default-src 'none'") == true)
    for path in ["/v1/search", "/v1/kbs/{kb}/documents/{external_id}", "/metrics"] {
      #expect(page.text.contains(path))
    }
    #expect(
      !page.text.contains("<script") && !page.text.contains("http://") && !page.text.contains("https://"))
  }
}
