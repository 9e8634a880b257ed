import Domain
import Foundation
import Security
import Testing

@testable import Gateway

@Suite struct VisibilityTests {
  /// Anonymous readers see what is public, readers with a key also what is for the signed in, editors all;
  /// in search, lists and by name alike.
  @Test func eachSeesTheirOwn() async throws {
    let backend = try Backend()
    try await backend.put("1-staff", "Refund rule for staff.", visibility: .groups(["staff"]))
    try await backend.put("2-public", "Refund rule for all.")
    try await backend.put("3-signed", "Refund rule for members.", visibility: .signedIn)
    let generation = try await backend.put(
      "4-staff", "Another refund rule for staff.", visibility: .groups(["staff"]))
    let keyless = try backend.gateway(ownerKey: nil)
    let keyed = try backend.gateway()
    // Keyless first: a stored key closes open reads.
    try await check(keyless, nil, sees: ["2-public"], generation)
    try await check(keyed, try await backend.key(.reader), sees: ["2-public", "3-signed"], generation)
    try await check(
      keyed, try await backend.key(.editor), sees: ["1-staff", "2-public", "3-signed", "4-staff"], generation)
  }

  func check(_ gateway: Gateway, _ key: String?, sees visible: [String], _ generation: Generation)
    async throws
  {
    let search: JSONValue = [
      "query": "refund rule", "min_generation": .integer(generation.rawValue), "limit": 10,
    ]
    let hits = try await gateway.send(.post, "/v1/search", key: key, json: search).at("hits")?.elements ?? []
    #expect(Set(hits.compactMap { $0["external_id"]?.text }) == Set(visible))

    let listed = try await gateway.send(.get, "/v1/kbs/default/documents", key: key)
    #expect(listed.at("documents")?.elements.compactMap { $0["external_id"]?.text } == visible)
    #expect(listed.at("has_more") == false && listed.at("after_cursor") == .null)

    // Pages of one, so that hidden documents lie between and behind.
    var paged: [String] = []
    var uri: String? = "/v1/kbs/default/documents?limit=1"
    for _ in 0..<10 {
      guard let next = uri else { break }
      let page = try await gateway.send(.get, next, key: key)
      paged += page.at("documents")?.elements.compactMap { $0["external_id"]?.text } ?? []
      uri = page.at("after_cursor")?.text.map { "/v1/kbs/default/documents?limit=1&after=\($0)" }
    }
    #expect(paged == visible && uri == nil)

    for id in ["1-staff", "2-public", "3-signed", "4-staff"] {
      for suffix in ["", "?version=1"] {
        let reply = try await gateway.send(.get, "/v1/kbs/default/documents/\(id)\(suffix)", key: key)
        #expect(reply.status == (visible.contains(id) ? 200 : 404), "\(id)\(suffix)")
        if !visible.contains(id) { #expect(reply.code == "document_not_found") }
      }
    }
  }

  @Test func olderVersionsStayWithThoseWhoSeeEverything() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    try await backend.put("a", "The secret is 42.", visibility: .groups(["staff"]))
    try await backend.put("a", "Nothing to see.")
    let reader = try await backend.key(.reader)
    let path = "/v1/kbs/default/documents/a?version="
    #expect(try await gateway.send(.get, path + "2", key: reader).status == 200)
    #expect(try await gateway.send(.get, path + "1", key: reader).status == 404)
    let owner = try await gateway.send(
      .get, path + "1", key: Backend.ownerKey, headers: ["Accept": "text/plain"])
    #expect(owner.text == "The secret is 42.")
  }

  @Test func totalsAreForThoseWhoSeeEverything() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    try await backend.put("a", "x", visibility: .groups(["staff"]))
    let reader = try await backend.key(.reader)
    #expect(try await gateway.send(.get, "/v1/kbs/default", key: reader).at("documents") == .null)
    #expect(try await gateway.send(.get, "/v1/kbs/default", key: Backend.ownerKey).at("documents") == 1)
  }

  /// Asked byte by byte, verification must not spell out a document that the caller may not see.
  @Test func verifyingTellsNothingOfWhatIsHidden() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await backend.store.createKnowledgeBase(named: "shop", model: KnowledgeBase.noModel)
    try await backend.put("hidden", "The code is 4711.", visibility: .groups(["staff"]))
    try await backend.put("shown", "The door is open.")
    try await backend.put("narrowed", "The price is 5.")
    try await backend.put("narrowed", "The price is 6.", visibility: .groups(["staff"]))
    func status(_ id: String, _ quote: String, version: Int = 1, key: String) async throws -> String? {
      let kb = try #require(try await backend.store.knowledgeBase(named: "default"))
      let record = try #require(try await backend.store.latestDocument(id, in: kb.id))
      let text = try #require(try await backend.store.version(version, of: id, in: kb.id)).text
      let start = try #require(text.range(of: quote)).lowerBound.utf16Offset(in: text)
      let citation: JSONValue = [
        "document_id": .string(record.id.description), "external_id": .string(id), "title": "", "url": .null,
        "version": .integer(Int64(version)), "start_byte": .integer(Int64(start)),
        "end_byte": .integer(Int64(start + quote.utf8.count)), "quote": .string(quote),
        "sha256": .string(Digest.hex(Digest.sha256(quote))),
      ]
      let reply = try await gateway.send(.post, "/v1/verify", key: key, json: ["citations": [citation]])
      return reply.at("citations[0].status")?.text
    }
    let reader = try await backend.key(.reader)
    let staff = try await backend.key(.reader, groups: ["staff"])
    let elsewhere = try await backend.key(.owner, knowledgeBases: ["shop"])
    #expect(try await status("hidden", "4", key: reader) == "forged")
    #expect(try await status("hidden", "4", key: staff) == "valid")
    #expect(try await status("hidden", "4", key: Backend.ownerKey) == "valid")
    #expect(try await status("shown", "door", key: reader) == "valid")
    #expect(try await status("shown", "door", key: elsewhere) == "forged")
    #expect(try await status("narrowed", "5", key: reader) == "forged")
    #expect(try await status("narrowed", "5", key: staff) == "changed")
  }
}
