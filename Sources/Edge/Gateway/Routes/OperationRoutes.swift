import Foundation
import HTTPTypes
import Hummingbird
import Security

extension GatewayRoutes {
  static func operations(metricsOpen: Bool) -> [Route] {
    [
      Route(
        .get, "/livez", access: .open, lane: .direct,
        documentation: Documentation(
          id: "live", tag: "Operations", summary: "Whether the process answers",
          responses: [200: .json("Liveness")], errors: [])
      ) { _ in
        .json(JSONValue.object(["status": "ok"]))
      },
      Route(
        .get, "/readyz", access: .open, lane: .direct,
        documentation: Documentation(
          id: "ready", tag: "Operations", summary: "Whether the server can do its work",
          responses: [200: .json("Readiness"), 503: .json("Readiness")], errors: [])
      ) { call in
        let report = await readiness(call.services)
        return .json(report, status: report.isReady ? .ok : .serviceUnavailable)
      },
      Route(
        .get, "/metrics", access: metricsOpen ? .open : .keyed(.readMetrics), lane: .direct,
        documentation: Documentation(
          id: "metrics", tag: "Operations", summary: "Metrics for Prometheus",
          description: "Needs a key that may read metrics, unless configured open.",
          responses: [200: .text("The text exposition format, version 0.0.4")], errors: [])
      ) { call in
        guard call.principal.knowledgeBases.isEmpty else {
          throw Problem(
            "forbidden", "Metrics tell of every knowledge base, and this key reaches named ones only.")
        }
        return .text(call.services.metrics.exposition(), type: "text/plain; version=0.0.4; charset=utf-8")
      },
    ]
  }

  /// A check that hangs is a check that failed.
  private static func readiness(_ services: GatewayServices) async -> ReadinessReport {
    do {
      return try await WorkInFlight().run(timeout: .seconds(2)) { await services.readiness() }
    } catch {
      return ReadinessReport(checks: ["probe": .init(ready: false, detail: "no answer within 2 s")])
    }
  }

  /// The description of `documented`, for machines and for people.
  static func descriptions(of documented: [Route], version: String) -> [Route] {
    let document = OpenAPI.document(of: documented, version: version)
    let json = String(decoding: JSONText.data(document), as: UTF8.self)
    let page = DocumentationPage.html(of: documented)
    return [
      Route(
        .get, "/openapi.json", access: .open, lane: .direct,
        documentation: Documentation(
          id: "openapi", tag: "Operations", summary: "This description (OpenAPI 3.1)",
          responses: [200: .json("Anything")], errors: [])
      ) { _ in
        .text(json, type: "application/json", headers: [.cacheControl: "no-cache"])
      },
      Route(
        .get, "/docs", access: .open, lane: .direct,
        documentation: Documentation(
          id: "docs", tag: "Operations", summary: "This description as a page",
          responses: [200: .html("A page")], errors: [])
      ) { _ in
        .text(
          page, type: "text/html; charset=utf-8",
          headers: [
            .cacheControl: "no-cache",
            .contentSecurityPolicy: "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
          ])
      },
    ]
  }
}
