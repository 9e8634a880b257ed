import HTTPTypes
import Hummingbird

extension Problem {
  static let routeNotFound = Problem(
    "route_not_found", "There is nothing at this path; GET /openapi.json lists what there is.")

  static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> Problem {
    let names = allowed.map(\.rawValue).joined(separator: ", ")
    return Problem("method_not_allowed", "This path takes \(names).", headers: [.allow: names])
  }

  static func unauthorized(_ message: String, challenge: String = "Bearer realm=\"frontdesk\"") -> Problem {
    Problem("unauthorized", message, headers: [.wwwAuthenticate: challenge])
  }

  static func knowledgeBaseNotFound(_ name: String) -> Problem {
    // The name is cut so that a problem stays small whatever was sent.
    Problem("kb_not_found", "There is no knowledge base '\(name.prefix(64))'; POST /v1/kbs makes one.")
  }

  static let documentNotFound = Problem(
    "document_not_found", "There is no document of that id here, or this key may not see it.")

  static func tooLarge(_ limit: Int) -> Problem {
    Problem("too_large", "The body may have at most \(limit) bytes.", closesConnection: true)
  }

  static func unsupportedType(_ type: String) -> Problem {
    Problem(
      "unsupported_type",
      "The body is declared as '\(type.prefix(100))'; send it with Content-Type: application/json.")
  }

  static func invalidJSON(_ error: JSONSyntaxError) -> Problem {
    Problem("invalid_json", "The body is not JSON: at byte \(error.byte), \(error.message).")
  }

  static func invalidParameter(_ name: String, _ message: String, code: String = "invalid_parameter")
    -> Problem
  {
    Problem(code, message, errors: [Detail(field: name, code: code, message: message)])
  }

  static let overloaded = Problem("overloaded", "The server is working at its limit; try again shortly.")
  static let shuttingDown = Problem("shutting_down", "The server is stopping; try again in a few seconds.")

  static func timedOut(after timeout: Duration) -> Problem {
    Problem("request_timeout", "It was not done within \(timeout.components.seconds) seconds.")
  }
}
