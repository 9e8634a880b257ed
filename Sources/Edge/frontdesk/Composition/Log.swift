import Foundation
import Logging

/// Logs as one JSON object a line, on standard error, with the field names of the Elastic Common Schema.
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

  private enum Field: Encodable {
    case text(String)
    case number(Int64)

    init(_ value: Logger.MetadataValue) {
      if case .stringConvertible(let number) = value, let whole = number as? any FixedWidthInteger {
        self = .number(Int64(clamping: whole))
      } else {
        self = .text(value.description)
      }
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      }
    }
  }

  func log(event: LogEvent) {
    var fields: [String: Field] = [
      "@timestamp": .text(Date().ISO8601Format(.iso8601(timeZone: .gmt, includingFractionalSeconds: true))),
      "ecs.version": .text("8.17.0"),
      "log.level": .text(event.level.rawValue),
      "message": .text(event.message.description),
      "service.name": .text("frontdesk"),
      "service.version": .text(Release.version),
    ]
    for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
      fields[key] = Field(value)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let line = try? encoder.encode(fields) else { return }
    FileHandle.standardError.write(line + Data("\n".utf8))
  }
}
