import HTTPTypes
import Hummingbird

/// How a route tells what went wrong.
enum ErrorShape: Sendable {
  /// RFC 9457.
  case problem
  /// `{"error":{"message","type","code","param"}}`, as clients of OpenAI's interface read it.
  case openAI
  /// A page where a browser asks, else as `problem`.
  case page

  /// - Parameter accept: what the request takes.
  func response(to problem: Problem, requestID: String, accept: String) -> Response {
    if case .page = self, MediaTypeName.prefers("text/html", to: "application/json", accept: accept) {
      return ErrorPage.response(to: problem, requestID: requestID)
    }
    var response = problem.response(requestID: requestID)
    guard case .openAI = self else { return response }
    let body = JSONText.data(problem.openAI)
    response.headers[.contentType] = "application/json"
    response.headers[.contentLength] = String(body.count)
    response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: body))
    return response
  }
}

extension Problem {
  /// The codes stay ours, but for the one that OpenAI's own documentation tells clients to look for.
  fileprivate var openAI: JSONValue {
    let type =
      switch row.status {
      case 401: "authentication_error"
      case 403: "permission_error"
      case 429: "rate_limit_error"
      case 500...: "server_error"
      default: "invalid_request_error"
      }
    return [
      "error": [
        "message": .string(shownMessage), "type": .string(type),
        "code": .string(code == "unauthorized" ? "invalid_api_key" : code),
        "param": errors.first?.field.map { .string($0) } ?? .null,
      ]
    ]
  }
}

extension RouteTable {
  /// How errors at a path are told, also where no route takes the method.
  func errorShape(at path: Substring) -> ErrorShape {
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    return routes.first { $0.path.match(parts) != nil }?.errorShape ?? .problem
  }
}
