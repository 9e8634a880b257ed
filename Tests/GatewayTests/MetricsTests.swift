import Foundation
import Metrics
import Testing

@testable import Gateway

@Suite struct MetricsTests {
  @Test func expositionIsWhatPrometheusReads() throws {
    let registry = PrometheusRegistry()
    registry.describe("frontdesk_things_total", "Things\nseen.")
    registry.makeCounter(label: "frontdesk_things_total", dimensions: [("kind", "a\"b\\c\nd")]).increment(
      by: 3)
    registry.makeCounter(label: "frontdesk_things_total", dimensions: []).increment(by: -3)
    registry.makeMeter(label: "frontdesk-depth", dimensions: []).set(2.5)
    let timer = registry.makeTimer(label: "frontdesk_wait_seconds", dimensions: [("route", "/x")])
    timer.recordNanoseconds(2_000_000)
    timer.recordNanoseconds(60_000_000_000)
    registry.gauge("frontdesk_now") { 7 }
    let lines = registry.exposition().split(separator: "\n").map(String.init)
    #expect(lines.contains("# HELP frontdesk_things_total Things\\nseen."))
    #expect(lines.contains("# TYPE frontdesk_things_total counter"))
    #expect(lines.contains("frontdesk_things_total 0"))
    #expect(lines.contains(#"frontdesk_things_total{kind="a\"b\\c\nd"} 3"#))
    #expect(lines.contains("frontdesk_depth 2.5") && lines.contains("frontdesk_now 7"))
    #expect(lines.contains(#"frontdesk_wait_seconds_bucket{route="/x",le="0.001"} 0"#))
    #expect(lines.contains(#"frontdesk_wait_seconds_bucket{route="/x",le="0.0025"} 1"#))
    #expect(lines.contains(#"frontdesk_wait_seconds_bucket{route="/x",le="+Inf"} 2"#))
    #expect(lines.contains(#"frontdesk_wait_seconds_count{route="/x"} 2"#))
    #expect(lines.contains { $0.hasPrefix("process_resident_memory_bytes ") })
    #expect(lines.contains { $0.hasPrefix("process_start_time_seconds ") })
    // Each family is announced once.
    let types = lines.filter { $0.hasPrefix("# TYPE") }
    #expect(Set(types).count == types.count)
  }

  @Test func aNameKeepsItsKindAndItsSize() {
    let registry = PrometheusRegistry()
    registry.makeCounter(label: "x", dimensions: []).increment(by: 1)
    registry.makeMeter(label: "x", dimensions: []).set(Int64(5))
    #expect(registry.exposition().contains("\nx 1\n") || registry.exposition().contains("x 1\n"))
    for index in 0..<(PrometheusRegistry.maxSeriesPerFamily + 100) {
      registry.makeCounter(label: "many", dimensions: [("n", String(index))]).increment(by: 1)
    }
    let shown = registry.exposition().split(separator: "\n").filter { $0.hasPrefix("many{") }
    #expect(shown.count == PrometheusRegistry.maxSeriesPerFamily)
  }

  @Test func requestsAreCountedByTemplateNeverByPath() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await gateway.send(.get, "/v1/kbs/default/documents/someones%20name", key: Backend.ownerKey)
    _ = try await gateway.send(.get, "/nowhere/secret", key: Backend.ownerKey)
    let text = try await gateway.send(.get, "/metrics", key: Backend.ownerKey).text
    #expect(
      text.contains(
        #"frontdesk_http_request_duration_seconds_count{method="GET",route="/v1/kbs/{kb}/documents/{external_id}",status="404"} 1"#
      ))
    #expect(text.contains(#"route="none",status="404"} 1"#))
    #expect(!text.contains("someones") && !text.contains("secret"))
    #expect(try await backend.gateway(edit: { $0.metricsOpen = true }).send(.get, "/metrics").status == 200)
    #expect(try await gateway.send(.get, "/metrics").status == 401)
  }
}
