import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting

@testable import Gateway

/// A response, read.
struct Reply: Sendable {
  let status: Int
  let headers: HTTPFields
  let body: Data

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: JSONValue { (try? JSONParser.parse(body)) ?? .null }
  var code: String? { json["code"]?.text }

  /// - Parameter path: `hits[0].citation.quote`
  func at(_ path: String) -> JSONValue? { json.at(path) }
}

extension JSONValue {
  var text: String? { if case .string(let value) = self { value } else { nil } }
  var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  var elements: [JSONValue] { if case .array(let value) = self { value } else { [] } }

  func at(_ path: String) -> JSONValue? {
    var value: JSONValue? = self
    for step in path.replacing("[", with: ".[").split(separator: ".") {
      if step.hasPrefix("["), let index = Int(step.dropFirst().dropLast()) {
        let elements = value?.elements ?? []
        value = elements.indices.contains(index) ? elements[index] : nil
      } else {
        value = value?[String(step)]
      }
    }
    return value
  }
}

extension Gateway {
  /// Sends one request through the router in this process.
  func send(
    _ method: HTTPRequest.Method, _ uri: String, key: String? = nil, headers: [String: String] = [:],
    body: Data? = nil
  ) async throws -> Reply {
    var fields: HTTPFields = [:]
    if let key { fields[.authorization] = "Bearer " + key }
    for (name, value) in headers {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    return try await inProcess.test(.router) { [fields] client in
      try await client.execute(
        uri: uri, method: method, headers: fields, body: body.map { ByteBuffer(bytes: $0) }
      ) {
        Reply(status: $0.status.code, headers: $0.headers, body: Data(buffer: $0.body))
      }
    }
  }

  func send(
    _ method: HTTPRequest.Method, _ uri: String, key: String? = nil, headers: [String: String] = [:],
    json: JSONValue
  ) async throws -> Reply {
    try await send(
      method, uri, key: key, headers: headers.merging(["Content-Type": "application/json"]) { own, _ in own },
      body: JSONText.data(json))
  }
}
