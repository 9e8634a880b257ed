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
    #expect(lines.all.count == 3)
    for line in lines.all {
      #expect(
        !line.contains("card") && !line.contains("my-key") && !line.contains(Backend.ownerKey), "\(line)")
    }
    #expect(lines.all[0].contains("request_id=req-1") && lines.all[0].contains("status=200"))
    #expect(lines.all[0].contains("route=/v1/search") && lines.all[1].contains("code=invalid_mode"))
    #expect(lines.all[2].contains("route=none"))
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
