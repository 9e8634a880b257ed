import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge
import SearchIndex

/// An error as a client reads it (RFC 9457).
struct Problem: Error, Sendable {
  /// One thing that is wrong with one part of the input.
  struct Detail: Sendable, Hashable {
    /// Where: `history[2].role`, a query parameter, or nil for the whole.
    var field: String?
    var code: String
    var message: String
    /// In a document that was sent, from 1.
    var line: Int?

    var json: JSONValue {
      var members: [String: JSONValue] = ["code": .string(code), "message": .string(message)]
      if let field { members["field"] = .string(field) }
      if let line { members["line"] = .integer(Int64(line)) }
      return .object(members)
    }
  }

  var code: String
  /// What went wrong and what to do.
  var message: String
  var errors: [Detail] = []
  var headers: HTTPFields = [:]
  /// For logs only.
  var cause: (any Error)?
  /// Whether the connection cannot go on: part of the body was not read.
  var closesConnection = false
  /// Seconds, where this occurrence has its own.
  var retryAfter: Int?

  init(
    _ code: String, _ message: String, errors: [Detail] = [], headers: HTTPFields = [:],
    cause: (any Error)? = nil, closesConnection: Bool = false
  ) {
    self.code = code
    self.message = message
    self.errors = errors
    self.headers = headers
    self.cause = cause
    self.closesConnection = closesConnection
  }

  /// What to tell about any error: codes of the table as they are, everything else `internal`.
  init(describing error: any Error) {
    switch error {
    case let problem as Problem:
      self = problem
    case let error as any CodedError where ErrorTable.rows[error.code] != nil:
      self.init(error.code, error.message, cause: error.cause)
      errors = (error as? KnowledgeError)?.diagnostics.map(Detail.init) ?? []
    case let error as SearchIndexError:
      self.init(error.code.rawValue, error.message, cause: error)
    case is CancellationError:
      self.init("shutting_down", "The server is stopping; try again in a few seconds.")
    default:
      self.init("internal", "", cause: error)
    }
  }

  var row: ErrorTable.Row { ErrorTable.row(code) }

  /// Safe to show: without what only the operator may know.
  var shownMessage: String {
    row.isInternal ? "The server failed to do this; its log tells why under this request id." : message
  }

  /// The document that a client reads (`application/problem+json`).
  func json(requestID: String) -> JSONValue {
    let row = row
    var members: [String: JSONValue] = [
      "type": .string("urn:frontdesk:error:" + code), "title": .string(row.title),
      "status": .integer(Int64(row.status)), "detail": .string(shownMessage), "code": .string(code),
      "request_id": .string(requestID), "errors": .array(errors.map(\.json)),
    ]
    if let seconds = retryAfter ?? row.retryAfter { members["retry_after"] = .integer(Int64(seconds)) }
    return .object(members)
  }

  func response(requestID: String) -> Response {
    var headers = headers
    if let seconds = retryAfter ?? row.retryAfter { headers[.retryAfter] = String(seconds) }
    if closesConnection { headers[.connection] = "close" }
    return .data(
      JSONText.data(json(requestID: requestID)), type: "application/problem+json",
      status: .init(code: row.status), headers: headers)
  }
}

extension Problem.Detail {
  init(_ diagnostic: Diagnostic) {
    self.init(
      field: nil, code: diagnostic.code, message: diagnostic.message + " " + diagnostic.remedy,
      line: diagnostic.line)
  }
}
