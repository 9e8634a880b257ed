import Foundation
import Logging

/// Logs as one JSON object a line, on standard error.
enum Log {
  static func make(_ level: Logger.Level) -> Logger {
    var logger = Logger(label: "frontdesk") { _ in JSONLogHandler() }
    logger.logLevel = level
    return logger
  }
}

private struct JSONLogHandler: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .notice
  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    var fields: [String: String] = [
      "@timestamp": Date().ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true)),
      "log.level": event.level.rawValue,
      "message": event.message.description,
    ]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
      fields[key] = value.description
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? encoder.encode(fields) else { return }
    FileHandle.standardError.write(line + Data("\n".utf8))
  }
}
