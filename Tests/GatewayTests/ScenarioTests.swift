import Foundation
import HTTPTypes
import Testing

@testable import Gateway

/// One request and what must come back.
struct Step: Sendable, CustomStringConvertible {
  enum Body: Sendable {
    case none
    case json(JSONValue)
    case raw(String, type: String?)
    case bytes([UInt8], type: String?)
  }
  let method: HTTPRequest.Method
  let uri: String
  var headers: [String: String] = [:]
  var body: Body = .none
  var status: Int
  var code: String?
  /// Values by path into the response.
  var expect: [String: JSONValue] = [:]
  /// Field of the first entry of `errors`.
  var field: String?
  var responseHeaders: [String: String] = [:]

  init(
    _ method: HTTPRequest.Method, _ uri: String, headers: [String: String] = [:], _ status: Int,
    code: String? = nil, expect: [String: JSONValue] = [:], field: String? = nil,
    responseHeaders: [String: String] = [:]
  ) {
    self.init(
      method, uri, headers: headers, .none, status, code: code, expect: expect, field: field,
      responseHeaders: responseHeaders)
  }

  init(
    _ method: HTTPRequest.Method, _ uri: String, headers: [String: String] = [:], _ body: Body,
    _ status: Int, code: String? = nil, expect: [String: JSONValue] = [:], field: String? = nil,
    responseHeaders: [String: String] = [:]
  ) {
    self.method = method
    self.uri = uri
    self.headers = headers
    self.body = body
    self.status = status
    self.code = code
    self.expect = expect
    self.field = field
    self.responseHeaders = responseHeaders
  }

  var description: String { "\(method.rawValue) \(uri) \(body)".prefix(160).description }
}

/// Stories told to the real thing with the owner's key, step by step.
@Suite struct ScenarioTests {
  func tell(_ steps: [Step], key: String? = Backend.ownerKey) async throws {
    let gateway = try Backend().gateway()
    let description = try await gateway.send(.get, "/openapi.json").json
    for step in steps {
      var headers = step.headers
      let body: Data?
      switch step.body {
      case .none: body = nil
      case .json(let value):
        headers["Content-Type"] = headers["Content-Type"] ?? "application/json"
        body = JSONText.data(value)
      case .raw(let text, let type):
        if let type { headers["Content-Type"] = type }
        body = Data(text.utf8)
      case .bytes(let bytes, let type):
        if let type { headers["Content-Type"] = type }
        body = Data(bytes)
      }
      let reply = try await gateway.send(step.method, step.uri, key: key, headers: headers, body: body)
      #expect(reply.status == step.status, "\(step): \(reply.text.prefix(300))")
      if let code = step.code { #expect(reply.code == code, "\(step): \(reply.text.prefix(300))") }
      for (path, value) in step.expect {
        #expect(reply.at(path) == value, "\(step) \(path): \(reply.text.prefix(500))")
      }
      if let field = step.field {
        #expect(reply.at("errors[0].field") == .string(field), "\(step): \(reply.text)")
      }
      for (name, value) in step.responseHeaders {
        #expect(reply.headers[HTTPField.Name(name)!] == value, "\(step) \(name)")
      }
      checkShape(of: reply, to: step, against: description)
    }
  }

  /// What every response must be, and what the description says of this one.
  func checkShape(of reply: Reply, to step: Step, against description: JSONValue) {
    #expect(reply.headers[.requestID]?.isEmpty == false, "\(step)")
    #expect(reply.headers[.xContentTypeOptions] == "nosniff", "\(step)")
    #expect(reply.headers[.cacheControl] != nil, "\(step)")
    guard case .object(let schemas) = description.at("components.schemas") ?? .null else {
      Issue.record("no schemas")
      return
    }
    let check = SchemaCheck(schemas: schemas)
    if reply.status >= 400 {
      #expect(reply.headers[.contentType] == "application/problem+json", "\(step)")
      #expect(check.problems(reply.json, Schemas.reference("Problem")) == [], "\(step)")
      #expect(reply.at("request_id")?.text == reply.headers[.requestID], "\(step)")
      #expect(reply.at("status") == .integer(Int64(reply.status)), "\(step)")
      return
    }
    guard reply.headers[.contentType] == "application/json", step.method != .head else { return }
    let path = step.uri.split(separator: "?")[0]
    let parts = path.split(separator: "/")
    guard case .object(let paths) = description["paths"] ?? .null,
      let operation = paths.filter({ PathTemplate(stringLiteral: $0.key).match(parts) != nil })
        .compactMap({ $0.value[step.method == .head ? "get" : step.method.rawValue.lowercased()] }).first,
      let schema = operation["responses"]?[String(reply.status)]?["content"]?["application/json"]?["schema"]
    else {
      Issue.record("\(step): \(reply.status) is not described")
      return
    }
    #expect(check.problems(reply.json, schema) == [], "\(step)")
  }

  static let document: JSONValue = [
    "title": "Reset your password", "text": "Open Settings. Choose Security, then Reset password.",
    "url": "https://example.com/reset", "language": "en-GB", "tags": ["account"],
    "attributes": ["product": "app", "year": 2024, "beta": true],
  ]
  static let path = "/v1/kbs/default/documents/faq%2Freset"

  @Test func aDocumentIsPutFoundCitedVerifiedAndErased() async throws {
    let gateway = try Backend().gateway()
    let key = Backend.ownerKey
    let put = try await gateway.send(.put, Self.path, key: key, json: Self.document)
    #expect(put.status == 201)
    #expect(put.at("document.external_id") == "faq/reset" && put.at("document.version") == 1)
    #expect(put.at("document.language") == "en" && put.at("document.attributes.year") == "2024")
    #expect(put.headers[.eTag] == "\"1\"" && put.headers[.location] == Self.path)
    let generation = try #require(put.at("generation"))

    let search: JSONValue = ["query": "reset password", "min_generation": generation]
    let found = try await gateway.send(.post, "/v1/search", key: key, json: search)
    #expect(found.status == 200)
    #expect(found.at("hits[0].external_id") == "faq/reset")
    #expect(found.at("hits[0].scores.dense") == .null)
    let citation = try #require(found.at("hits[0].citation"))

    let answered = try await gateway.send(
      .post, "/v1/answers", key: key,
      json: ["question": "How do I reset my password?", "min_generation": generation])
    #expect(answered.status == 200)
    #expect(answered.at("answer.calibration") == .string("prior"))
    if case .number? = answered.at("answer.confidence") {} else { Issue.record("there is a confidence") }

    func status(of citation: JSONValue) async throws -> JSONValue? {
      try await gateway.send(.post, "/v1/verify", key: key, json: ["citations": [citation]]).at(
        "citations[0].status")
    }
    #expect(try await status(of: citation) == "valid")
    #expect(try await status(of: citation.merging(["quote": "Something else"])) == "forged")
    #expect(try await status(of: citation.merging(["start_byte": -5])) == "forged")

    let text = try await gateway.send(
      .get, Self.path + "?version=1", key: key, headers: ["Accept": "text/plain"])
    let (start, end) = (Int(citation.at("start_byte")!.integer!), Int(citation.at("end_byte")!.integer!))
    #expect(text.status == 200 && text.headers[.contentType] == "text/plain; charset=utf-8")
    #expect(String(decoding: text.body[start..<end], as: UTF8.self) == citation["quote"]?.text)

    let changed = try await gateway.send(
      .put, Self.path, key: key, json: ["title": "Reset", "text": "Ask your admin."])
    #expect(changed.status == 200 && changed.at("document.version") == 2 && changed.at("effect") == "changed")
    #expect(try await status(of: citation) == "changed")

    let deleted = try await gateway.send(.delete, Self.path, key: key)
    #expect(deleted.status == 200 && deleted.at("generation") != nil)
    #expect(try await gateway.send(.get, Self.path, key: key).code == "document_not_found")
    let old = try await gateway.send(
      .get, Self.path + "?version=1", key: key, headers: ["Accept": "text/plain"])
    #expect(old.body == text.body)
    #expect(try await status(of: citation) == "changed")

    let purged = try await gateway.send(.delete, Self.path + "?purge=true", key: key)
    #expect(purged.status == 200)
    #expect(try await status(of: citation) == "purged")
    #expect(try await gateway.send(.get, Self.path + "?version=1", key: key).status == 404)
  }

  @Test func documents() async throws {
    let base = "/v1/kbs/default/documents"
    try await tell([
      Step(.get, Self.path, 404, code: "document_not_found"),
      Step(.delete, Self.path, 404, code: "document_not_found"),
      Step(.delete, Self.path + "?purge=true", 404, code: "document_not_found"),
      Step(.put, Self.path, .json(Self.document), 201, expect: ["document.version": 1, "effect": "added"]),
      Step(
        .put, Self.path, .json(Self.document), 200,
        expect: ["document.version": 1, "effect": "unchanged", "chunks.added": 0]),
      Step(
        .get, Self.path, 200,
        expect: ["document.title": "Reset your password", "document.visibility": "public"],
        responseHeaders: ["ETag": "\"1\""]),
      Step(.get, Self.path, headers: ["If-None-Match": "\"1\""], 304, responseHeaders: ["ETag": "\"1\""]),
      Step(.get, Self.path, headers: ["If-None-Match": "W/\"1\", \"9\""], 304),
      Step(.get, Self.path + "?version=1", 200),
      Step(.get, Self.path + "?version=7", 404, code: "document_not_found"),
      Step(.get, Self.path + "?version=0", 400, code: "invalid_version"),
      Step(.get, Self.path + "?version=99999999999999999999", 400, code: "invalid_version"),
      // Preconditions.
      Step(
        .put, Self.path, headers: ["If-None-Match": "*"], .json(Self.document), 412,
        code: "precondition_failed"),
      Step(
        .put, Self.path, headers: ["If-Match": "\"9\""], .json(Self.document), 412,
        responseHeaders: ["ETag": "\"1\""]),
      Step(
        .put, Self.path, headers: ["If-Match": "\"1\""], .json(["text": "New text."]), 200,
        expect: ["document.version": 2]),
      Step(.put, base + "/new", headers: ["If-Match": "*"], .json(Self.document), 412),
      Step(.delete, Self.path, headers: ["If-Match": "\"1\""], 412),
      Step(.delete, Self.path, headers: ["If-Match": "\"2\""], 200),
      // Visibility as a name, names with commas, a list.
      Step(
        .put, base + "/v1", .json(["text": "a", "visibility": "signed_in"]), 201,
        expect: ["document.visibility": "signed_in"]),
      Step(
        .put, base + "/v2", .json(["text": "a", "visibility": ["staff", "partners"]]), 201,
        expect: ["document.visibility": ["partners", "staff"]]),
      Step(
        .put, base + "/v3", .json(["text": "a", "visibility": []]), 400, code: "invalid_visibility",
        field: "visibility"),
      // Other types of file, declared or not.
      Step(.put, base + "/page.md", .raw("# Shipping\n\nWe ship daily.", type: "text/markdown"), 201),
      Step(.put, base + "/note.txt", .raw("We ship daily.", type: "text/plain"), 201),
      Step(
        .put, base + "/curl.md",
        .raw("# Returns\n\nWithin 30 days.", type: "application/x-www-form-urlencoded"), 201),
      Step(.put, base + "/bare.txt", .raw("Plain words.", type: nil), 201),
      Step(.put, base + "/bare.json", .raw(#" {"text": "Fields."}"#, type: nil), 201),
      Step(
        .put, base + "/hidden.txt?visibility=signed_in", .raw("Members only.", type: "text/plain"), 201,
        expect: ["document.visibility": "signed_in"]),
      Step(.put, base + "/empty.txt", .raw("", type: "text/plain"), 422),
      // Wrong fields.
      Step(.put, base + "/x", .json(["title": "No text"]), 400, code: "missing_field", field: "text"),
      Step(.put, base + "/x", .json(["text": 5]), 400, code: "invalid_field", field: "text"),
      Step(.put, base + "/x", .json(["text": "a\0b"]), 400, code: "invalid_field", field: "text"),
      Step(.put, base + "/x", .json(["text": "a", "tags": "b"]), 400, field: "tags"),
      Step(.put, base + "/x", .json(["text": "a", "tags": ["b", 1]]), 400, field: "tags[1]"),
      Step(.put, base + "/x", .json(["text": "a", "attributes": ["k": ["v"]]]), 400, field: "attributes.k"),
      Step(.put, base + "/x", .json(["text": "a", "url": "javascript:alert(1)"]), 400, field: "url"),
      Step(.put, base + "/x", .json(["text": "a", "language": "not a language"]), 400, field: "language"),
      Step(.put, base + "/x", .json(["text": "a", "kind": "poem"]), 400, field: "kind"),
      Step(.put, base + "/x", .json(["text": "a", "unheard_of": 1]), 201),
      Step(.put, "/v1/kbs/nowhere/documents/x", .json(Self.document), 404, code: "kb_not_found"),
      Step(.put, "/v1/kbs/No%20Where/documents/x", .json(Self.document), 404, code: "kb_not_found"),
    ])
  }

  @Test func searchAndAnswers() async throws {
    let history: JSONValue = [
      ["role": "customer", "text": "Hello"], ["role": "assistant", "text": "Hi\0there"],
    ]
    try await tell([
      Step(.put, Self.path, .json(Self.document), 201),
      Step(
        .post, "/v1/search",
        .json([
          "query": "password", "kb": "default", "limit": 1000, "mode": "lexical",
          "group": "passage", "explain": true, "history": history, "min_generation": 1, "unheard_of": 1,
        ]), 200),
      Step(.post, "/v1/search", .json(["query": "a\0b password", "limit": 1.0]), 200),
      Step(
        .post, "/v1/search",
        .json([
          "query": "password",
          "filter": ["tags": ["account", "x"], "language": "en", "attributes.product": "app"],
        ]),
        200, expect: ["hits[0].external_id": "faq/reset"]),
      Step(
        .post, "/v1/search", .json(["query": "password", "filter": ["tags": "other"]]), 200,
        expect: ["hits": []]),
      Step(
        .post, "/v1/search", headers: ["Content-Type": "application/json; charset=utf-8"],
        .json(["query": "x"]), 200),
      Step(
        .post, "/v1/search", headers: ["Content-Type": "application/vnd.x+json"], .json(["query": "x"]), 200),
      Step(.post, "/v1/search", .raw(#"{"query":"x"}"#, type: nil), 200),
      Step(
        .post, "/v1/answers",
        .json(["question": "zebra crossing?", "conversation_id": "c1", "history": history]), 200),
      // Wrong.
      Step(.post, "/v1/search", .json(["query": ""]), 400, code: "query_empty"),
      Step(.post, "/v1/search", .json(["query": " \n\0 "]), 400, code: "query_empty"),
      Step(
        .post, "/v1/search", .json(["query": .string(String(repeating: "x", count: 9000))]), 400,
        code: "query_too_long"),
      Step(.post, "/v1/search", .json([:]), 400, code: "missing_field", field: "query"),
      Step(.post, "/v1/search", .json(["query": nil]), 400, code: "missing_field", field: "query"),
      Step(.post, "/v1/search", .json(["query": 1]), 400, code: "invalid_field", field: "query"),
      Step(
        .post, "/v1/search", .json(["query": "x", "limit": 0]), 400, code: "invalid_limit", field: "limit"),
      Step(.post, "/v1/search", .json(["query": "x", "limit": 1001]), 400, code: "invalid_limit"),
      Step(.post, "/v1/search", .json(["query": "x", "limit": 1.5]), 400, code: "invalid_limit"),
      Step(.post, "/v1/search", .json(["query": "x", "limit": "10"]), 400, code: "invalid_limit"),
      Step(
        .post, "/v1/search", .json(["query": "x", "mode": "telepathy"]), 400, code: "invalid_mode",
        field: "mode"),
      Step(.post, "/v1/search", .json(["query": "x", "group": 1]), 400, code: "invalid_group"),
      Step(
        .post, "/v1/search", .json(["query": "x", "filter": ["colour": "red"]]), 400,
        code: "unknown_filter_key"),
      Step(
        .post, "/v1/search", .json(["query": "x", "filter": ["tags": []]]), 400, code: "invalid_filter",
        field: "filter.tags"),
      Step(.post, "/v1/search", .json(["query": "x", "filter": "tags"]), 400, code: "invalid_filter"),
      Step(
        .post, "/v1/search", .json(["query": "x", "history": [["role": "wizard", "text": ""]]]), 400,
        code: "invalid_history", field: "history[0].role"),
      Step(
        .post, "/v1/search", .json(["query": "x", "history": [["role": "customer"]]]), 400,
        code: "invalid_history"),
      Step(
        .post, "/v1/search", .json(["query": "x", "rerank_pairs": 101]), 400, code: "invalid_rerank_pairs",
        field: "rerank_pairs"),
      Step(
        .post, "/v1/search", .json(["query": "x", "min_generation": -1]), 400, code: "invalid_min_generation"),
      Step(.post, "/v1/search", .json(["query": "x", "kb": "nowhere"]), 404, code: "kb_not_found"),
      Step(
        .post, "/v1/search", .json(["query": "x", "mode": "dense"]), 400, code: "mode_unavailable"),
      Step(
        .post, "/v1/search", .json(["query": 1, "limit": 0, "mode": "x"]), 400,
        expect: ["errors[2].field": "mode"]),
      Step(.post, "/v1/answers", .json(["query": "x"]), 400, code: "missing_field", field: "question"),
      Step(.post, "/v1/verify", .json([:]), 400, code: "missing_field", field: "citations"),
      Step(.post, "/v1/verify", .json(["citations": []]), 200, expect: ["citations": []]),
      Step(.post, "/v1/verify", .json(["citations": [1]]), 400),
      Step(
        .post, "/v1/verify", .json(["citations": [["quote": "x"]]]), 400, code: "missing_field",
        field: "citations[0].document_id"),
      Step(
        .post, "/v1/verify", .json(["citations": .array(Array(repeating: [:], count: 1001))]), 400,
        code: "too_many_citations"),
    ])
  }

  @Test func weirdBodies() async throws {
    let search = "/v1/search"
    try await tell([
      Step(.post, search, .raw("", type: "application/json"), 400, code: "invalid_json"),
      Step(.post, search, .none, 400, code: "invalid_json"),
      Step(.post, search, .raw("[]", type: "application/json"), 400, code: "invalid_json"),
      Step(.post, search, .raw("\"query\"", type: "application/json"), 400, code: "invalid_json"),
      Step(
        .post, search, .raw(String(repeating: "[", count: 1 << 20), type: "application/json"), 400,
        code: "invalid_json"),
      Step(
        .post, search, .raw(String(repeating: #"{"a":"#, count: 200_000), type: "application/json"), 400,
        code: "invalid_json"),
      Step(
        .post, search, .raw(#"{"query":"a","query":"b"}"#, type: "application/json"), 400,
        code: "invalid_json"),
      Step(
        .post, search, .raw(#"{"query":"a","limit":1e400}"#, type: "application/json"), 400,
        code: "invalid_json"),
      Step(.post, search, .raw(#"{"query":"\ud800"}"#, type: "application/json"), 400, code: "invalid_json"),
      Step(
        .post, search,
        .bytes(Array(#"{"query":""#.utf8) + [0xFF, 0xFE] + Array("\"}".utf8), type: "application/json"), 400,
        code: "invalid_json"),
      Step(
        .post, search, .bytes([0xFF, 0xFE, 0x7B, 0, 0x7D, 0], type: "application/json"), 400,
        code: "invalid_json"),
      Step(
        .post, search, .raw("query=x", type: "application/x-www-form-urlencoded"), 415,
        code: "unsupported_type"),
      Step(.post, search, .raw("<query/>", type: "text/xml"), 415, code: "unsupported_type"),
      Step(
        .post, search, headers: ["Content-Encoding": "gzip"], .json(["query": "x"]), 415,
        code: "unsupported_encoding"),
      Step(.put, Self.path, .raw("not json", type: "application/json"), 400, code: "invalid_json"),
      Step(.get, "/v1/search?x=%FF", 405, code: "method_not_allowed", responseHeaders: ["Allow": "POST"]),
      Step(.get, "/v1/kbs?x=%FF", 400, code: "invalid_parameter"),
      Step(.get, "/nowhere", 404, code: "route_not_found"),
      Step(.post, "/livez", 405, responseHeaders: ["Allow": "GET, HEAD"]),
      Step(.options, "/v1/search", 405),
    ])
  }

  @Test func knowledgeBases() async throws {
    try await tell([
      Step(.get, "/v1/kbs", 200, expect: ["kbs[0].name": "default", "kbs[0].documents": 0]),
      Step(
        .post, "/v1/kbs", .json(["name": "handbook", "model": "none"]), 201,
        expect: ["name": "handbook", "model": "none"], responseHeaders: ["Location": "/v1/kbs/handbook"]),
      Step(.post, "/v1/kbs", .json(["name": "handbook"]), 409, code: "kb_exists"),
      Step(.post, "/v1/kbs", .json(["name": "Bad Name"]), 400, code: "invalid_kb_name"),
      Step(.post, "/v1/kbs", .json(["name": "../etc"]), 400, code: "invalid_kb_name"),
      Step(.post, "/v1/kbs", .json([:]), 400, code: "missing_field", field: "name"),
      Step(.post, "/v1/kbs", .json(["name": 1]), 400, code: "invalid_field"),
      Step(.put, "/v1/kbs/handbook/documents/a", .json(["text": "Hello."]), 201),
      Step(.get, "/v1/kbs/handbook", 200, expect: ["documents": 1]),
      Step(.get, "/v1/kbs/nowhere", 404, code: "kb_not_found"),
      Step(.get, "/v1/kbs/%FF", 404, code: "kb_not_found"),
      Step(.delete, "/v1/kbs/default", 409, code: "kb_protected"),
      Step(.post, "/v1/search", .json(["query": "hello", "kb": "handbook"]), 200),
      Step(.delete, "/v1/kbs/handbook", 200),
      Step(.post, "/v1/search", .json(["query": "hello", "kb": "handbook"]), 404, code: "kb_not_found"),
      Step(.delete, "/v1/kbs/handbook", 404, code: "kb_not_found"),
      Step(.get, "/v1/kbs/handbook/documents", 404, code: "kb_not_found"),
    ])
  }

  @Test func searchRules() async throws {
    let rules = "/v1/kbs/default/rules"
    try await tell([
      Step(.get, rules, 200, expect: ["synonyms": [], "curations": []]),
      Step(
        .put, "/v1/kbs/default/documents/tv",
        .json(["title": "Television", "text": "Red button.", "tags": ["home"]]), 201),
      Step(.put, "/v1/kbs/default/documents/hours", .json(["title": "Hours", "text": "Nine to five."]), 201),
      Step(
        .put, rules,
        .json([
          "synonyms": ["telly => television"], "curations": [["queries": ["when"], "pinned": ["hours"]]],
        ]), 200, expect: ["generation": 4]),
      Step(
        .get, rules, 200,
        expect: [
          "synonyms[0]": "telly => television", "curations[0].pinned[0]": "hours", "curations[0].hidden": [],
        ]),
      Step(
        .post, "/v1/search",
        .json(["query": "telly", "mode": "lexical", "min_generation": 4, "facets": ["tags"]]), 200,
        expect: ["hits[0].external_id": "tv", "facets.tags[0].value": "home", "facets.tags[0].count": 1]),
      Step(
        .post, "/v1/search", .json(["query": "When?", "mode": "lexical"]), 200,
        expect: ["hits[0].external_id": "hours", "hits[0].pinned": true]),
      Step(
        .post, "/v1/search", .json(["query": "tele", "mode": "suggest"]), 200,
        expect: ["hits[0].title": "Television"]),
      Step(
        .post, "/v1/search", .json(["query": "x", "facets": ["visibility"]]), 400, code: "unknown_filter_key"),
      Step(.post, "/v1/search", .json(["query": "x", "facets": "tags"]), 400, code: "invalid_facets"),
      Step(
        .post, "/v1/answers", .json(["question": "telly button", "filter": ["tags": ["none"]]]), 200,
        expect: ["answer.kind": "abstain", "citations": []]),
      Step(.put, rules, .json(["synonyms": ["alone"]]), 400, code: "invalid_rules"),
      Step(.put, rules, .json(["synonyms": "a, b"]), 400, code: "invalid_rules"),
      Step(.put, rules, .json(["curations": [["queries": []]]]), 400, code: "invalid_rules"),
      Step(.put, "/v1/kbs/nowhere/rules", .json([:]), 404, code: "kb_not_found"),
      Step(.get, rules, 200, expect: ["synonyms[0]": "telly => television"]),
      Step(.put, rules, .json([:]), 200),
      Step(.get, rules, 200, expect: ["synonyms": [], "curations": []]),
    ])
  }

  @Test func operations() async throws {
    try await tell([
      Step(.get, "/livez", 200, expect: ["status": "ok"]),
      Step(.get, "/readyz", 200, expect: ["ready": true]),
      Step(.get, "/openapi.json", 200, expect: ["openapi": "3.1.0", "info.version": "1.2.3"]),
      Step(.get, "/docs", 200, responseHeaders: ["Content-Type": "text/html; charset=utf-8"]),
      Step(.get, "/metrics", 200),
      Step(.head, "/livez", 200),
    ])
  }
}
