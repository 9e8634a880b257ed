import Domain
import EngineSupport
import Foundation
import Knowledge
import TextAnalysis
import Testing

@testable import Retrieval

/// Synonyms, read and looked up without an index.
@Suite struct SynonymMapTests {
  private let analyzer = TextAnalyzer()

  private func expand(_ query: String, _ lines: String...) throws -> SynonymMap.Expansion {
    let map = SynonymMap(
      try lines.map { try SynonymRule(parsing: $0) }, analyzer: analyzer, languages: [.english])
    return map.expand(analyzer.queryTerms(of: query, languages: [.english]), of: query)
  }

  @Test func withoutAMatchNothingChanges() throws {
    let query = "reset my password"
    let expansion = try expand(query, "tv, television")
    #expect(expansion.terms == analyzer.queryTerms(of: query, languages: [.english]))
    #expect(expansion.asked == expansion.terms)
    #expect(expansion.texts == [query] && expansion.additions.isEmpty)
  }

  @Test func aWordStandsForAnother() throws {
    let expansion = try expand("my TV is dark", "television, tv, telly")
    #expect(expansion.terms[0].alternatives.contains("tv"))
    #expect(expansion.terms[0].alternatives.contains("televis"))
    #expect(expansion.terms.count == 2 && expansion.additions.isEmpty)
    #expect(expansion.texts == ["my TV is dark", "my television is dark", "my telly is dark"])
  }

  @Test func severalWordsShareTheWeightOfOne() throws {
    let expansion = try expand("install mfa", "mfa, two-step verification")
    #expect(expansion.terms.count == 2)
    #expect(expansion.additions.allSatisfy { $0.weight < 1 })
    #expect(
      abs(expansion.additions.reduce(0) { $0 + $1.weight } - 1) < 1e-6, "as much as the word they stand for")
    // Of what is asked for, one word of the synonym is enough.
    #expect(expansion.asked.last?.alternatives.contains("verif") == true)
    #expect(expansion.texts == ["install mfa", "install two-step verification"])
    let back = try expand("install two-step verification", "mfa, two-step verification")
    #expect(back.additions.map(\.term.alternatives).joined().contains("mfa"))
    #expect(back.texts.last == "install mfa")
  }

  @Test func oneWayReplacesAndDoesNotHoldTheOtherWay() throws {
    let expansion = try expand("how much holiday", "holiday => paid leave")
    #expect(!expansion.terms.contains { $0.alternatives.contains("holiday") })
    #expect(expansion.texts == ["how much paid leave"])
    #expect(expansion.asked.contains { $0.alternatives.contains("leav") })
    let back = try expand("how much paid leave", "holiday => paid leave")
    #expect(back.texts == ["how much paid leave"] && back.additions.isEmpty)
  }

  @Test func theLongestPhraseCounts() throws {
    let expansion = try expand("new york hotel", "york, eboracum", "new york, big apple")
    #expect(expansion.texts.last == "big apple hotel")
    #expect(!expansion.terms.contains { $0.alternatives.contains("eboracum") })
  }

  @Test func otherScriptsAndBytesStayWhole() throws {
    let expansion = try expand("naïve café ☕️ tv", "café, coffee house", "tv, télévision")
    #expect(expansion.texts.last == "naïve coffee house ☕️ télévision")
  }

  @Test func wordsThatShareBytesAreReplacedOnce() throws {
    let parts = try expand("New-CsTeam fails", "new-csteam, make a team", "csteam, workspace")
    #expect(parts.texts == ["New-CsTeam fails", "make a team fails"])
    let map = SynonymMap(
      [try SynonymRule(parsing: "重置密, 找回"), try SynonymRule(parsing: "置密码, 口令")], analyzer: analyzer,
      languages: [.chinese])
    let query = "重置密码"
    let chinese = map.expand(analyzer.queryTerms(of: query, languages: [.chinese]), of: query)
    #expect(chinese.texts.allSatisfy { !$0.contains("\u{FFFD}") })
    #expect(chinese.texts.last == "找回码")
  }

  @Test(arguments: ["", "one", "a =>", "=> b", "a => b => c", ",,", "tv,"])
  func whatIsNoLineIsRefused(_ line: String) {
    #expect(throws: ValidationError.self) { _ = try SynonymRule(parsing: line) }
  }

  @Test func aFileMayHaveComments() {
    #expect(
      SynonymRule.lines(of: "# ours\n\ntv, television\r\n  a => b  \n") == ["tv, television", "a => b"])
  }

  @Test func manyRulesAreReadInTime() throws {
    let rules = try (0..<5000).map { try SynonymRule(parsing: "word\($0), other\($0) thing, x\($0)") }
    let map = SynonymMap(rules, analyzer: analyzer, languages: [.english])
    let query = (0..<500).map { "word\($0)" }.joined(separator: " ")
    let expansion = map.expand(analyzer.queryTerms(of: query, languages: [.english]), of: query)
    #expect(expansion.texts.count == SynonymMap.maxTexts)
  }
}

/// Rules in a real search.
@Suite struct SearchRulesTests {
  private func engine(_ rules: SearchRules) async throws -> TestEngine {
    let engine = try TestEngine()
    try await engine.makeLexical()
    try await engine.put("tv", title: "Television", "Switch the television on with the red button.")
    try await engine.put(
      "radio", title: "Radio", "Switch the radio on with the blue button.", tags: ["audio"])
    try await engine.put("secret", title: "Studio", "Switch the studio on.", visibility: .groups(["crew"]))
    try await set(rules, in: engine)
    return engine
  }

  private func set(_ rules: SearchRules, in engine: TestEngine) async throws {
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    _ = try await engine.store.setSearchRules(rules, of: kb.id)
    try await engine.catchUp()
  }

  private func found(_ query: String, _ engine: TestEngine, viewer: Viewer = .all) async throws -> [String] {
    try await engine.search(query, viewer: viewer).hits.map(\.externalID)
  }

  @Test func aSynonymFindsAndHighlights() async throws {
    let engine = try await engine(.none)
    #expect(try await found("telly", engine).isEmpty)
    try await set(SearchRules(synonyms: ["telly, television"]), in: engine)
    let hits = try await engine.search("telly").hits
    #expect(hits.map(\.externalID) == ["tv"])
    let span = try #require(hits[0].highlights.first)
    #expect(hits[0].text.utf8.dropFirst(span[0]).prefix(span[1] - span[0]).elementsEqual("television".utf8))
    try await set(.none, in: engine)
    #expect(try await found("telly", engine).isEmpty)
    await engine.close()
  }

  @Test func rulesOutliveARestartAndReachOtherProcesses() async throws {
    let engine = try await engine(SearchRules(synonyms: ["telly, television"]))
    let other = try TestEngine(sharing: engine)
    try await other.catchUp()
    #expect(try await found("telly", other) == ["tv"])
    try await set(SearchRules(synonyms: ["kiste, television"]), in: engine)
    try await other.catchUp()
    #expect(try await found("telly", other).isEmpty)
    #expect(try await found("kiste", other) == ["tv"])
    await other.close()
    await engine.close()
  }

  @Test func pinnedComesFirstAndHiddenNotAtAll() async throws {
    let engine = try await engine(
      SearchRules(curations: [
        .init(queries: ["switch on"], pinned: ["radio", "gone"], hidden: ["tv"]),
        .init(queries: ["opening hours"], pinned: ["tv"]),
      ]))
    // Small words, case and endings apart.
    for query in ["switch on", "Switching it on?", "SWITCH"] {
      #expect(try await found(query, engine) == ["radio", "secret"], "\(query)")
    }
    #expect(
      try await found("switch on the television", engine).first == "tv", "more words are another question")
    // Nothing matches, yet an editor said so.
    let hits = try await engine.search("opening hours").hits
    #expect(hits.map(\.externalID) == ["tv"])
    #expect(
      hits[0].isPinned && hits[0].scores == HitScores(lexical: nil, dense: nil, fused: nil, rerank: nil))
    await engine.close()
  }

  @Test func aPinShowsNothingThatTheCallerMayNotSee() async throws {
    let engine = try await engine(
      SearchRules(curations: [.init(queries: ["switch"], pinned: ["secret", "radio"])]))
    #expect(try await found("switch", engine, viewer: .anonymous) == ["radio", "tv"])
    #expect(
      try await found("switch", engine, viewer: .signedIn(groups: ["crew"])).prefix(2) == ["secret", "radio"])
    let filtered = try await engine.engine.search(
      SearchRequest(
        query: "switch", knowledgeBase: "words", mode: .lexical,
        filter: SearchFilter(["tags": ["audio"]]), viewer: .all))
    #expect(filtered.hits.map(\.externalID) == ["radio"])
    await engine.close()
  }

  @Test func theLimitHoldsWithPins() async throws {
    let engine = try await engine(
      SearchRules(curations: [.init(queries: ["switch"], pinned: ["radio", "tv"])]))
    #expect(try await engine.search("switch", limit: 1).hits.map(\.externalID) == ["radio"])
    #expect(try await engine.search("switch", limit: 3).hits.map(\.externalID) == ["radio", "tv", "secret"])
    await engine.close()
  }

  @Test func scoresThatWereNotMadeAreNull() {
    let pinned = Candidate(key: 1, group: 1)
    #expect(pinned.scores(isFused: true) == HitScores())
    var found = Candidate(key: 1, group: 1)
    found.lexical = 3
    found.score = 0.4
    #expect(found.scores(isFused: true) == HitScores(lexical: 3, fused: 0.4))
    #expect(found.scores(isFused: false) == HitScores(lexical: 3))
  }

  @Test func aListThatIsLeftOutIsEmpty() throws {
    let json = Data(#"{"curations": [{"queries": ["a"], "pinned": ["b"]}]}"#.utf8)
    let rules = try JSONDecoder().decode(SearchRules.self, from: json)
    #expect(rules == SearchRules(curations: [.init(queries: ["a"], pinned: ["b"])]))
  }

  @Test func badRulesAreRefusedWhole() async throws {
    let engine = try await engine(SearchRules(synonyms: ["telly, television"]))
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    for bad in [
      SearchRules(synonyms: ["a, b", "alone"]),
      SearchRules(curations: [.init(queries: [], pinned: ["tv"])]),
      SearchRules(curations: [.init(queries: ["x"])]),
    ] {
      let error = await #expect(throws: ValidationError.self) {
        _ = try await engine.store.setSearchRules(bad, of: kb.id)
      }
      #expect(error?.code == "invalid_rules")
    }
    #expect(try await engine.store.searchRules(of: kb.id).synonyms == ["telly, television"])
    await engine.close()
  }

  @Test(.enabled(if: TestEngine.hasModel, "all-MiniLM-L6-v2 is not installed"))
  func theDenseHalfKnowsSynonymsToo() async throws {
    let engine = try TestEngine()
    let kb = try #require(try await engine.store.knowledgeBase(named: "default"))
    try await engine.put("tv", "The screen stays dark when it is cold.", in: "default")
    try await engine.put("food", "Soup and bread are served at noon.", in: "default")
    func cosine() async throws -> Double {
      let hits = try await engine.search("zorp problems", in: "default", mode: .dense).hits
      return try #require(hits.first { $0.externalID == "tv" }?.scores.dense)
    }
    try await engine.catchUp("default")
    let before = try await cosine()
    _ = try await engine.store.setSearchRules(SearchRules(synonyms: ["zorp => display"]), of: kb.id)
    try await engine.catchUp("default")
    #expect(try await cosine() > before + 0.1)
    await engine.close()
  }
}
