import Domain
import Foundation
import Security

/// What a customer, or the law, asks of what is stored about them.
struct PrivacyRequest: Codable, Sendable {
  enum Kind: String, Codable, Sendable, CaseIterable {
    /// Hands out everything (GDPR, articles 15 and 20).
    case export
    /// Puts another profile in the place of the stored one (article 16).
    case rectification
    /// Keeps everything and uses nothing (article 18); `release` ends that.
    case restriction, release
    /// Leaves no byte (article 17).
    case erasure
    /// Bars erasure for a reason; `unhold` ends that.
    case hold, unhold

    var permission: Permission { self == .export ? .exportPersonalData : .erasePersonalData }
    /// Of the job that carries it out.
    var jobKind: String { "customer_" + rawValue }

    static let jobKinds = Set(allCases.map(\.jobKind))
  }
  var kind: Kind
  var customer: String
  var locale: String?
  var timeZone: String?
  /// Of a hold.
  var reason: String?
}

/// Carries such a request out, as a job: killed in between, it is done once more.
struct PrivacyJob: Sendable {
  let customers: any CustomerStore
  let conversations: any ConversationStore

  /// What came of it, as NDJSON: the receipt, after what is handed out.
  func result(of part: JobPart, in job: Job) async throws -> JobPartResult {
    let request: PrivacyRequest
    do { request = try JSONDecoder().decode(PrivacyRequest.self, from: part.input) } catch {
      throw Problem("internal", "", cause: error)
    }
    var lines = Data()
    let receipt = try await carryOut(request, job: job.id, into: &lines)
    lines.append(Self.line(["receipt": receipt]))
    return JobPartResult(done: 1, failed: receipt["outcome"] == "done" ? 0 : 1, lines: lines)
  }

  private func carryOut(
    _ request: PrivacyRequest, job: String, into lines: inout Data
  ) async throws -> JSONValue {
    let (id, now) = (request.customer, Date())
    var receipt: [String: JSONValue] = [
      "request": .string(request.kind.rawValue), "at": .string(Timestamp.text(now)),
      "customer": .string(try await customers.pseudonym(ofCustomer: id)),
    ]
    let isKnown: Bool
    switch request.kind {
    case .export: isKnown = try await export(id, into: &lines, &receipt)
    case .rectification:
      let customer = Customer(id: id, locale: request.locale, timeZone: request.timeZone)
      isKnown = try await customers.rectify(customer, at: now)
    case .restriction: isKnown = try await customers.restrict(id, true, at: now)
    case .release: isKnown = try await customers.restrict(id, false, at: now)
    case .hold: isKnown = try await customers.hold(id, reason: request.reason ?? "", at: now)
    case .unhold: isKnown = try await customers.hold(id, reason: nil, at: now)
    case .erasure:
      switch try await customers.erase(customer: id, by: job, at: now) {
      case .erased(let erased):
        receipt["erased"] = [
          "conversations": .integer(Int64(erased.conversations)),
          "messages": .integer(Int64(erased.messages)),
          "exports": .integer(Int64(erased.exports)),
        ]
        isKnown = true
      case .held(let reason):
        receipt["outcome"] = "held"
        receipt["reason"] = .string(reason)
        return .object(receipt)
      }
    }
    // Nothing to erase is erased; nothing to change is told.
    receipt["outcome"] = isKnown ? "done" : "unknown_customer"
    return .object(receipt)
  }

  private func export(
    _ id: String, into lines: inout Data, _ receipt: inout [String: JSONValue]
  ) async throws -> Bool {
    guard let record = try await customers.customer(id) else { return false }
    lines.append(Self.line(["customer": CustomerView(record)]))
    var last: Conversation?
    while true {
      let page = try await customers.conversations(ofCustomer: id, after: last, limit: 100)
      for conversation in page {
        lines.append(Self.line(["conversation": ConversationView(conversation)]))
        try await export(conversation, into: &lines)
      }
      guard let end = page.last else { break }
      last = end
    }
    receipt["exported"] = [
      "conversations": .integer(Int64(record.conversations)), "messages": .integer(Int64(record.messages)),
    ]
    return true
  }

  private func export(_ conversation: Conversation, into lines: inout Data) async throws {
    var last = 0
    while true {
      let page = try await conversations.messages(of: conversation.id, after: last, limit: 500)
      for message in page {
        let view = try JSONParser.parse(JSONText.data(MessageView(message)))
        lines.append(
          Self.line(["message": view.merging(["conversation_id": .string(conversation.id)])]))
      }
      guard let end = page.last else { return }
      last = end.sequence
    }
  }

  private static func line(_ value: some Encodable) -> Data { JSONText.data(value) + Data("\n".utf8) }
}

struct CustomerView: Encodable {
  let record: CustomerRecord

  init(_ record: CustomerRecord) { self.record = record }

  enum CodingKeys: String, CodingKey {
    case id, locale, pseudonym, hold, conversations, messages
    case timeZone = "time_zone"
    case restrictedAt = "restricted_at"
    case createdAt = "created_at"
    case updatedAt = "updated_at"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(record.customer.id, forKey: .id)
    try container.encode(record.customer.locale, forKey: .locale)
    try container.encode(record.customer.timeZone, forKey: .timeZone)
    try container.encode(record.pseudonym, forKey: .pseudonym)
    try container.encode(record.restrictedAt.map(Timestamp.text), forKey: .restrictedAt)
    try container.encode(record.hold, forKey: .hold)
    try container.encode(record.conversations, forKey: .conversations)
    try container.encode(record.messages, forKey: .messages)
    try container.encode(Timestamp.text(record.createdAt), forKey: .createdAt)
    try container.encode(Timestamp.text(record.updatedAt), forKey: .updatedAt)
  }
}
