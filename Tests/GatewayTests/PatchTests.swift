import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Gateway

@Suite struct MergePatchTests {
  /// The examples of RFC 7396, appendix A.
  @Test(arguments: [
    (#"{"a":"b"}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"b"}"#, #"{"b":"c"}"#, #"{"a":"b","b":"c"}"#),
    (#"{"a":"b"}"#, #"{"a":null}"#, #"{}"#), (#"{"a":"b","b":"c"}"#, #"{"a":null}"#, #"{"b":"c"}"#),
    (#"{"a":["b"]}"#, #"{"a":"c"}"#, #"{"a":"c"}"#), (#"{"a":"c"}"#, #"{"a":["b"]}"#, #"{"a":["b"]}"#),
    (#"{"a":{"b":"c"}}"#, #"{"a":{"b":"d","c":null}}"#, #"{"a":{"b":"d"}}"#),
    (#"{"a":[{"b":"c"}]}"#, #"{"a":[1]}"#, #"{"a":[1]}"#), (#"["a","b"]"#, #"["c","d"]"#, #"["c","d"]"#),
    (#"{"a":"b"}"#, #"["c"]"#, #"["c"]"#), (#"{"a":"foo"}"#, "null", "null"),
    (#"{"e":null}"#, #"{"a":1}"#, #"{"e":null,"a":1}"#), ("[1,2]", #"{"a":"b","c":null}"#, #"{"a":"b"}"#),
    ("{}", #"{"a":{"bb":{"ccc":null}}}"#, #"{"a":{"bb":{}}}"#),
  ])
  func isThatOfTheStandard(target: String, patch: String, result: String) throws {
    func parse(_ text: String) throws -> JSONValue { try JSONParser.parse(Data(text.utf8)) }
    #expect(MergePatch.apply(try parse(patch), to: try parse(target)) == (try parse(result)))
  }
}

@Suite struct PatchTests {
  private static let path = "/v1/kbs/default/documents/a"

  private func patch(
    _ gateway: Gateway, _ fields: JSONValue, key: String? = Backend.ownerKey, headers: [String: String] = [:]
  ) async throws -> Reply {
    let type = ["Content-Type": "application/merge-patch+json"]
    return try await gateway.send(
      .patch, Self.path, key: key, headers: type.merging(headers) { $1 }, json: fields)
  }

  private func put(_ gateway: Gateway) async throws -> Reply {
    try await gateway.send(
      .put, Self.path, key: Backend.ownerKey,
      json: [
        "title": "Returns", "text": "Within 30 days.", "tags": ["a", "b"], "language": "en",
        "url": "https://example.com/r", "attributes": ["x": "1", "y": "2"], "visibility": "signed_in",
        "expires_at": "2099-01-01",
      ])
  }

  @Test func whatIsNamedChangesAndTheRestStays() async throws {
    let gateway = try Backend().gateway()
    #expect(try await put(gateway).status == 201)
    let reply = try await patch(
      gateway, ["tags": ["c"], "attributes": ["x": nil, "z": "3"], "url": nil, "unheard": 1])
    #expect(reply.status == 200 && reply.at("document.version") == 2, "\(reply.text)")
    #expect(reply.at("document.tags") == ["c"] && reply.at("document.url") == .null)
    #expect(reply.at("document.attributes") == ["y": "2", "z": "3"])
    #expect(reply.at("document.title") == "Returns" && reply.at("document.visibility") == "signed_in")
    #expect(reply.at("document.expires_at")?.text?.hasPrefix("2099") == true)
    #expect(reply.at("chunks") == ["added": 0, "kept": 1, "removed": 0])
    #expect(reply.headers[.eTag] == "\"2\"")
    let dated = try await patch(gateway, ["expires_at": nil, "text": "Within 60 days."])
    #expect(dated.at("document.expires_at") == .null && dated.at("chunks.added") == 1)
    let text = try await gateway.send(
      .get, Self.path, key: Backend.ownerKey, headers: ["Accept": "text/plain"])
    #expect(text.text == "Within 60 days.")
    #expect(try await patch(gateway, [:]).at("effect") == "unchanged")
  }

  /// A file has structure that its text alone does not tell of.
  @Test func aFileKeepsItsPassages() async throws {
    let gateway = try Backend().gateway()
    let markdown = "# Returns\n\n## Goods\n\nWithin 30 days.\n\n## Software\n\nNever.\n"
    let put = try await gateway.send(
      .put, Self.path, key: Backend.ownerKey, headers: ["Content-Type": "text/markdown"],
      body: Data(markdown.utf8))
    #expect(put.status == 201 && put.at("document.chunks") == 2, "\(put.text)")
    let tagged = try await patch(gateway, ["tags": ["orders"]])
    #expect(tagged.at("chunks") == ["added": 0, "kept": 2, "removed": 0], "\(tagged.text)")
    let generation = try #require(tagged.at("generation"))
    let found = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey,
      json: ["query": "never", "min_generation": generation, "filter": ["tags": "orders"]])
    #expect(found.at("hits[0].heading_path")?.elements.last == "Software")
  }

  @Test func onlyTheVersionThatWasRead() async throws {
    let gateway = try Backend().gateway()
    let tag = try #require(try await put(gateway).headers[.eTag])
    #expect(try await patch(gateway, ["title": "B"], headers: ["If-Match": tag]).status == 200)
    let stale = try await patch(gateway, ["title": "C"], headers: ["If-Match": tag])
    #expect(stale.status == 412 && stale.code == "precondition_failed" && stale.headers[.eTag] == "\"2\"")
    // Of many who read the same, one wins.
    let statuses = try await withThrowingTaskGroup(of: Int.self) { tasks in
      for number in 0..<8 {
        tasks.addTask {
          try await patch(gateway, ["title": .string("T\(number)")], headers: ["If-Match": "\"2\""]).status
        }
      }
      return try await tasks.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.sorted() == [200] + Array(repeating: 412, count: 7))
  }

  @Test func whatIsWrongIsRefused() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    #expect(try await patch(gateway, ["title": "x"]).code == "document_not_found")
    _ = try await put(gateway)
    for (fields, code) in [
      (["text": nil], "missing_field"), (["text": 1], "invalid_field"), (["tags": "x"], "invalid_field"),
      (["url": "javascript:x"], "invalid_field"), (["visibility": nil], "invalid_visibility"),
      (["status": "gone"], "invalid_publication"), (["title": "", "text": ""], "invalid_document"),
      ([["op": "replace"]], "invalid_json"),
    ] as [(JSONValue, String)] {
      let reply = try await patch(gateway, fields)
      #expect(reply.status == 400 && reply.code == code, "\(fields): \(reply.text)")
    }
    let other = try await patch(
      gateway, ["title": "x"], headers: ["Content-Type": "application/json-patch+json"])
    #expect(other.status == 415 && other.headers[.acceptPatch] == "application/merge-patch+json")
    let version = try await gateway.send(.get, Self.path, key: Backend.ownerKey).at("document.version")
    #expect(version == 1, "nothing was written")
    let reader = try await backend.key(.reader)
    #expect(try await patch(gateway, ["title": "x"], key: reader).status == 403)
    #expect(try await gateway.send(.delete, Self.path, key: Backend.ownerKey).status == 200)
    #expect(try await patch(gateway, ["title": "x"]).code == "document_not_found")
  }
}
