import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge
import Security

extension GatewayRoutes {
  private static let path: PathTemplate = "/v1/kbs/{kb}/documents/{external_id}"
  static let documentTag = "Documents"

  static func documents(_ locks: KeyedLocks<DocumentKey>, publishByAnother: Bool = false) -> [Route] {
    let rule = PublishingRule(byAnother: publishByAnother)
    return [list, put(locks, rule), patch(locks, rule), get, delete(locks), bulk(rule), versions, diff]
      + publishing(locks, rule)
  }

  /// One document of one knowledge base.
  struct DocumentKey: Hashable, Comparable, Sendable {
    let knowledgeBase: KnowledgeBaseID
    let externalID: String

    static func < (a: Self, b: Self) -> Bool {
      (a.knowledgeBase.rawValue, a.externalID) < (b.knowledgeBase.rawValue, b.externalID)
    }
  }

  private static func put(_ locks: KeyedLocks<DocumentKey>, _ rule: PublishingRule) -> Route {
    Route(
      .put, path, access: .keyed(.writeDocuments), lane: .write, body: .document,
      documentation: Documentation(
        id: "putDocument", tag: "Documents", summary: "Put a document",
        description: """
          Makes or replaces the document of that id. Send its fields as JSON, or a file of any supported type as \
          the raw body. The same content again changes nothing. `{external_id}` is your own id, one \
          percent-encoded path segment (`/` is `%2F`). `If-Match` with an ETag replaces only that version; \
          `If-None-Match: *` only makes a new document. The write is searchable at `generation`. With `status` \
          `draft`, or a `publish_at` to come, what readers see stays as it is until then; what is left out of \
          `status`, `publish_at` and `expires_at` stays as it is with the document, and null clears a date. Of a key \
          that may not publish, and of every key where another publishes (`publish_by_another`), it is a draft.
          """,
        query: [
          .init(
            "visibility", .string,
            "For a raw body: `public`, `signed_in`, or group names with commas between; overrides what the file says."
          ),
          .init("status", .string, "For a raw body: `draft`, `published` or `archived`."),
          .init("publish_at", .string, "For a raw body: a date or an RFC 3339 time; empty clears it."),
          .init("expires_at", .string, "For a raw body, likewise."),
        ],
        headers: [
          Documentation.ifMatch, .init("If-None-Match", .string, "`*` only makes a new document."),
        ], request: "DocumentFields", acceptsFiles: true,
        responses: [200: .json("PutDocumentResponse"), 201: .json("PutDocumentResponse")],
        errors: [
          "invalid_json", "missing_field", "invalid_field", "invalid_external_id", "invalid_visibility",
          "invalid_publication", "invalid_document", "kb_not_found", "precondition_failed", "too_large",
          "unsupported_type",
          "unreadable_document", "overloaded", "model_unavailable", "storage_full",
          "publish_needs_another",
        ])
    ) { call in
      let id = try call.externalID()
      let knowledgeBase = try await call.knowledgeBase()
      var upsert = try call.upsert(id, into: knowledgeBase.name)
      upsert.publication = try rule.held(upsert.publication, for: call.principal)
      let key = DocumentKey(knowledgeBase: knowledgeBase.id, externalID: id)
      let receipt = try await locks.withLock(key) { [upsert] in
        try await call.checkPreconditions(on: id, in: knowledgeBase.id)
        return try await call.services.ingest.upsert(upsert)
      }
      return .upserted(receipt, in: knowledgeBase.name)
    }
  }

  private static let get = Route(
    .get, path, access: .read(.readDocuments), lane: .read,
    documentation: Documentation(
      id: "getDocument", tag: "Documents", summary: "Read a document",
      description: """
        What is known of the document; with `Accept: text/plain`, its extracted text, into which the byte \
        offsets of citations point. Readers find what is live; keys that see every document find the newest \
        version, which may be a draft, and with `version` any other one, also after a delete.
        """,
      query: [
        .init("version", .integer, "A version from 1; where left out the newest that the key may see.")
      ],
      responses: [
        200: .jsonOrText("GetDocumentResponse"), 304: .empty("Still the version of If-None-Match"),
      ],
      errors: ["invalid_external_id", "invalid_version", "kb_not_found", "document_not_found"])
  ) { call in
    let id = try call.externalID()
    let version = try call.query.integer("version", in: 1...Int.max, code: "invalid_version")
    let knowledgeBase = try await call.knowledgeBase()
    let record = try await call.document(id, in: knowledgeBase.id)
    let visible = record.flatMap { call.principal.viewer.maySee($0.visibility) ? $0 : nil }
    // Who may see an older version is not recorded: it stays with those who see everything.
    let mayReadAnyVersion = call.principal.viewer == .all && version != nil
    guard let wanted = version ?? visible?.version, wanted == visible?.version || mayReadAnyVersion else {
      throw Problem.documentNotFound
    }

    var headers: HTTPFields = [.cacheControl: "private, no-cache", .vary: "Accept"]
    var tag = EntityTag.text(wanted)
    if let visible, visible.version == wanted {
      tag = EntityTag.text(visible)
      headers[.eTag] = tag
      if EntityTag.list(call.headers[values: .ifNoneMatch], includes: tag, weakly: true) {
        return Response(status: .notModified, headers: headers)
      }
      if !call.prefers("text/plain") {
        let view = GetDocumentView(document: DocumentView(visible), generation: visible.generation.rawValue)
        return .json(view, headers: headers)
      }
    }
    guard let found = try await call.services.store.version(wanted, of: id, in: knowledgeBase.id) else {
      throw Problem.documentNotFound
    }
    headers[.eTag] = tag
    return call.prefers("text/plain")
      ? .text(found.text, type: "text/plain; charset=utf-8", headers: headers)
      : .json(GetVersionView(document: VersionView(found)), headers: headers)
  }

  private static func delete(_ locks: KeyedLocks<DocumentKey>) -> Route {
    Route(
      .delete, path, access: .keyed(.deleteDocuments), lane: .write,
      documentation: Documentation(
        id: "deleteDocument", tag: "Documents", summary: "Delete a document",
        description: """
          Takes the document out of search; its old versions stay for verification. `purge=true` erases \
          every version, chunk and vector of it, also after an earlier delete; it needs `purge_documents`.
          """,
        query: [.init("purge", .boolean, "Leave no byte of it.")], headers: [Documentation.ifMatch],
        responses: [200: .json("GenerationResponse")],
        errors: [
          "invalid_external_id", "invalid_parameter", "kb_not_found", "document_not_found",
          "precondition_failed",
        ])
    ) { call in
      let id = try call.externalID()
      let purges = try call.query.flag("purge")
      if purges { try call.require(.purgeDocuments) }
      let knowledgeBase = try await call.knowledgeBase()
      let key = DocumentKey(knowledgeBase: knowledgeBase.id, externalID: id)
      let generation = try await locks.withLock(key) {
        try await call.checkPreconditions(on: id, in: knowledgeBase.id)
        // By its hash: an id may name a person, and a purge leaves no byte of it.
        try await call.record(
          purges ? "document.purge" : "document.delete", AuditTarget.document(id, in: knowledgeBase.name))
        return purges
          ? try await call.services.ingest.purge(id, from: knowledgeBase.name)
          : try await call.services.ingest.delete(id, from: knowledgeBase.name)
      }
      return .json(GenerationView(generation: generation.rawValue))
    }
  }
}

extension Response {
  /// What a write of one document did: 201 with its place where it is new.
  static func upserted(_ receipt: UpsertReceipt, in knowledgeBase: String) -> Response {
    var headers: HTTPFields = [.eTag: EntityTag.text(receipt.record)]
    let isNew = receipt.effect == .added
    if isNew {
      let id = PercentEncoding.encode(receipt.record.externalID)
      headers[.location] = "/v1/kbs/\(knowledgeBase)/documents/\(id)"
    }
    return .json(UpsertView(receipt), status: isNew ? .created : .ok, headers: headers)
  }
}
