import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge
import Security

extension GatewayRoutes {
  static func patch(_ locks: KeyedLocks<DocumentKey>, _ rule: PublishingRule) -> Route {
    Route(
      .patch, "/v1/kbs/{kb}/documents/{external_id}", access: .keyed(.writeDocuments), lane: .write,
      body: .json,
      documentation: Documentation(
        id: "patchDocument", tag: documentTag, summary: "Change some fields of a document",
        description: """
          A merge patch (RFC 7396) over the fields that a PUT takes: what is named is replaced, null takes it away, \
          members of `attributes` one by one, and the rest stays as it is in the newest version. Where title, text, \
          kind, questions and language stay, so do the passages. Visibility is never taken away, only replaced. With \
          `If-Match` it changes only that version.
          """,
        headers: [Documentation.ifMatch], request: "DocumentPatch", requestTypes: MergePatch.mediaTypes,
        responses: [200: .json("PutDocumentResponse")],
        errors: [
          "invalid_json", "missing_field", "invalid_field", "invalid_external_id", "invalid_visibility",
          "invalid_publication", "invalid_document", "kb_not_found", "document_not_found",
          "publish_needs_another",
          "precondition_failed", "unsupported_type", "overloaded", "model_unavailable", "storage_full",
        ])
    ) { call in
      if let type = call.mediaType, !MergePatch.mediaTypes.contains(type) {
        throw Problem(
          "unsupported_type", "Send a merge patch, as application/merge-patch+json.",
          headers: [.acceptPatch: "application/merge-patch+json"])
      }
      let id = try call.externalID()
      var fields = try call.fields()
      let stated = fields.publication()
      try fields.finish()
      let publication = try rule.held(stated, for: call.principal)
      let patch = (try? JSONParser.parse(call.body)) ?? [:]
      let knowledgeBase = try await call.knowledgeBase()
      let key = DocumentKey(knowledgeBase: knowledgeBase.id, externalID: id)
      let receipt = try await locks.withLock(key) {
        try await call.checkPreconditions(on: id, in: knowledgeBase.id)
        return try await call.services.ingest.revise(
          id, in: knowledgeBase.name, publication: publication, author: call.author
        ) { try $0.patched(by: patch) }
      }
      return .json(UpsertView(receipt), headers: [.eTag: EntityTag.text(receipt.record)])
    }
  }
}

extension MergePatch {
  static let mediaTypes = ["application/merge-patch+json", "application/json"]
}

extension HTTPField.Name {
  static let acceptPatch = Self("Accept-Patch")!
}

extension DocumentContent {
  /// - Throws: as reading a document's fields does, of those that the patch names.
  func patched(by patch: JSONValue) throws -> DocumentContent {
    guard case .object(let changes) = patch,
      case .object(var members) = MergePatch.apply(patch, to: json)
    else { return self }
    // What came out of a file may be what no client could send: only what is named is looked at.
    members = members.filter { changes[$0.key] != nil || $0.key == "text" }
    var fields = try FieldReader(body: JSONText.data(members))
    let new = fields.documentContent()
    if changes["visibility"] == .null {
      fields.fail(
        "visibility", "it cannot be taken away; name who may see the document.", code: "invalid_visibility")
    }
    try fields.finish()
    func either<Value>(_ name: String, _ path: KeyPath<DocumentContent, Value>) -> Value {
      changes[name] == nil ? self[keyPath: path] : new[keyPath: path]
    }
    return DocumentContent(
      kind: either("kind", \.kind), title: either("title", \.title), text: either("text", \.text),
      questions: either("questions", \.questions), url: either("url", \.url),
      language: either("language", \.language), tags: either("tags", \.tags),
      attributes: either("attributes", \.attributes), visibility: either("visibility", \.visibility))
  }

  /// The fields as a PUT takes them.
  private var json: JSONValue {
    var members: [String: JSONValue] = [
      "kind": .string(kind.rawValue), "title": .string(title), "text": .string(text),
      "questions": .array(questions.map { .string($0) }), "tags": .array(tags.map { .string($0) }),
      "attributes": .object(attributes.mapValues { .string($0) }), "visibility": JSONValue(visibility),
    ]
    if let url { members["url"] = .string(url) }
    if let language { members["language"] = .string(language) }
    return .object(members)
  }
}
