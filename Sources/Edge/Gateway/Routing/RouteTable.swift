import HTTPTypes

/// All routes, and which of them a request means.
struct RouteTable: Sendable {
  let routes: [Route]

  enum Match: Sendable {
    /// - Parameter parameters: named segments, still percent-encoded.
    case found(Route, parameters: [String: Substring])
    case wrongMethod(allowed: [HTTPRequest.Method])
    case unknown
  }

  /// - Parameter path: without the query. One slash at the end is ignored.
  func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
    guard path.first == "/" else { return .unknown }
    var parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    if parts.count > 1, parts.last == "" { parts.removeLast() }
    var allowed: [HTTPRequest.Method] = []
    for route in routes {
      guard let parameters = route.path.match(parts) else { continue }
      if route.method == method || (method == .head && route.method == .get) {
        return .found(route, parameters: parameters)
      }
      allowed.append(route.method)
      if route.method == .get { allowed.append(.head) }
    }
    return allowed.isEmpty ? .unknown : .wrongMethod(allowed: allowed)
  }
}
