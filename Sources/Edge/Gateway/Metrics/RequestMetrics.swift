import Metrics
import HTTPTypes

/// Counts requests by route, method and status.
struct RequestMetrics: Sendable {
  private let factory: any MetricsFactory

  init(factory: any MetricsFactory) { self.factory = factory }

  func record(method: HTTPRequest.Method, route: String, status: Int, duration: Duration) {
    let dimensions = [("method", Self.name(of: method)), ("route", route), ("status", String(status))]
    factory.makeTimer(label: "frontdesk_http_request_duration_seconds", dimensions: dimensions)
      .recordNanoseconds(Int64(duration.seconds * 1e9))
  }

  /// Methods are a client's to invent: those that no route has share one name.
  static func name(of method: HTTPRequest.Method) -> String {
    switch method {
    case .get, .head, .post, .put, .delete, .patch, .options: method.rawValue
    default: "OTHER"
    }
  }
}
