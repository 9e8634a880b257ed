/// A message of JSON-RPC 2.0, as the Model Context Protocol uses it.
enum JSONRPCMessage: Sendable {
  /// - Parameter id: a string or a number.
  case request(id: JSONValue, method: String, parameters: JSONValue)
  /// A notification, or an answer to a question that was never asked: nothing is said to either.
  case notice

  /// - Throws: `invalidRequest`.
  init(_ value: JSONValue) throws(JSONRPCError) {
    guard case .object(let members) = value, members["jsonrpc"] == "2.0" else {
      throw .invalidRequest("A message is an object with \"jsonrpc\": \"2.0\".")
    }
    guard let method = members["method"] else {
      guard members["id"] != nil, members["result"] != nil || members["error"] != nil else {
        throw .invalidRequest("A message has a method, or a result or an error.")
      }
      self = .notice
      return
    }
    guard case .string(let name) = method else { throw .invalidRequest("method must be a string.") }
    switch members["params"] {
    case nil, .object: break
    default: throw .invalidRequest("params must be an object.")
    }
    switch members["id"] {
    case nil: self = .notice
    case .string, .integer:
      self = .request(
        id: members["id"] ?? .null, method: name, parameters: members["params"] ?? [:])
    default: throw .invalidRequest("id must be a string or a whole number.")
    }
  }
}

/// What went wrong with a message (JSON-RPC 2.0, section 5.1).
struct JSONRPCError: Error, Sendable {
  let code: Int64
  let message: String
  var data: JSONValue?

  static func parse(_ error: JSONSyntaxError) -> JSONRPCError {
    JSONRPCError(code: -32700, message: "The body is not JSON: at byte \(error.byte), \(error.message).")
  }
  static func invalidRequest(_ message: String) -> JSONRPCError {
    JSONRPCError(code: -32600, message: message)
  }
  static func methodNotFound(_ method: String) -> JSONRPCError {
    JSONRPCError(code: -32601, message: "There is no method '\(method.prefix(64))' here.")
  }
  static func invalidParameters(_ message: String) -> JSONRPCError {
    JSONRPCError(code: -32602, message: message)
  }
  /// Of this server, not of the caller.
  static func server(_ problem: Problem) -> JSONRPCError {
    var data: [String: JSONValue] = ["code": .string(problem.code)]
    if let seconds = problem.row.retryAfter { data["retry_after"] = .integer(Int64(seconds)) }
    return JSONRPCError(code: -32603, message: problem.shownMessage, data: .object(data))
  }

  /// - Parameter id: null where the message's own could not be read.
  func response(to id: JSONValue) -> JSONValue {
    var error: [String: JSONValue] = ["code": .integer(code), "message": .string(message)]
    if let data { error["data"] = data }
    return ["jsonrpc": "2.0", "id": id, "error": .object(error)]
  }
}
