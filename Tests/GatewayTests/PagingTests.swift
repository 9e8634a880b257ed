import Domain
import Foundation
import Testing

@testable import Gateway

@Suite struct PagingTests {
  /// What stood there all the while comes exactly once, whatever is written and deleted between the pages.
  @Test(arguments: [1, 2, 7])
  func aWalkIsStableUnderWrites(limit: Int) async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let lasting = (0..<20).map { "doc-\($0 + 10)0" }
    for id in lasting { try await backend.put(id, "Text of \(id).") }
    var seen: [String] = []
    var uri: String? = "/v1/kbs/default/documents?limit=\(limit)"
    var round = 0
    while let next = uri {
      round += 1
      let page = try await gateway.send(.get, next, key: Backend.ownerKey)
      #expect(page.status == 200)
      seen += page.at("documents")?.elements.compactMap { $0["external_id"]?.text } ?? []
      // Before and behind the cursor, and at it: the very document that the cursor names goes, comes, changes.
      let last = seen.last ?? lasting[0]
      try await backend.put("aaa-\(round)", "Early.")
      if lasting.contains(last) { try await backend.put("\(last)5", "Right behind.") }
      try await backend.put("zzz-\(round)", "Late.")
      if round % 2 == 0 {
        try await backend.put(last, "Changed in round \(round).")
      } else if !lasting.contains(last) {
        _ = try await backend.ingest.delete(last, from: "default")
      }
      uri = page.at("after_cursor")?.text.map { "/v1/kbs/default/documents?limit=\(limit)&after=\($0)" }
      // Those that are added ahead of the walk would keep it going for ever.
      if seen.last?.hasPrefix("zzz") == true { break }
    }
    #expect(seen.filter(Set(lasting).contains) == lasting)
    #expect(Set(seen).count == seen.count && seen == seen.sorted())
  }

  @Test func aCursorOfADocumentThatIsGoneStillPoints() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    for id in ["a", "b", "c"] { try await backend.put(id, id) }
    let first = try await gateway.send(.get, "/v1/kbs/default/documents?limit=2", key: Backend.ownerKey)
    let cursor = try #require(first.at("after_cursor")?.text)
    _ = try await backend.ingest.purge("b", from: "default")
    let second = try await gateway.send(
      .get, "/v1/kbs/default/documents?limit=2&after=\(cursor)", key: Backend.ownerKey)
    #expect(second.at("documents")?.elements.map { $0["external_id"] } == ["c"])
  }
}
