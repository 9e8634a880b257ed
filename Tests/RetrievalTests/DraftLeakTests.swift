import Domain
import EngineSupport
import Foundation
import Testing

@testable import Retrieval

/// What is not public tells nobody that it is there, editors' searches included: it is not in the index.
@Suite struct DraftLeakTests {
  private static let hidden: [(String, PublicationChange)] = [
    ("draft", .init(status: .draft)), ("archived", .init(status: .archived)),
    ("later", .init(publishAt: .set(Date() + 3600))), ("over", .init(expiresAt: .set(Date() - 3600))),
  ]

  private func engine() async throws -> TestEngine {
    let engine = try TestEngine()
    try await engine.makeLexical()
    try await engine.put("public", title: "Opening hours", "The office opens at nine.", tags: ["hours"])
    for (name, said) in Self.hidden {
      try await engine.put(
        name, title: "Xylograph", "The xylograph project of \(name).", tags: ["xylo"], publication: said)
      // Written over what is public, too.
      try await engine.put("over-\(name)", title: "Parking", "Park behind the office.")
      if name != "archived", name != "over" {
        try await engine.put(
          "over-\(name)", title: "Xylograph", "The xylograph again.", tags: ["xylo"], publication: said)
      }
    }
    try await engine.catchUp()
    return engine
  }

  @Test func inNoPartOfASearch() async throws {
    let engine = try await engine()
    let snapshot = try await engine.indexes.follower(of: "words").current.snapshot
    #expect(snapshot.documentFrequency(of: "xylograph") == 0)
    #expect(snapshot.labels(startingWith: "tag=").sorted() == ["tag=hours"])
    #expect(snapshot.liveGroups == 5)
    for viewer in [Viewer.anonymous, .all] {
      for query in ["xylograph", "xylograf", "xylo"] {
        for mode in [SearchMode.lexical, .hybrid, .suggest] {
          var request = SearchRequest(query: query, knowledgeBase: "words", mode: mode, viewer: viewer)
          request.facets = ["tags"]
          request.explain = true
          request.whyNot = "draft"
          let found = try await engine.engine.search(request)
          #expect(found.hits.isEmpty && found.facets["tags"]?.isEmpty != false)
          #expect(found.missing?.reason == .unknown)
          // No correction to a word that nobody may know of.
          #expect(
            found.explanation?.terms.flatMap(\.alternatives).contains("xylograph") != true
              || query == "xylograph")
        }
      }
      let answer = try await engine.engine.answer(
        AnswerRequest(question: "What is the xylograph project?", knowledgeBase: "words", viewer: viewer))
      #expect(answer.answer.kind == .abstain && answer.suggestions.allSatisfy { $0.title != "Xylograph" })
    }
    #expect(try await engine.search("parking", viewer: .anonymous).hits.count == 1)
    await engine.close()
  }

  @Test func pinnedItIsNotShown() async throws {
    let engine = try await engine()
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    _ = try await engine.store.setSearchRules(
      SearchRules(curations: [.init(queries: ["office"], pinned: Self.hidden.map(\.0))]), of: kb.id)
    try await engine.catchUp()
    let found = try await engine.search("office", viewer: .anonymous)
    #expect(!found.hits.isEmpty && !found.hits.contains { $0.isPinned })
    await engine.close()
  }

  /// From one state to the next, by the clock, with a server's loop: at most a second late.
  @Test func publishedAndTakenBackInTime() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    _ = try await engine.search("warm")
    let following = Task { await engine.indexes.run() }
    let publishing = Task { await engine.schedule.run() }
    defer {
      following.cancel()
      publishing.cancel()
    }
    let (begin, end) = (Date() + 3, Date() + 7)
    try await engine.put(
      "a", "The flash sale is on.", publication: .init(publishAt: .set(begin), expiresAt: .set(end)))
    var (first, last): (Date?, Date?)
    while Date() < end + 1.5 {
      let before = Date()
      let isFound = try await !engine.search("sale", viewer: .anonymous).hits.isEmpty
      if isFound {
        #expect(Date() >= begin && before < end)
        first = first ?? Date()
        last = before
      }
      try await Task.sleep(for: .milliseconds(10))
    }
    let found = try #require(first)
    // A second, and as much again for a machine that runs all tests at once.
    #expect(found.timeIntervalSince(begin) < 2)
    #expect(end.timeIntervalSince(try #require(last)) < 1)
    let snapshot = try await engine.indexes.follower(of: "words").current.snapshot
    #expect(snapshot.documentFrequency(of: "sale") == 0)
    await engine.close()
  }
}
