import Foundation
import HTTPTypes
import Logging
import Security

/// Writes one line a request, with nothing in it that a user typed; field names are those of the Elastic Common Schema.
struct RequestLog: Sendable {
  let logger: Logger
  /// From which time on a search or an answer is slow; nil never.
  let slowQuery: Duration?
  private let hash = KeyedHash()

  init(logger: Logger, slowQuery: Duration?) {
    self.logger = logger
    self.slowQuery = slowQuery
  }

  func write(_ exchange: Exchange, method: HTTPRequest.Method, status: Int, duration: Duration) {
    var metadata: Logger.Metadata = [
      "http.request.id": .string(exchange.requestID), "http.route": .string(exchange.route),
      "http.request.method": .string(RequestMetrics.name(of: method)),
      "http.response.status_code": .stringConvertible(status),
      "event.duration": .stringConvertible(Int64(duration.seconds * 1e9)),
      "trace.id": .string(exchange.trace.traceID), "span.id": .string(exchange.trace.spanID),
    ]
    if let parent = exchange.trace.parentID { metadata["parent.id"] = .string(parent) }
    if let problem = exchange.problem { metadata["error.code"] = .string(problem.code) }
    if let slowQuery, duration >= slowQuery, let query = exchange.notes.query {
      logger.notice("slow query", metadata: metadata.merging(described(query)) { own, _ in own })
    }
    guard let problem = exchange.problem, status >= 500 else {
      logger.info("request", metadata: metadata)
      return
    }
    // Being full is expected; not knowing what happened is not.
    let level: Logger.Level = problem.row.isInternal ? .error : .warning
    if let cause = problem.cause { metadata["error.cause"] = .string(Redactor().redact("\(cause)")) }
    if problem.row.isInternal, !problem.message.isEmpty {
      metadata["error.message"] = .string(problem.message)
    }
    logger.log(level: level, "request", metadata: metadata)
  }

  private func described(_ query: CallNotes.Query) -> Logger.Metadata {
    [
      "frontdesk.query.hash": .string(hash.hex(of: query.text)),
      "frontdesk.query.bytes": .stringConvertible(query.text.utf8.count),
      "frontdesk.kb": .string(query.knowledgeBase), "frontdesk.mode": .string(query.mode),
      "frontdesk.results": .stringConvertible(query.results),
      "frontdesk.generation": .stringConvertible(query.generation),
      "frontdesk.engine.duration": .stringConvertible(Int64(query.milliseconds * 1e6)),
    ]
  }
}
