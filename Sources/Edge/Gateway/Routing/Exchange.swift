import Foundation
import HTTPTypes
import Synchronization

/// What is known of one request beside what it asks: for its log line, its trace and its response's headers.
struct Exchange: Sendable {
  let requestID: String
  let trace: TraceContext
  /// The template of its path, never the path.
  let route: String
  let notes = CallNotes()
  var allowance: RateLimiter.Allowance?
  var problem: Problem?

  init(_ head: HTTPRequest, route: String) {
    requestID = RequestID.of(head.headerFields)
    trace = TraceContext(head.headerFields)
    self.route = route
  }
}

/// What a handler leaves for the log line of its request.
final class CallNotes: Sendable {
  struct Query: Sendable {
    /// As it was typed: only its keyed hash is ever written.
    var text: String
    var knowledgeBase: String
    var mode: String
    var results: Int
    /// By the engine's own clock.
    var milliseconds: Double
    var generation: Int64
  }
  private let noted = Mutex<Query?>(nil)

  var query: Query? { noted.withLock { $0 } }
  func note(_ query: Query) { noted.withLock { $0 = query } }
}
