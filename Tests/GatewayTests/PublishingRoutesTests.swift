import Domain
import Foundation
import Security
import Testing

@testable import Gateway

/// Drafts, publication, versions and the past, over REST.
@Suite struct PublishingRoutesTests {
  private static let path = "/v1/kbs/default/documents/a"
  private let story = ScenarioTests()

  @Test func theLifeOfADocument() async throws {
    let path = Self.path
    try await story.tell([
      Step(
        .put, path, .json(["title": "Hours", "text": "Open at nine.\nClosed on Sunday.", "tags": ["hours"]]),
        201,
        expect: ["document.status": "published", "document.live_version": 1, "document.publish_at": .null],
        responseHeaders: ["ETag": "\"1\""]),
      Step(
        .put, path, .json(["title": "Hours", "text": "Open at ten.\nClosed on Sunday.", "status": "draft"]),
        200,
        expect: [
          "effect": "changed", "document.status": "draft", "document.version": 2, "document.live_version": 1,
          "chunks.added": 0,
        ], responseHeaders: ["ETag": "\"2\""]),
      Step(.get, path, 200, expect: ["document.version": 2, "document.status": "draft"]),
      Step(.get, "/v1/kbs/default/documents?status=draft", 200, expect: ["documents[0].external_id": "a"]),
      Step(.get, "/v1/kbs/default/documents?status=archived", 200, expect: ["documents": []]),
      Step(.get, "/v1/kbs/default/documents?status=new", 400, code: "invalid_parameter"),
      Step(
        .get, path + "/versions", 200,
        expect: [
          "versions[0].version": 2, "versions[0].status": "draft", "versions[0].is_live": false,
          "versions[1].version": 1, "versions[1].is_live": true, "versions[1].tags": ["hours"],
          "versions[0].author": "key:owner", "has_more": false,
        ]),
      Step(.get, path + "/versions?limit=1", 200, expect: ["has_more": true, "versions[0].version": 2]),
      Step(.get, path + "/versions?before=2", 200, expect: ["versions[0].version": 1]),
      Step(
        .get, path + "/diff", 200,
        expect: [
          "from.version": 1, "to.version": 2, "changes[0].field": "tags", "changes[0].from": ["hours"],
          "changes[0].to": .null, "changes[1].field": "status", "lines_added": 1, "lines_removed": 1,
          "diff":
            "--- a (version 1)\n+++ a (version 2)\n@@ -1,2 +1,2 @@\n-Open at nine.\n+Open at ten.\n Closed on Sunday.\n\\ No newline at end of file\n",
        ]),
      Step(.get, path + "/diff?from=1&to=9", 404, code: "version_not_found"),
      Step(.get, path + "/diff?from=0", 400, code: "invalid_version"),
      Step(.post, path + "/publish", headers: ["If-Match": "\"1\""], 412, code: "precondition_failed"),
      Step(
        .post, path + "/publish", headers: ["If-Match": "\"2\""], 200,
        expect: ["document.status": "published", "document.live_version": 2],
        responseHeaders: ["ETag": "\"2.1\""]),
      Step(.get, path, headers: ["If-None-Match": "\"2.1\""], 304),
      Step(
        .post, path + "/archive", 200,
        expect: ["document.status": "archived", "document.live_version": .null]),
      Step(
        .put, path, .json(["title": "Hours", "text": "Open at ten.\nClosed on Sunday."]), 200,
        expect: ["effect": "unchanged", "document.status": "archived"]),
      Step(
        .post, path + "/restore", .json(["version": 1, "status": "published"]), 200,
        expect: ["document.version": 3, "document.live_version": 3, "document.tags": ["hours"]]),
      Step(.post, path + "/restore", .json(["version": 8]), 404, code: "version_not_found"),
      Step(.post, path + "/restore", .json([:]), 400, code: "missing_field", field: "version"),
      Step(.post, path + "/restore", .json(["version": 0]), 400, code: "invalid_version"),
      Step(
        .post, path + "/unpublish", 200, expect: ["document.status": "draft", "document.live_version": .null]),
      Step(.delete, path, 200),
      Step(.post, path + "/publish", 404, code: "document_not_found"),
      Step(.get, path, 404, code: "document_not_found"),
      Step(.get, path + "/versions", 200, expect: ["versions[0].version": 3]),
      Step(
        .post, path + "/restore", .json(["version": 2]), 200,
        expect: ["effect": "added", "document.version": 4, "document.live_version": 4]),
      Step(.delete, path + "?purge=true", 200),
      Step(.get, path + "/versions", 404, code: "document_not_found"),
      Step(.get, path + "/diff", 404, code: "document_not_found"),
      Step(.post, path + "/restore", .json(["version": 1]), 404, code: "document_not_found"),
    ])
  }

  @Test func whatIsNoPublicationIsRefused() async throws {
    let path = Self.path
    func put(_ fields: [String: JSONValue], _ field: String) -> Step {
      Step(
        .put, path, .json(.object(["text": "x"].merging(fields) { $1 })), 400, code: "invalid_publication",
        field: field)
    }
    try await story.tell([
      put(["status": "hidden"], "status"), put(["status": 1], "status"),
      put(["publish_at": "tomorrow"], "publish_at"), put(["publish_at": "2026-02-30"], "publish_at"),
      put(["expires_at": "2026-12-31T25:00:00Z"], "expires_at"), put(["expires_at": 5], "expires_at"),
      put(["publish_at": "2027-01-02", "expires_at": "2027-01-01"], "expires_at"),
      put(["publish_at": "2027-01-01", "expires_at": "2027-01-01T01:00:00+01:00"], "expires_at"),
      Step(
        .put, path,
        .json(["text": "x", "publish_at": "2127-01-01T10:00:00.5+02:00", "expires_at": "2128-01-01"]), 201,
        expect: [
          "document.publish_at": "2127-01-01T08:00:00.500Z",
          "document.expires_at": "2128-01-01T00:00:00.000Z",
          "document.live_version": .null, "document.status": "published",
        ]),
      Step(.put, path, .json(["text": "x", "publish_at": .null]), 200, expect: ["document.live_version": 1]),
      Step(
        .put, path, .json(["text": "x", "expires_at": .null]), 200, expect: ["document.expires_at": .null]),
      Step(
        .post, path + "/publish", .json(["publish_at": "2127-01-01"]), 400, code: "invalid_publication"),
      Step(.post, path + "/publish", .json(["expires_at": "soon"]), 400, code: "invalid_publication"),
      Step(
        .put, path + "?status=draft", .raw("Words of a file.", type: "text/plain"), 200,
        expect: ["document.status": "draft", "document.live_version": 1]),
      Step(.put, path + "?status=x", .raw("Words.", type: "text/plain"), 400, code: "invalid_publication"),
      Step(
        .put, path + "?publish_at=x", .raw("Words.", type: "text/plain"), 400, code: "invalid_publication"),
      Step(
        .put, path, .raw("---\nfrontdesk_status: archived\n---\nWords.", type: "text/markdown"), 200,
        expect: ["document.status": "archived", "document.live_version": .null]),
      Step(
        .put, path, .raw("---\nfrontdesk_expires_at: never\n---\nWords.", type: "text/markdown"), 422,
        code: "unreadable_document"),
    ])
  }

  /// Readers, with a key or without, learn nothing of what is not public.
  @Test func readersSeeWhatIsLive() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let (owner, reader) = (Backend.ownerKey, try await backend.key(.reader))
    func put(_ id: String, _ fields: JSONValue) async throws {
      let reply = try await gateway.send(.put, "/v1/kbs/default/documents/" + id, key: owner, json: fields)
      #expect(reply.status < 300, "\(reply.text)")
    }
    try await put("live", ["text": "The wizard is in."])
    try await put("live", ["text": "The wizard is out.", "status": "draft"])
    try await put("draft", ["text": "A wizard to come.", "status": "draft"])
    try await put("late", ["text": "A wizard of tomorrow.", "publish_at": "2127-01-01"])
    try await put("gone", ["text": "A wizard of yesterday.", "expires_at": "2020-01-01"])
    try await put("kept", ["text": "A wizard in the archive.", "status": "archived"])
    let hidden = ["draft", "late", "gone", "kept"]
    let list = try await gateway.send(.get, "/v1/kbs/default/documents", key: reader)
    #expect(list.at("documents")?.elements.compactMap { $0["external_id"]?.text } == ["live"])
    #expect(list.at("documents[0].version") == 1)
    let all = try await gateway.send(.get, "/v1/kbs/default/documents", key: owner)
    #expect(all.at("documents")?.elements.count == 5)
    #expect(try await gateway.send(.get, "/v1/kbs/default/documents?status=draft", key: reader).status == 403)
    for id in hidden {
      for suffix in ["", "?version=1"] {
        let reply = try await gateway.send(.get, "/v1/kbs/default/documents/\(id)\(suffix)", key: reader)
        #expect(reply.status == 404, "\(id)")
      }
    }
    let text = try await gateway.send(
      .get, "/v1/kbs/default/documents/live", key: reader, headers: ["Accept": "text/plain"])
    #expect(text.text == "The wizard is in.")
    #expect(
      try await gateway.send(.get, "/v1/kbs/default/documents/live?version=2", key: reader).status == 404)
    for route in ["versions", "diff"] {
      let reply = try await gateway.send(.get, "/v1/kbs/default/documents/live/" + route, key: reader)
      #expect(reply.status == 403)
    }
    for route in ["publish", "unpublish", "archive"] {
      let reply = try await gateway.send(.post, "/v1/kbs/default/documents/draft/" + route, key: reader)
      #expect(reply.status == 403)
    }
    let generation = try await backend.store.head()
    for key in [reader, owner] {
      let hits = try await gateway.send(
        .post, "/v1/search", key: key,
        json: ["query": "wizard", "limit": 50, "min_generation": .integer(generation.rawValue)])
      #expect(hits.at("hits")?.elements.compactMap { $0["text"]?.text } == ["The wizard is in."])
    }
    // Whether a quote stands in a draft is not told.
    let draft = try await gateway.send(.get, "/v1/kbs/default/documents/draft", key: owner)
    let quote = "A wizard"
    let checked = try await gateway.send(
      .post, "/v1/verify", key: reader,
      json: [
        "citations": [
          [
            "document_id": draft.at("document.id") ?? .null, "external_id": "draft", "version": 1,
            "start_byte": 0, "end_byte": .integer(Int64(quote.utf8.count)), "quote": .string(quote),
            "sha256": .string(Digest.hex(Digest.sha256(quote))),
          ]
        ]
      ])
    #expect(checked.at("citations[0].status") == "forged")
  }

  @Test func thePastOverREST() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let owner = Backend.ownerKey
    let first = try await backend.put("a", "The office opens at nine.")
    _ = try await backend.put("a", "The office opens at ten.")
    func search(_ asOf: JSONValue, key: String? = nil, more: [String: JSONValue] = [:]) async throws -> Reply
    {
      try await gateway.send(
        .post, "/v1/search", key: key ?? owner,
        json: .object(["query": "office", "as_of": asOf].merging(more) { $1 }))
    }
    for asOf in [JSONValue.integer(first.rawValue), .string(String(first.rawValue))] {
      let found = try await search(asOf)
      #expect(found.at("hits[0].text") == "The office opens at nine.")
      #expect(found.at("generation") == .integer(first.rawValue))
      #expect(found.at("hits[0].citation.version") == 1)
    }
    let answer = try await gateway.send(
      .post, "/v1/answers", key: owner,
      json: ["question": "When does the office open?", "as_of": .integer(first.rawValue)])
    #expect(answer.status == 200 && answer.at("generation") == .integer(first.rawValue))
    #expect(try await search(.integer(99_999)).code == "as_of_unavailable")
    #expect(try await search("2020-01-01").code == "as_of_unavailable")
    #expect(try await search("2127-01-01T00:00:00Z").code == "as_of_unavailable")
    for wrong in ["yesterday", "", -1, 1.5, true, ["x"]] as [JSONValue] {
      #expect(try await search(wrong).code == "invalid_as_of", "\(wrong)")
    }
    #expect(try await search(1, more: ["min_generation": 1]).code == "invalid_as_of")
    let refused = try await search(.integer(first.rawValue), key: try await backend.key(.reader))
    #expect(refused.status == 403 && refused.code == "forbidden")
  }
}
