import Foundation
import Logging
import Synchronization
import Testing

@testable import Gateway

@Suite struct LoggingTests {
  /// Invariant 12: nothing that was typed reaches the log.
  @Test func oneLineARequestWithoutWhatWasTyped() async throws {
    let lines = LogLines()
    let gateway = try Backend().gateway(logger: Logger(label: "test") { _ in lines.handler })
    _ = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey, headers: ["X-Request-Id": "req-1"],
      json: ["query": "my card is lost"])
    _ = try await gateway.send(
      .post, "/v1/search?q=my+card", key: Backend.ownerKey, json: ["query": "my card", "mode": "my card"])
    _ = try await gateway.send(.get, "/my%20card/is%20lost", key: "my-key")
    // Where the machine is slow, a line says so.
    let requests = lines.all.filter { $0.hasPrefix("request") }
    #expect(requests.count == 3)
    for line in lines.all {
      #expect(
        !line.contains("card") && !line.contains("my-key") && !line.contains(Backend.ownerKey), "\(line)")
    }
    #expect(
      requests[0].contains("http.request.id=req-1") && requests[0].contains("http.response.status_code=200")
    )
    #expect(
      requests[0].contains("http.route=/v1/search") && requests[1].contains("error.code=invalid_mode"))
    #expect(requests[2].contains("http.route=none"))
  }

  /// A slow question is known again by its hash, of this process alone.
  @Test func slowQueriesAreHashed() async throws {
    let lines = LogLines()
    let gateway = try Backend().gateway(logger: Logger(label: "test") { _ in lines.handler }) {
      $0.slowQuery = .zero
    }
    for question in ["my card is lost", "my card is lost", "something else"] {
      _ = try await gateway.send(
        .post, "/v1/answers", key: Backend.ownerKey,
        headers: ["traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
        json: ["question": .string(question)])
    }
    let slow = lines.all.filter { $0.hasPrefix("slow query") }
    #expect(slow.count == 3 && lines.all.allSatisfy { !$0.contains("card") })
    let hashes = slow.compactMap { line in
      line.split(separator: " ").first { $0.hasPrefix("frontdesk.query.hash=") }
    }
    #expect(hashes.count == 3 && hashes[0] == hashes[1] && hashes[0] != hashes[2])
    #expect(slow[0].contains("trace.id=4bf92f3577b34da6a3ce929d0e0e4736"))
    #expect(slow[0].contains("frontdesk.mode=abstain") && slow[0].contains("parent.id=00f067aa0ba902b7"))
  }
}

/// Gathers log lines.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  var handler: Handler { Handler(lines: self) }
  fileprivate func append(_ line: String) { lines.withLock { $0.append(line) } }

  struct Handler: LogHandler {
    let lines: LogLines
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    init(lines: LogLines) { self.lines = lines }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
    func log(event: LogEvent) {
      let values = (event.metadata ?? [:]).map { "\($0.key)=\($0.value)" }.sorted()
      lines.append("\(event.message) " + values.joined(separator: " "))
    }
  }
}
