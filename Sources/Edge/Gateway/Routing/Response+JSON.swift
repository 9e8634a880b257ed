import Foundation
import HTTPTypes
import Hummingbird

/// JSON as the API writes it.
enum JSONText {
  static func data(_ value: some Encodable) -> Data {
    (try? JSONWriter.data(value)) ?? Data("null".utf8)
  }
}

extension Response {
  static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:])
    -> Response
  {
    .data(JSONText.data(value), type: "application/json", status: status, headers: headers)
  }

  static func text(_ text: String, type: String, headers: HTTPFields = [:]) -> Response {
    .data(Data(text.utf8), type: type, status: .ok, headers: headers)
  }

  static func data(
    _ data: Data, type: String, status: HTTPResponse.Status, headers: HTTPFields
  ) -> Response {
    var headers = headers
    headers[.contentType] = type
    headers[.contentLength] = String(data.count)
    return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: data)))
  }
}

/// Dates as the API writes them (RFC 3339, UTC, milliseconds).
enum Timestamp {
  static func text(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
  }
}
