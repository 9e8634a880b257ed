import HTTPTypes
import Hummingbird

/// Which other sites' pages may call the API from a browser (the CORS protocol of the Fetch standard).
///
/// No cookie of another site's visitor is ever asked for: what a page may do is what the token in its hand permits.
struct CrossOrigin: Sendable {
  /// Exact origins: `https://www.example.com`.
  let origins: Set<String>

  private static let allowedHeaders =
    "authorization, content-type, accept, if-match, if-none-match, idempotency-key, x-request-id, traceparent"
  private static let exposedHeaders =
    "ETag, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed"
  /// Browsers ask again after so many seconds.
  private static let maxAge = "600"

  /// The answer to a browser that asks beforehand, or nil where this is not such a question.
  func preflight(_ head: HTTPRequest, methods: [HTTPRequest.Method]) -> Response? {
    guard head.method == .options, head.headerFields[.origin] != nil,
      head.headerFields[.accessControlRequestMethod] != nil
    else { return nil }
    var response = Response(status: .noContent)
    if isAllowed(head) {
      response.headers[.accessControlAllowMethods] = methods.map(\.rawValue).joined(separator: ", ")
      response.headers[.accessControlAllowHeaders] = Self.allowedHeaders
      response.headers[.accessControlMaxAge] = Self.maxAge
    }
    return response
  }

  /// Lets the page read the response, where its origin is one of those named.
  func write(to headers: inout HTTPFields, for head: HTTPRequest) {
    guard !origins.isEmpty else { return }
    headers[values: .vary].append("Origin")
    guard isAllowed(head), let origin = head.headerFields[.origin] else { return }
    headers[.accessControlAllowOrigin] = origin
    headers[.accessControlExposeHeaders] = Self.exposedHeaders
  }

  private func isAllowed(_ head: HTTPRequest) -> Bool {
    head.headerFields[.origin].map(origins.contains) ?? false
  }
}
