import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Gateway

@Suite struct BulkTests {
  private func bulk(
    _ gateway: Gateway, _ lines: [String], key: String? = Backend.ownerKey,
    type: String? = "application/x-ndjson"
  ) async throws -> (reply: Reply, results: [JSONValue]) {
    let reply = try await gateway.send(
      .post, "/v1/kbs/default/bulk", key: key, headers: type.map { ["Content-Type": $0] } ?? [:],
      body: Data(lines.joined(separator: "\n").utf8))
    let results = try reply.text.split(separator: "\n").map { try JSONParser.parse(Data($0.utf8)) }
    return (reply, results)
  }

  @Test func everyLineHasItsResultAndABadOneStopsNoOther() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    try await backend.put("old", "It stands here already.")
    let (reply, results) = try await bulk(
      gateway,
      [
        #"{"external_id":"a","title":"A","text":"First.","tags":["x"]}"#, "{", "",
        #"{"external_id":"b","text":1}"#, #"{"text":"no id"}"#,
        #"{"external_id":"old","text":"It stands here already."}"#,
        #"{"external_id":"c","title":"","text":""}"#, "[]", #"{"external_id":"a","text":"Second."}"#,
        #"{"external_id":"d","text":"Draft.","status":"draft"}"#,
      ])
    #expect(reply.status == 200 && reply.headers[.contentType] == "application/x-ndjson")
    #expect(results.map { $0["line"] } == [1, 2, 4, 5, 6, 7, 8, 9, 10])
    #expect(
      results.map { $0["status"] } == [
        "added", "failed", "failed", "failed", "unchanged", "failed", "failed", "changed", "added",
      ])
    #expect(
      results.compactMap { $0.at("error.code")?.text } == [
        "invalid_json", "invalid_field", "missing_field", "invalid_document", "invalid_json",
      ])
    #expect(results[2]["external_id"] == "b" && results[2].at("error.errors[0].field") == "text")
    #expect(results[7]["version"] == 2 && results[7]["external_id"] == "a")
    let generation = try #require(results.last?["generation"])
    let reader = try await backend.key(.reader)
    let found = try await gateway.send(
      .post, "/v1/search", key: reader, json: ["query": "second draft", "min_generation": generation])
    #expect(found.at("hits")?.elements.map { $0["external_id"] } == ["a"])
    let schemas = try await gateway.send(.get, "/openapi.json").at("components.schemas")
    guard case .object(let schemas)? = schemas else { throw CancellationError() }
    let check = SchemaCheck(schemas: schemas)
    for result in results { #expect(check.problems(result, Schemas.reference("BulkResult")) == []) }
  }

  @Test func manyDocumentsGoInWithTheLastLineUnended() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let lines = (0..<300).map { #"{"external_id":"d\#($0)","text":"Document number \#($0)."}"# }
    let results = try await bulk(gateway, lines, type: nil).results
    #expect(results.count == 300 && results.allSatisfy { $0["status"] == "added" })
    let kb = try #require(try await backend.store.knowledgeBase(named: "default"))
    #expect(try await backend.store.counts(in: kb.id).documents == 300)
    let again = try await bulk(gateway, lines).results
    #expect(again.allSatisfy { $0["status"] == "unchanged" })
    #expect(try await bulk(gateway, []).reply.code == "invalid_json")
  }

  @Test func onlyForThoseWhoWrite() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let line = #"{"external_id":"a","text":"x"}"#
    #expect(try await bulk(gateway, [line], key: try await backend.key(.reader)).reply.status == 403)
    let elsewhere = try await backend.key(.editor, knowledgeBases: ["other"])
    #expect(try await bulk(gateway, [line], key: elsewhere).reply.code == "kb_not_found")
    #expect(try await bulk(gateway, [line], type: "application/json").reply.code == "unsupported_type")
    let kb = try #require(try await backend.store.knowledgeBase(named: "default"))
    #expect(try await backend.store.counts(in: kb.id).documents == 0)
  }

  /// Results come while others are still being written, and a place at work is held until the last.
  @Test func overASocketTheConnectionGoesOn() async throws {
    let backend = try Backend()
    var limits = GatewayConfiguration.Limits()
    limits.maxWrites = 1
    let server = try await LiveServer(backend, limits: limits)
    let body = (0..<100).map { #"{"external_id":"d\#($0)","text":"Number \#($0)."}"# }.joined(separator: "\n")
    let head =
      "POST /v1/kbs/default/bulk HTTP/1.1\r\nHost: localhost\r\n\(LiveSocketTests.auth)"
      + "Content-Type: application/x-ndjson\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    let connection = try server.connect()
    for round in 0..<2 {
      await connection.send(head + body)
      let reply = await connection.read(until: #""line":100"#, within: .seconds(30))
      #expect(reply.hasPrefix("HTTP/1.1 200"), "\(round): \(reply.prefix(300))")
      #expect(reply.lowercased().contains("transfer-encoding: chunked"))
      _ = await connection.read(until: "0\r\n\r\n", within: .seconds(30))
    }
    // Left in the middle: its place is free again.
    let leaver = try server.connect()
    await leaver.send(head + body.prefix(body.utf8.count / 2))
    _ = consume leaver
    let after = try server.connect()
    await after.send(head + body)
    #expect(await after.read(until: #""line":100"#, within: .seconds(30)).contains("unchanged"))
    try await server.stop()
  }

  /// Where all of it ends early, the last line says from where on nothing was done.
  @Test func aTimeOutIsTold() async throws {
    let backend = try Backend()
    var limits = GatewayConfiguration.Limits()
    limits.writeTimeout = .milliseconds(500)
    let gateway = try backend.gateway(limits: limits)
    let lines = (0..<20_000).map { #"{"external_id":"d\#($0)","text":"Document number \#($0)."}"# }
    let results = try await bulk(gateway, lines).results
    let last = try #require(results.last)
    // On a machine that is too busy to begin in that time, the whole is refused.
    if results.count == 1, last["code"] == "request_timeout" { return }
    #expect(last.at("error.code") == "request_timeout" && last["external_id"] == .null, "\(last)")
    let done = results.dropLast().count
    #expect(last["line"] == .integer(Int64(done + 1)) && done < 20_000)
  }
}
