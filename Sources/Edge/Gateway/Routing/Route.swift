import Domain
import HTTPTypes
import Hummingbird

/// One operation of the API: how it is reached, who may call it, what it does, and how it is documented.
///
/// The router and `/openapi.json` are both made from these, so that neither can know what the other does not.
struct Route: Sendable {
  let method: HTTPRequest.Method
  let path: PathTemplate
  let access: Authenticator.Requirement
  let lane: Lane
  let body: Body
  let errorShape: ErrorShape
  /// Whether an `Idempotency-Key` is heeded.
  let keepsResults: Bool
  /// Whether the connection may become a WebSocket with it.
  let upgrades: Bool
  let documentation: Documentation
  /// Units of work that a request is counted as (`RateLimiter`).
  let cost: Int
  let handle: @Sendable (Call) async throws -> Response

  init(
    _ method: HTTPRequest.Method, _ path: PathTemplate, access: Authenticator.Requirement, lane: Lane,
    body: Body = .none, cost: Int? = nil, errorShape: ErrorShape = .problem, keepsResults: Bool = false,
    upgrades: Bool = false,
    documentation: Documentation, handle: @escaping @Sendable (Call) async throws -> Response
  ) {
    self.method = method
    self.path = path
    self.access = access
    self.lane = lane
    self.body = body
    self.errorShape = errorShape
    self.keepsResults = keepsResults
    self.upgrades = upgrades
    self.documentation = documentation
    self.cost = cost ?? lane.standardCost
    guard keepsResults else {
      self.handle = handle
      return
    }
    let handling = IdempotentHandling(route: "\(method.rawValue) \(path)", handle: handle)
    self.handle = { try await handling.respond(to: $0) }
  }

  /// Which queue a request waits in, and how long it may take.
  enum Lane: Sendable {
    /// Never queued: probes and documents about the server itself.
    case direct
    case read
    case write

    fileprivate var standardCost: Int {
      switch self {
      case .direct: 0
      case .read: 1
      case .write: 4
      }
    }
  }

  enum Body: Sendable, Hashable {
    case none
    /// `application/json` or `+json`, or undeclared.
    case json
    /// Fields as JSON, or a file of any other type.
    case document
    /// NDJSON, as large as a document. The response holds the request's place until it is written.
    case lines
  }
}

/// A path with named segments: `/v1/kbs/{kb}`.
struct PathTemplate: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
  enum Segment: Sendable, Hashable {
    case fixed(String)
    case named(String)
  }
  let description: String
  let segments: [Segment]

  init(stringLiteral template: String) {
    description = template
    segments = template.split(separator: "/").map { part in
      part.hasPrefix("{") && part.hasSuffix("}")
        ? .named(String(part.dropFirst().dropLast())) : .fixed(String(part))
    }
  }

  var names: [String] {
    segments.compactMap { if case .named(let name) = $0 { name } else { nil } }
  }

  /// - Parameter parts: the path between its slashes, still percent-encoded.
  /// - Returns: the named segments, still percent-encoded, or nil where the path is another.
  func match(_ parts: [Substring]) -> [String: Substring]? {
    guard parts.count == segments.count else { return nil }
    var values: [String: Substring] = [:]
    for (segment, part) in zip(segments, parts) {
      switch segment {
      case .fixed(let text): if part != text { return nil }
      case .named(let name): values[name] = part
      }
    }
    return values
  }
}
