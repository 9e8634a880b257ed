import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Knowledge
import Security

extension GatewayRoutes {
  /// Fetches a document and puts it.
  static func ingest(_ services: GatewayServices, _ configuration: GatewayConfiguration) -> Route {
    let fetcher = DocumentFetcher(
      hosts: configuration.ingestHosts, resolver: services.resolver, client: services.outgoing,
      maxBytes: configuration.limits.maxDocumentBytes, timeout: configuration.limits.fetchTimeout,
      userAgent: "Frontdesk/" + services.version)
    let rule = PublishingRule(byAnother: configuration.publishByAnother)
    return Route(
      .post, "/v1/kbs/{kb}/ingest", access: .keyed(.writeDocuments), lane: .write, body: .json,
      keepsResults: true,
      documentation: Documentation(
        id: "ingestURL", tag: documentTag, summary: "Ingest by URL",
        description: """
          Fetches a file of any supported type from a host that the server's `ingest_hosts` names, and puts it as \
          `PUT` puts a raw body. Its id is `external_id`, else the URL. Up to 3 redirects are followed, each to a host \
          of that list again; addresses of inner networks, compressed bodies and other types are refused. The document \
          has the URL as its `url` and the host as its `source`. Of a key that may \
          not publish, it is a draft.
          """,
        headers: [
          Documentation.ifMatch, .init("If-None-Match", .string, "`*` only makes a new document."),
        ], request: "IngestURL",
        responses: [200: .json("PutDocumentResponse"), 201: .json("PutDocumentResponse")],
        errors: [
          "invalid_json", "missing_field", "invalid_field", "invalid_external_id", "invalid_visibility",
          "invalid_publication", "invalid_document", "invalid_url", "ingest_url_off", "url_not_allowed",
          "kb_not_found", "precondition_failed", "fetch_refused", "fetch_failed", "fetch_timeout",
          "destination_unavailable", "unsupported_type", "unreadable_document", "model_unavailable",
          "storage_full", "publish_needs_another",
        ])
    ) { call in
      let knowledgeBase = try await call.knowledgeBase()
      let wanted = try call.wantedIngest()
      let publication = try rule.held(wanted.publication, for: call.principal)
      // On record before it is tried: what was refused is worth knowing, too.
      try await call.record("document.fetch", AuditTarget.document(wanted.externalID, in: knowledgeBase.name))
      let file = try await fetcher.fetch(wanted.address, trace: call.trace)
      let upsert = DocumentUpsert(
        knowledgeBase: knowledgeBase.name, externalID: wanted.externalID,
        body: .file(file.data, mediaType: file.mediaType), visibility: wanted.visibility,
        publication: publication, author: call.author, source: WebSource(wanted.address))
      let key = DocumentKey(knowledgeBase: knowledgeBase.id, externalID: wanted.externalID)
      let receipt = try await services.documentLocks.withLock(key) {
        try await call.checkPreconditions(on: wanted.externalID, in: knowledgeBase.id)
        return try await services.ingest.upsert(upsert)
      }
      return .upserted(receipt, in: knowledgeBase.name)
    }
  }
}

/// What a caller wants fetched.
private struct WantedIngest {
  let address: WebAddress
  let externalID: String
  let visibility: Visibility?
  let publication: PublicationChange
}

extension Call {
  /// - Throws: `invalid_json`, `missing_field`, `invalid_field`, `invalid_visibility`, `invalid_publication`,
  ///   `invalid_url`, `invalid_external_id`.
  fileprivate func wantedIngest() throws -> WantedIngest {
    var fields = try fields()
    let url = fields.requiredString("url")
    let externalID = fields.string("external_id", maxBytes: 8192)
    let visibility = fields.visibility("visibility")
    let publication = fields.publication()
    try fields.finish()
    let address = try WebAddress(url)
    let id = externalID ?? address.text
    try ExternalID.validate(id)
    return WantedIngest(
      address: address, externalID: id, visibility: visibility, publication: publication)
  }
}

extension WebSource {
  init(_ address: WebAddress) {
    self.init(url: address.text, site: address.origin, path: address.target)
  }
}
