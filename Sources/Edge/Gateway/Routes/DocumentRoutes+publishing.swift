import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge
import Security

/// Who reads a document, and when.
extension GatewayRoutes {
  private static let path = "/v1/kbs/{kb}/documents/{external_id}/"
  private static let errors = [
    "invalid_external_id", "kb_not_found", "document_not_found", "precondition_failed", "storage_full",
  ]

  static func publishing(_ locks: KeyedLocks<DocumentKey>, _ rule: PublishingRule) -> [Route] {
    [
      route(
        "publish", locks, rule, summary: "Publish the newest version",
        description: """
          Readers find the newest version, a draft or an archived one, from now on, or from `publish_at` on; what \
          they find until then stays. It takes the place of the version before it. Where `publish_by_another` is \
          set, whoever wrote it is refused.
          """,
        request: "PublishDocument",
        errors: [
          "invalid_json", "invalid_publication", "model_unavailable", "overloaded", "publish_needs_another",
        ]
      ) { call throws(Problem) in
        var fields = try call.optionalFields()
        let change = fields.publication(status: false)
        try fields.finish()
        return .publish(change)
      },
      route(
        "unpublish", locks, rule, summary: "Take a document back as a draft",
        description:
          "Readers find nothing of it any more, nor will what was to be published later; it is a draft."
      ) { _ throws(Problem) in .unpublish },
      route(
        "archive", locks, rule, summary: "Archive a document",
        description: """
          Readers find nothing of it any more. It keeps its versions, and stays archived when it is written or \
          ingested again without a `status`, until someone publishes it.
          """
      ) { _ throws(Problem) in .archive },
      restore(locks, rule),
    ]
  }

  private static func route(
    _ name: String, _ locks: KeyedLocks<DocumentKey>, _ rule: PublishingRule, summary: String,
    description: String,
    request: String? = nil, errors further: [String] = [],
    act: @escaping @Sendable (Call) throws(Problem) -> PublicationAct
  ) -> Route {
    Route(
      .post, PathTemplate(stringLiteral: path + name), access: .keyed(.publishDocuments), lane: .write,
      body: request == nil ? .none : .json,
      documentation: Documentation(
        id: name + "Document", tag: documentTag, summary: summary, description: description,
        headers: [Documentation.ifMatch], request: request,
        isRequestOptional: true,
        responses: [200: .json("PublicationResponse")], errors: errors + further)
    ) { call in
      let id = try call.externalID()
      let act = try act(call)
      let knowledgeBase = try await call.knowledgeBase()
      let key = DocumentKey(knowledgeBase: knowledgeBase.id, externalID: id)
      let receipt = try await locks.withLock(key) {
        try await call.checkPreconditions(on: id, in: knowledgeBase.id)
        try await rule.check(act, on: id, in: knowledgeBase.id, by: call)
        try await call.record("document." + name, AuditTarget.document(id, in: knowledgeBase.name))
        return try await call.services.ingest.act(act, on: id, in: knowledgeBase.name)
      }
      return .json(PublicationView(receipt), headers: [.eTag: EntityTag.text(receipt.record)])
    }
  }

  private static func restore(_ locks: KeyedLocks<DocumentKey>, _ rule: PublishingRule) -> Route {
    Route(
      .post, PathTemplate(stringLiteral: path + "restore"), access: .keyed(.writeDocuments), lane: .write,
      body: .json,
      documentation: Documentation(
        id: "restoreVersion", tag: documentTag, summary: "Restore a version",
        description: """
          Writes an old version once more, with its title, text, tags, visibility and all else, as the newest one; \
          also of a document that was deleted. Without `status` it goes where a PUT without one would: to readers, \
          unless the document is a draft or archived, or the key's PUT would be a draft.
          """,
        request: "RestoreVersion", responses: [200: .json("PutDocumentResponse")],
        errors: errors + [
          "invalid_json", "missing_field", "invalid_version", "version_not_found", "invalid_publication",
          "model_unavailable", "overloaded", "publish_needs_another",
        ])
    ) { call in
      let id = try call.externalID()
      var fields = try call.fields()
      if !fields.has("version") {
        fields.fail("version", "it is missing; send the number of a version.", code: "missing_field")
      }
      let version = fields.integer("version", in: 1...Int64(Int32.max), code: "invalid_version") ?? 1
      let said = fields.publication()
      try fields.finish()
      let publication = try rule.held(said, for: call.principal)
      let knowledgeBase = try await call.knowledgeBase()
      let key = DocumentKey(knowledgeBase: knowledgeBase.id, externalID: id)
      let receipt = try await locks.withLock(key) {
        try await call.checkPreconditions(on: id, in: knowledgeBase.id)
        try await call.record("document.restore", AuditTarget.document(id, in: knowledgeBase.name))
        return try await call.services.ingest.restore(
          Int(version), of: id, in: knowledgeBase.name, publication: publication, author: call.author)
      }
      return .json(UpsertView(receipt), headers: [.eTag: EntityTag.text(receipt.record)])
    }
  }
}
