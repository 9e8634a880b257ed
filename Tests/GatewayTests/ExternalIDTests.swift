import Foundation
import HTTPTypes
import Testing

@testable import Gateway

@Suite struct ExternalIDTests {
  static let key = Backend.ownerKey

  /// Ids go in and come back byte for byte, through put, get, list, search and delete.
  @Test func idsRoundTripByteForByte() async throws {
    let gateway = try Backend().gateway()
    let ids = [
      "a", "a/b/c.md", "/", "//", ".", "..", "a b", "a+b", "100%", "%2F", "%252F", "?x=1#y", "é", "e\u{301}",
      "日本語/質問", "😀",
      "row#0123456789abcdef", "\"quotes\"", "<b>&amp;", "\u{1}\u{7F}", "trailing/", "{external_id}", ":id",
      "**", "\r\n",
      String(repeating: "x", count: 1024), String(repeating: "é", count: 512),
    ]
    for (index, id) in ids.enumerated() {
      let path = "/v1/kbs/default/documents/" + PercentEncoding.encode(id)
      let put = try await gateway.send(
        .put, path, key: Self.key, json: ["text": .string("Document number \(index).")])
      #expect(put.status == 201, "\(id): \(put.text)")
      #expect(put.at("document.external_id")?.text.map { Array($0.utf8) } == Array(id.utf8))
      let got = try await gateway.send(.get, path, key: Self.key, headers: ["Accept": "text/plain"])
      #expect(got.text == "Document number \(index).", "\(id)")
    }
    // Canonically equal strings are two documents: bytes decide, not Unicode.
    var listed: [[UInt8]] = []
    var uri = "/v1/kbs/default/documents?limit=4"
    while true {
      let page = try await gateway.send(.get, uri, key: Self.key)
      let names = page.at("documents")?.elements.compactMap { $0["external_id"]?.text } ?? []
      listed += names.map { Array($0.utf8) }
      guard page.at("has_more") == true, let cursor = page.at("after_cursor")?.text else { break }
      uri = "/v1/kbs/default/documents?limit=4&after=\(cursor)"
    }
    #expect(listed == ids.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) })
    for id in ids {
      let path = "/v1/kbs/default/documents/" + PercentEncoding.encode(id)
      #expect(try await gateway.send(.delete, path, key: Self.key).status == 200, "\(id)")
    }
  }

  @Test(arguments: ["%", "%2", "%GG", "%FF", "%C0%AF", "%00", "a%00b", "%ED%A0%80"])
  func idsThatAreNoUTF8AreRefused(_ segment: String) async throws {
    let gateway = try Backend().gateway()
    for method: HTTPRequest.Method in [.get, .put, .delete] {
      let reply = try await gateway.send(
        method, "/v1/kbs/default/documents/" + segment, key: Self.key, body: Data(#"{"text":"x"}"#.utf8))
      #expect(
        reply.status == 400 && reply.code == "invalid_external_id", "\(method) \(segment): \(reply.text)")
    }
  }

  @Test func lengthIsBounded() async throws {
    let gateway = try Backend().gateway()
    let path = "/v1/kbs/default/documents/"
    #expect(
      try await gateway.send(.get, path + String(repeating: "x", count: 1025), key: Self.key).code
        == "invalid_external_id")
    #expect(try await gateway.send(.get, path + "/", key: Self.key).code == "invalid_external_id")
    #expect(
      try await gateway.send(.get, path + String(repeating: "%C3%A9", count: 513), key: Self.key).code
        == "invalid_external_id")
  }

  @Test func cursorsThatAreNoneAreRefused() async throws {
    let gateway = try Backend().gateway()
    for cursor in ["", "!", "%FF", "_w", "a"] {
      let reply = try await gateway.send(.get, "/v1/kbs/default/documents?after=\(cursor)", key: Self.key)
      #expect(reply.status == 400, "\(cursor): \(reply.text)")
    }
    #expect(
      try await gateway.send(.get, "/v1/kbs/default/documents?limit=0", key: Self.key).code == "invalid_limit"
    )
    #expect(
      try await gateway.send(.get, "/v1/kbs/default/documents?limit=1001", key: Self.key).code
        == "invalid_limit")
  }
}
