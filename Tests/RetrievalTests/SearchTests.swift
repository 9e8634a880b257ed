import Domain
import EngineSupport
import Foundation
import Retrieval
import Testing

@Suite struct SearchTests {
  private func engine() async throws -> TestEngine {
    let engine = try TestEngine()
    try await engine.makeLexical()
    return engine
  }

  @Test(arguments: ["", "   ", "\0\0", "\n\t"])
  func anEmptyQueryIsRefused(_ query: String) async throws {
    let engine = try await engine()
    let error = await #expect(throws: RetrievalError.self) { _ = try await engine.search(query) }
    #expect(error?.kind == .queryEmpty)
    await engine.close()
  }

  @Test(arguments: [0, -1, 1_000_000])
  func aLimitOutOfRangeIsRefused(_ limit: Int) async throws {
    let engine = try await engine()
    let error = await #expect(throws: RetrievalError.self) { _ = try await engine.search("x", limit: limit) }
    #expect(error?.kind == .invalidLimit)
    await engine.close()
  }

  @Test func aVeryLongQueryIsRefused() async throws {
    let engine = try await engine()
    let long = String(repeating: "word ", count: 20_000)
    let error = await #expect(throws: RetrievalError.self) { _ = try await engine.search(long) }
    #expect(error?.kind == .queryTooLong)
    await engine.close()
  }

  /// Nothing that a user types is syntax (invariant 12).
  @Test(arguments: [
    "\"quoted\" AND (NOT x) OR *", "'; DROP TABLE documents; --", "a:b^2~3 [1 TO 2] +must -not",
    "😀😀", "{}[]<>", "%00 %s %n", "the of and", "x' OR '1'='1",
  ])
  func operatorsAreWords(_ query: String) async throws {
    let engine = try await engine()
    try await engine.put("a", "Plain words about the office and quoted things that drop.")
    try await engine.catchUp()
    _ = try await engine.search(query)
    #expect(try await engine.store.counts(in: engine.store.knowledgeBase(named: "words")!.id).documents == 1)
    await engine.close()
  }

  @Test func hiddenDocumentsAreNotFoundNorCounted() async throws {
    let engine = try await engine()
    try await engine.put("open", "The salary table is on the intranet.")
    try await engine.put("staff", "The salary table for staff.", visibility: .signedIn)
    try await engine.put("hr", "The salary table of all people.", visibility: .groups(["hr"]))
    try await engine.catchUp()
    func seen(_ viewer: Viewer) async throws -> Set<String> {
      Set(try await engine.search("salary table", viewer: viewer).hits.map(\.externalID))
    }
    #expect(try await seen(.anonymous) == ["open"])
    #expect(try await seen(.signedIn(groups: [])) == ["open", "staff"])
    #expect(try await seen(.signedIn(groups: ["hr"])) == ["open", "staff", "hr"])
    #expect(try await seen(.all).count == 3)
    await engine.close()
  }

  @Test func filtersJoinByOrWithinAndAcross() async throws {
    let engine = try await engine()
    try await engine.put("a", "Refund rules one.", tags: ["billing", "eu"])
    try await engine.put("b", "Refund rules two.", tags: ["billing"])
    try await engine.put("c", "Refund rules three.", tags: ["travel"])
    try await engine.catchUp()
    func found(_ filter: [String: [String]]) async throws -> [String] {
      try await engine.engine.search(
        SearchRequest(
          query: "refund", knowledgeBase: "words", mode: .lexical, filter: SearchFilter(filter), viewer: .all)
      ).hits.map(\.externalID).sorted()
    }
    #expect(try await found(["tags": ["billing"]]) == ["a", "b"])
    #expect(try await found(["tags": ["eu", "travel"]]) == ["a", "c"])
    #expect(try await found(["tags": ["billing"], "kind": ["faq"]]) == [])
    #expect(try await found(["tags": ["nothing"]]) == [])
    let error = await #expect(throws: RetrievalError.self) { _ = try await found(["color": ["red"]]) }
    #expect(error?.kind == .unknownFilterKey)
    await engine.close()
  }

  @Test func documentsAreListedOnceAndPassagesOnRequest() async throws {
    let engine = try await engine()
    let paragraphs = (0..<12).map { i in
      "Warranty paragraph \(i): " + String(repeating: "the warranty covers many parts of it. ", count: 12)
    }
    try await engine.put("long", title: "Warranty", paragraphs.joined(separator: "\n\n"))
    try await engine.put("short", title: "Repairs", "The warranty is two years.")
    try await engine.catchUp()
    let documents = try await engine.search("warranty")
    #expect(Set(documents.hits.map(\.externalID)) == ["long", "short"])
    #expect(documents.hits.count == 2)
    let passages = try await engine.engine.search(
      SearchRequest(
        query: "warranty", knowledgeBase: "words", limit: 50, mode: .lexical, grouping: .passage, viewer: .all
      ))
    #expect(passages.hits.count > 2)
    await engine.close()
  }

  @Test func highlightsAndCitationsSliceTheText() async throws {
    let engine = try await engine()
    let text = "Größe zählt. The Müller café reopens on Monday — naïve or not."
    try await engine.put("a", title: "Café", text)
    try await engine.catchUp()
    let hit = try #require(try await engine.search("muller cafe").hits.first)
    let marked = hit.highlights.map { range in
      String(decoding: Array(hit.text.utf8)[range[0]..<range[1]], as: UTF8.self)
    }
    #expect(marked == ["Müller", "café"])
    #expect(try await engine.engine.verify([hit.citation]) == [.valid])
    await engine.close()
  }

  /// Exact identifiers are found whole (invariant 7) and in every script (invariant 11).
  @Test(arguments: [
    ("0x80070005", "code"), ("New-CsTeam", "cmdlet"), ("10.0.19041", "build"), ("退款政策", "zh"),
    ("返金", "ja"), ("คืนเงิน", "th"), ("возврат", "ru"),
  ])
  func everyScriptAndIdentifierIsFound(_ query: String, _ id: String) async throws {
    let engine = try await engine()
    try await engine.put("code", "Access is denied with 0x80070005 on start.")
    try await engine.put("cmdlet", "Run New-CsTeam to create it.")
    try await engine.put("build", "Needs version 10.0.19041 or later.")
    try await engine.put("zh", "我们的退款政策是三十天内可以退货。")
    try await engine.put("ja", "ご注文の返金は三十日以内に行います。")
    try await engine.put("th", "ลูกค้าสามารถขอคืนเงินได้ภายในสามสิบวัน")
    try await engine.put("ru", "Оформить возврат можно в течение тридцати дней.")
    try await engine.catchUp()
    #expect(try await engine.search(query).hits.first?.externalID == id)
    await engine.close()
  }

  @Test func aTypoFindsWhatTheWordWould() async throws {
    let engine = try await engine()
    try await engine.put("reset", "Reset your password on the account page.")
    try await engine.put("fees", "International transfers cost two euros.")
    try await engine.put("parcel", "A parcel takes three days.")
    try await engine.catchUp()
    for (typo, id) in [("pasword", "reset"), ("acocunt", "reset"), ("internatoinal trnasfers", "fees")] {
      #expect(try await engine.search(typo).hits.map(\.externalID) == [id], "\(typo)")
    }
    // Short words and those that occur stay as they are.
    #expect(try await engine.search("coat").hits.isEmpty)
    #expect(try await engine.search("passport").hits.isEmpty)
    #expect(try await engine.search("parcel").hits.map(\.externalID) == ["parcel"])
    await engine.close()
  }

  /// Corrections would show the words of hidden documents.
  @Test func spellingsComeOnlyFromWhatTheViewerMaySee() async throws {
    let engine = try await engine()
    try await engine.put("open", "The cafeteria opens at eight.")
    try await engine.put("hidden", "Project nightingale is secret.", visibility: .groups(["hr"]))
    try await engine.catchUp()
    func terms(_ viewer: Viewer) async throws -> [String] {
      let response = try await engine.engine.search(
        SearchRequest(
          query: "nightingail", knowledgeBase: "words", mode: .lexical, explain: true, viewer: viewer))
      return response.explanation?.terms.flatMap(\.alternatives) ?? []
    }
    #expect(try await terms(.signedIn(groups: ["hr"])).contains { $0.hasPrefix("nightingal") })
    #expect(try await !terms(.anonymous).contains { $0.hasPrefix("nightingal") })
    // A hidden word is treated as one that is nowhere: here it has a visible neighbour.
    try await engine.put("birds", "Nightingules sing.")
    try await engine.catchUp()
    let spellings = try await engine.engine.search(
      SearchRequest(
        query: "nightingale", knowledgeBase: "words", mode: .lexical, explain: true, viewer: .anonymous)
    ).explanation?.terms.flatMap(\.alternatives)
    #expect(spellings?.contains { $0.hasPrefix("nightingul") } == true)
    await engine.close()
  }

  @Test func explainShowsTheArithmetic() async throws {
    let engine = try await engine()
    try await engine.put("a", title: "Refunds", "A refund takes five days.")
    try await engine.catchUp()
    let response = try await engine.engine.search(
      SearchRequest(query: "refund days", knowledgeBase: "words", mode: .lexical, explain: true, viewer: .all)
    )
    let hit = try #require(response.hits.first)
    let matches = try #require(hit.explanation?.matchedTerms)
    #expect(matches.count == 2)
    #expect(abs(matches.reduce(0) { $0 + $1.score } - hit.score) < 1e-3)
    #expect(response.explanation?.terms.count == 2)
    await engine.close()
  }

  @Test func denseWithoutAModelSaysSo() async throws {
    let engine = try await engine()
    let error = await #expect(throws: RetrievalError.self) { _ = try await engine.search("x", mode: .dense) }
    #expect(error?.kind == .modeUnavailable)
    await engine.close()
  }

  @Test func anUnknownKnowledgeBaseIsNotFound() async throws {
    let engine = try await engine()
    let error = await #expect(throws: RetrievalError.self) { _ = try await engine.search("x", in: "nowhere") }
    #expect(error?.kind == .kbNotFound)
    await engine.close()
  }
}
