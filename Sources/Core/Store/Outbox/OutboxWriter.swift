import Domain
import Foundation
import GRDB

/// Writes events down in the transaction that they tell of, in either file: both happen, or neither.
///
/// Nothing is written that no endpoint wants; who wants what is read once.
struct OutboxWriter {
  /// What an event says beside its type: ids, names, states and times. No text of documents, nothing personal.
  typealias Values = [String: OutboxValue]

  private let db: Database
  /// Microseconds since 1970.
  private let now: Int64
  private let interests: [EventInterest]

  init(_ db: Database, now: Int64) throws {
    self.db = db
    self.now = now
    var interests: [EventInterest] = []
    try db.each("SELECT types, kbs FROM outbox_interests", []) {
      interests.append(EventInterest(types: try $0.strings(0), knowledgeBases: try $0.strings(1)))
    }
    self.interests = interests
  }

  /// - Parameter knowledgeBase: by name; nil for what belongs to none.
  func isWanted(_ type: EventType, of knowledgeBase: String?) -> Bool {
    interests.contains { $0.includes(type.rawValue, of: knowledgeBase) }
  }

  /// - Parameters:
  ///   - document: whose external id is looked up when the event is sent.
  ///   - data: asked for only where someone wants the event; `kb` is added.
  func record(
    _ type: EventType, knowledgeBase: String? = nil, document: Int64? = nil,
    data: () throws -> Values
  ) throws {
    guard isWanted(type, of: knowledgeBase) else { return }
    var values = try data()
    if let knowledgeBase { values["kb"] = .text(knowledgeBase) }
    if let document { values["document_id"] = .text(String(document)) }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try db.run(
      "INSERT INTO outbox (id, type, kb, document, data, occurred_at) VALUES (?, ?, ?, ?, ?, ?)",
      "msg_" + UUID().uuidString.lowercased(), type.rawValue, knowledgeBase, document,
      try encoder.encode(values), now)
  }

  /// What became of a document.
  func record(
    _ type: EventType, _ document: Int64, of knowledgeBase: String, generation: Generation? = nil,
    _ record: @autoclosure () throws -> DocumentRecord
  ) throws {
    try self.record(type, knowledgeBase: knowledgeBase, document: document) {
      let record = try record()
      var values: Values = [
        "version": .number(Int64(record.version)), "status": .text(record.publication.status.rawValue),
        "live_version": record.liveVersion.map { .number(Int64($0)) } ?? .null,
      ]
      if let generation { values["generation"] = .number(generation.rawValue) }
      return values
    }
  }
}

/// A value of an event.
enum OutboxValue: Encodable {
  case text(String)
  case number(Int64)
  case null

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .null: try container.encodeNil()
    }
  }
}
