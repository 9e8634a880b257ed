import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Security

/// A request on its way to a handler: routed, authenticated, its body read.
struct Call: Sendable {
  let services: GatewayServices
  var head: HTTPRequest
  let principal: Principal
  let query: QueryParameters
  var body: Data
  let requestID: String
  /// What calls to other servers go on with.
  let trace: TraceContext
  /// Named path segments, still percent-encoded.
  let parameters: [String: Substring]
  let notes: CallNotes
  /// Whom what is asked for is counted for.
  var caller = RateLimiter.Caller(scope: .address, name: "unknown")
  /// The connection; nil where there is none.
  var channel: (any Channel)?
  /// For responses that are made while they are written.
  var held = HeldPlace.none

  /// The same caller's, with another body.
  func with(body: Data) -> Call {
    var call = self
    call.body = body
    return call
  }

  var headers: HTTPFields { head.headerFields }

  /// The media type of the body in lower case, without parameters; nil where undeclared.
  var mediaType: String? {
    MediaTypeName.essence(of: headers[.contentType])
  }

  /// - Throws: `invalid_json`.
  func fields() throws(Problem) -> FieldReader { try FieldReader(body: body) }

  /// Decoded once, after routing, so that `%2F` is a slash inside the id.
  ///
  /// - Throws: `invalid_external_id`.
  func externalID() throws -> String {
    guard let id = PercentEncoding.decode(parameters["external_id"] ?? "") else {
      throw Problem(
        "invalid_external_id", "The id in the path is not UTF-8, percent-encoded ('/' as %2F, '%' as %25).")
    }
    try ExternalID.validate(id)
    return id
  }

  /// The knowledge base that the path names.
  ///
  /// - Throws: `kb_not_found`, also where the key does not reach it: what is out of scope is not there.
  func knowledgeBase() async throws -> KnowledgeBase {
    let raw = parameters["kb"] ?? ""
    let name = PercentEncoding.decode(raw) ?? String(raw)
    try requireReach(name)
    // A NUL would end the name early for SQLite.
    guard (try? KnowledgeBase.validate(name: name)) != nil else { throw Problem.knowledgeBaseNotFound(name) }
    guard let found = try await services.store.knowledgeBase(named: name) else {
      throw Problem.knowledgeBaseNotFound(name)
    }
    return found
  }

  /// Puts an act on record, before it is done.
  func record(_ action: String, _ target: String) async throws {
    let actor = principal.actor ?? "anonymous"
    try await services.audit.record(AuditEvent(actor: actor, action: action, target: target), at: Date())
  }

  func requireReach(_ knowledgeBase: String) throws(Problem) {
    guard principal.mayReach(kb: knowledgeBase) else { throw .knowledgeBaseNotFound(knowledgeBase) }
  }

  /// - Throws: `forbidden`; for what the route's own requirement does not say.
  func require(_ permission: Permission) throws(Problem) { try principal.require(permission) }

  /// Whether the client would rather have `type` than JSON.
  func prefers(_ type: String) -> Bool {
    MediaTypeName.prefers(
      type, to: "application/json", accept: headers[values: .accept].joined(separator: ","))
  }
}

/// Media types as headers name them.
enum MediaTypeName {
  static func essence(of header: String?) -> String? {
    guard let header else { return nil }
    let essence = (header.split(separator: ";", maxSplits: 1).first ?? "").trimmingCharacters(
      in: .whitespaces)
    return essence.isEmpty ? nil : essence.lowercased()
  }

  static func isJSON(_ essence: String) -> Bool {
    essence == "application/json" || (essence.hasSuffix("+json") && essence.contains("/"))
  }

  /// Whether an Accept header (RFC 9110, section 12.5.1) names `type` and gives it more weight than `other`,
  /// or as much and named first.
  static func prefers(_ type: String, to other: String, accept: String) -> Bool {
    var weights: [(range: String, weight: Double)] = []
    for part in accept.split(separator: ",").prefix(32) {
      let pieces = part.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
      guard let range = pieces.first else { continue }
      let quality = pieces.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
      weights.append((range, quality ?? 1))
    }
    guard let own = weights.firstIndex(where: { $0.range == type }), weights[own].weight > 0 else {
      return false
    }
    guard let rival = weights.firstIndex(where: { $0.range == other }) else { return true }
    let (a, b) = (weights[own].weight, weights[rival].weight)
    return a > b || (a == b && own < rival)
  }
}
