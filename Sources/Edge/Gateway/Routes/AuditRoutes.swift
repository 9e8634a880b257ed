import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security

extension GatewayRoutes {
  static let audit: [Route] = [
    Route(
      .get, "/v1/audit", access: .keyed(.readAudit), lane: .read,
      documentation: Documentation(
        id: "listAudit", tag: "Operations", summary: "Read the audit log",
        description: """
          Oldest first: when, by whom, what, to what; `hash` links each entry to the one before. Ask for the next page \
          with `after` set to the last `sequence` of this one. The log is of all knowledge bases: a key that reaches \
          some only is refused.
          """,
        query: [
          .init("limit", .integer, "1 to 1,000; 100 where left out."),
          .init("after", .integer, "Only entries after this sequence number."),
        ],
        responses: [200: .json("AuditList")], errors: ["invalid_limit", "invalid_cursor"])
    ) { call in
      let limit = try call.query.integer("limit", in: 1...1000, code: "invalid_limit") ?? 100
      let after = try call.query.integer("after", in: 0...Int.max, code: "invalid_cursor") ?? 0
      guard call.principal.knowledgeBases.isEmpty else {
        throw Problem(
          "forbidden", "The audit log is of all knowledge bases; use a key that reaches all of them.")
      }
      let found = try await call.services.audit.auditEntries(after: Int64(after), limit: limit + 1)
      return .json(
        AuditListView(entries: found.prefix(limit).map(AuditEntryView.init), hasMore: found.count > limit))
    }
  ]
}

struct AuditListView: Encodable {
  let entries: [AuditEntryView]
  let hasMore: Bool
  enum CodingKeys: String, CodingKey {
    case entries
    case hasMore = "has_more"
  }
}

struct AuditEntryView: Encodable {
  let sequence: Int64
  let time: String
  let actor: String
  let action: String
  let target: String
  let hash: String

  init(_ entry: AuditEntry) {
    sequence = entry.sequence
    time = Timestamp.text(entry.time)
    actor = entry.event.actor
    action = entry.event.action
    target = entry.event.target
    hash = Digest.hex(entry.hash)
  }
}
