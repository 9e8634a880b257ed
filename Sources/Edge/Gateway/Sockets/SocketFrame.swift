import Conversation
import Domain
import Foundation
import NIOCore

/// A frame that a client sent: an object with a `type`, and an `id` of the client's own that its answer carries.
struct SocketRequest: Sendable {
  enum Kind: String, Sendable, CaseIterable { case subscribe, unsubscribe, message, open, ping }

  let body: Data
  private let fields: Result<FieldReader, Problem>
  static let maxIDBytes = 255

  init(_ text: ByteBuffer) {
    body = Data(text.readableBytesView)
    do throws(Problem) { fields = .success(try FieldReader(body: body)) } catch { fields = .failure(error) }
  }

  /// - Throws: `invalid_json`, `missing_field`, `invalid_field`.
  func kind() throws(Problem) -> Kind {
    var fields = try fields.get()
    if !fields.has("type") { fields.fail("type", "it is missing; send a string.", code: "missing_field") }
    let kind: Kind? = fields.choice("type", code: "invalid_field")
    _ = fields.string("id", maxBytes: Self.maxIDBytes)
    try fields.finish()
    return kind ?? .ping
  }

  /// In lower case.
  func conversation() throws(Problem) -> String {
    var fields = try fields.get()
    let id = fields.requiredString("conversation_id")
    if id.utf8.count > 64 { fields.fail("conversation_id", "it is longer than any id.") }
    try fields.finish()
    return id.lowercased()
  }

  func after() throws(Problem) -> Int {
    var fields = try fields.get()
    let after = fields.integer("after", in: 0...Int64(Int32.max), code: "invalid_field")
    try fields.finish()
    return Int(after ?? 0)
  }

  /// What of an `open` frame `POST /v1/conversations` would take.
  var opening: Data {
    guard let fields = try? fields.get() else { return body }
    var members: [String: JSONValue] = [:]
    for name in ["kb", "channel", "customer"] { members[name] = fields.value(name) }
    return JSONText.data(JSONValue.object(members))
  }

  var clientID: String? {
    guard var fields = try? fields.get() else { return nil }
    return fields.string("client_id", maxBytes: ConversationService.maxClientIDBytes)
  }

  /// What the client calls this frame, and the message in it.
  private var references: [String: JSONValue] {
    guard var fields = try? fields.get() else { return [:] }
    var references: [String: JSONValue] = [:]
    for (name, limit) in [("id", Self.maxIDBytes), ("client_id", ConversationService.maxClientIDBytes)] {
      if let text = fields.string(name, maxBytes: limit) { references[name] = .string(text) }
    }
    if let id = fields.string("conversation_id", maxBytes: 64) {
      references["conversation_id"] = .string(id.lowercased())
    }
    return references
  }

  func answer(_ type: String, _ members: [String: JSONValue] = [:]) -> ByteBuffer {
    var all = references.merging(members) { $1 }
    if all["conversation"] != nil { all["conversation_id"] = nil }
    return SocketFrame.text(type, all)
  }

  func error(_ problem: Problem) -> ByteBuffer {
    var members = references.merging(SocketFrame.members(of: problem)) { $1 }
    let type = (try? fields.get()).flatMap { fields -> String? in
      var fields = fields
      return fields.string("type", maxBytes: 64)
    }
    if let type { members["about"] = .string(type) }
    return SocketFrame.text("error", members)
  }
}

/// What the server sends.
enum SocketFrame {
  static func text(_ type: String, _ members: [String: JSONValue]) -> ByteBuffer {
    ByteBuffer(bytes: JSONText.data(JSONValue.object(members.merging(["type": .string(type)]) { $1 })))
  }

  /// - Returns: what an encodable value is as JSON.
  static func json(_ value: some Encodable) -> JSONValue {
    (try? JSONParser.parse(JSONText.data(value))) ?? .null
  }

  static func message(_ message: Message, in conversation: String) -> ByteBuffer {
    let body = JSONText.data(MessageView(message))
    var text = ByteBuffer()
    text.reserveCapacity(body.count + 96)
    // Ids of conversations are UUIDs here: nothing in them needs to be escaped.
    text.writeString("{\"conversation_id\":\"\(conversation)\",\"message\":")
    text.writeBytes(body)
    text.writeString(",\"type\":\"message\"}")
    return text
  }

  static func unsubscribed(from conversation: String, _ problem: Problem) -> ByteBuffer {
    text(
      "unsubscribed",
      ["conversation_id": .string(conversation), "reason": .object(members(of: problem))])
  }

  static func members(of problem: Problem) -> [String: JSONValue] {
    var members: [String: JSONValue] = [
      "code": .string(problem.code), "title": .string(problem.row.title),
      "message": .string(problem.shownMessage), "errors": .array(problem.errors.map(\.json)),
    ]
    if let seconds = problem.retryAfter ?? problem.row.retryAfter {
      members["retry_after"] = .integer(Int64(seconds))
    }
    return members
  }
}

extension SocketSession {
  var welcome: ByteBuffer {
    let limits = hub.limits
    return SocketFrame.text(
      "welcome",
      [
        "session": .string(identity.call.requestID),
        "heartbeat_seconds": .integer(limits.pingInterval.components.seconds),
        "limits": [
          "message_bytes": .integer(Int64(limits.maxMessageBytes)),
          "text_bytes": .integer(Int64(ConversationService.maxTextBytes)),
          "subscriptions": .integer(Int64(limits.maxSubscriptions)),
          "frames_per_second": .number(limits.framesPerSecond),
          "frames_at_once": .number(limits.frameBurst),
          "frames_waiting": .integer(Int64(limits.maxPendingWork)),
        ],
      ])
  }

  var goingAway: ByteBuffer {
    SocketFrame.text(
      "going_away", ["retry_after": .integer(Int64(ErrorTable.row("shutting_down").retryAfter ?? 5))])
  }

  func tooFast(retryAfter wait: Duration) -> ByteBuffer {
    var problem = Problem("rate_limited", "Frames come too fast; those that were not read are not answered.")
    problem.retryAfter = max(1, Int(wait.seconds.rounded(.up)))
    return SocketFrame.text("error", SocketFrame.members(of: problem))
  }
}
