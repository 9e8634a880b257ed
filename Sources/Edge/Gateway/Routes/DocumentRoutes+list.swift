import Domain
import Foundation
import HTTPTypes
import Hummingbird

extension GatewayRoutes {
  static let list = Route(
    .get, "/v1/kbs/{kb}/documents", access: .read(.readDocuments), lane: .read,
    documentation: Documentation(
      id: "listDocuments", tag: "Documents", summary: "List documents",
      description: """
        Documents that the key may see, in the byte order of their ids: those that are live, and for keys that see \
        every document the newest version of each that is not deleted. Ask for the next page with \
        `after` set to this page's `after_cursor`, as long as `has_more` is true; a page may hold fewer than \
        `limit`.
        """,
      query: [
        .init("limit", .integer, "1 to 1,000; 100 where left out."),
        .init("after", .string, "The `after_cursor` of the page before."),
        .init("status", .string, "`draft`, `published` or `archived`; for keys that see every document."),
      ],
      responses: [200: .json("DocumentList")],
      errors: ["invalid_limit", "invalid_cursor", "invalid_parameter", "kb_not_found"])
  ) { call in
    let limit = try call.query.integer("limit", in: 1...1000, code: "invalid_limit") ?? 100
    let after = try call.query["after"].map(ListCursor.decode)
    let status = try call.query["status"].map { text throws(Problem) in
      guard let status = DocumentStatus(rawValue: text) else {
        throw Problem.invalidParameter("status", "status must be draft, published or archived.")
      }
      return status
    }
    let knowledgeBase = try await call.knowledgeBase()
    return .json(try await call.page(of: knowledgeBase.id, status: status, after: after, limit: limit))
  }
}

extension Call {
  /// Reads on past documents that the caller may not see: neither the page nor its cursor tells of them.
  fileprivate func page(
    of knowledgeBase: KnowledgeBaseID, status: DocumentStatus?, after: String?, limit: Int
  ) async throws -> DocumentListView {
    guard seesDrafts || status == nil else {
      throw Problem("forbidden", "Drafts and archived documents are for editors; leave status out.")
    }
    var visible: [DocumentRecord] = []
    var position = after
    while true {
      let needed = limit - visible.count + 1
      let batchSize = principal.viewer == .all ? needed : max(needed, 500)
      let batch =
        seesDrafts
        ? try await services.store.latestDocuments(
          in: knowledgeBase, status: status, after: position, limit: batchSize)
        : try await services.store.documents(in: knowledgeBase, after: position, limit: batchSize)
      for record in batch where principal.viewer.maySee(record.visibility) {
        // One beyond the page shows that there is more.
        if visible.count == limit {
          return DocumentListView(visible, hasMore: true, last: visible.last?.externalID)
        }
        visible.append(record)
      }
      if batch.count < batchSize { return DocumentListView(visible, hasMore: false, last: nil) }
      position = batch.last?.externalID ?? position
      try Task.checkCancellation()
    }
  }
}

/// Where a list goes on: an external id, wrapped so that it needs no escaping in a URL.
enum ListCursor {
  static func encode(_ externalID: String) -> String {
    Data(externalID.utf8).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// - Throws: `invalid_cursor`.
  static func decode(_ cursor: String) throws(Problem) -> String {
    let base64 = cursor.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    guard cursor.utf8.count <= 2048, let data = Data(base64Encoded: base64 + padding), !data.isEmpty,
      let id = String(validating: data, as: UTF8.self)
    else {
      throw .invalidParameter("after", "after must be the after_cursor of a page.", code: "invalid_cursor")
    }
    return id
  }
}
