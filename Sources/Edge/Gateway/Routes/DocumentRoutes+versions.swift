import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge

/// What a document has been.
extension GatewayRoutes {
  static let versions = Route(
    .get, "/v1/kbs/{kb}/documents/{external_id}/versions", access: .keyed(.readAllDocuments), lane: .read,
    documentation: Documentation(
      id: "listVersions", tag: documentTag, summary: "List versions",
      description: """
        Every version with all but its text, newest first, also of a deleted document. Ask for the next page with \
        `before` set to the last version of this one.
        """,
      query: [
        .init("limit", .integer, "1 to 1,000; 100 where left out."),
        .init("before", .integer, "Only versions before this one."),
      ],
      responses: [200: .json("VersionList")],
      errors: [
        "invalid_external_id", "invalid_limit", "invalid_version", "kb_not_found", "document_not_found",
      ])
  ) { call in
    let id = try call.externalID()
    let limit = try call.query.integer("limit", in: 1...1000, code: "invalid_limit") ?? 100
    let before = try call.query.integer("before", in: 1...Int.max, code: "invalid_version")
    let knowledgeBase = try await call.knowledgeBase()
    let found = try await call.services.store.versions(
      of: id, in: knowledgeBase.id, before: before, limit: limit + 1)
    guard !found.isEmpty || before != nil else { throw Problem.documentNotFound }
    return .json(
      VersionListView(versions: found.prefix(limit).map(VersionDetailView.init), hasMore: found.count > limit)
    )
  }

  static let diff = Route(
    .get, "/v1/kbs/{kb}/documents/{external_id}/diff", access: .keyed(.readAllDocuments), lane: .read,
    documentation: Documentation(
      id: "diffVersions", tag: documentTag, summary: "Compare two versions",
      description: """
        Fields that are others, and the lines of the text that changed. Where `from` is left out, what readers find \
        is compared with the newest version, or where that is live, the version before it.
        """,
      query: [
        .init("from", .integer, "The older version."),
        .init("to", .integer, "The newer one; the newest where left out."),
      ],
      responses: [200: .jsonOrText("VersionDiff")],
      errors: [
        "invalid_external_id", "invalid_version", "kb_not_found", "document_not_found", "version_not_found",
      ])
  ) { call in
    let id = try call.externalID()
    let from = try call.query.integer("from", in: 1...Int.max, code: "invalid_version")
    let to = try call.query.integer("to", in: 1...Int.max, code: "invalid_version")
    let knowledgeBase = try await call.knowledgeBase()
    let diff = try await call.services.ingest.diff(of: id, in: knowledgeBase.name, from: from, to: to)
    let headers: HTTPFields = [.vary: "Accept"]
    return call.prefers("text/plain")
      ? .text(diff.text.text, type: "text/plain; charset=utf-8", headers: headers)
      : .json(VersionDiffView(diff), headers: headers)
  }
}
