import Domain
import EngineSupport
import Foundation
import Knowledge
import Testing

@testable import Retrieval

/// What people expect of a search box: suggestions, facets, ranges, no repeats.
@Suite struct BrowsingTests {
  private func engine(priors: DocumentPriors = .none) async throws -> TestEngine {
    var options = SearchEngine.Options()
    options.priors = priors
    let engine = try TestEngine(options: options)
    try await engine.makeLexical()
    return engine
  }

  private func put(
    _ id: String, title: String, _ text: String = "Plain text.", _ attributes: [String: String] = [:],
    tags: [String] = [], visibility: Visibility = .public, in engine: TestEngine
  ) async throws {
    _ = try await engine.ingest.upsert(
      DocumentUpsert(
        knowledgeBase: "words", externalID: id,
        body: .fields(
          DocumentContent(
            title: title, text: text, language: "en", tags: tags, attributes: attributes,
            visibility: visibility))))
  }

  // MARK: Suggestions

  @Test func theLastWordMayBeUnfinished() async throws {
    let engine = try await engine()
    try await put("reset", title: "Reset your password", in: engine)
    try await put("rate", title: "Change the data rate", in: engine)
    try await put("body", title: "Mail", "Words on passwords, and how to reset them.", in: engine)
    try await engine.catchUp()
    func suggested(_ query: String, viewer: Viewer = .all) async throws -> [String] {
      try await engine.search(query, mode: .suggest, viewer: viewer).hits.map(\.externalID)
    }
    for typed in ["res", "reset", "reset p", "reset pass", "reset your password"] {
      #expect(try await suggested(typed).first == "reset", "\(typed)")
    }
    #expect(try await suggested("pass") == ["reset", "body"], "a title counts more than a text")
    #expect(try await suggested("passwor") == ["reset", "body"])
    #expect(try await suggested("reset ").contains("reset"))
    // A word that is finished is no beginning.
    #expect(try await suggested("dat ").isEmpty)
    #expect(try await suggested("dat") == ["rate"])
    #expect(try await suggested("zzz").isEmpty)
    let body = try await engine.search("pass", mode: .suggest).hits.first { $0.externalID == "body" }
    #expect(body?.highlights == [[9, 18]], "what the word may become is marked")
    #expect(Set(try await suggested("r")) == ["reset", "rate", "body"])
    #expect(try await suggested("pasword re").first == "reset", "a slip in an earlier word")
    await engine.close()
  }

  @Test func aWordTypedPastItsStemIsStillFound() async throws {
    let engine = try await engine()
    try await put("guide", title: "Installation", in: engine)
    try await engine.catchUp()
    for typed in ["inst", "install", "installa", "installat", "installatio", "installation"] {
      #expect(
        try await engine.search(typed, mode: .suggest).hits.map(\.externalID) == ["guide"], "\(typed)")
    }
    await engine.close()
  }

  @Test func suggestionsShowNoHiddenWords() async throws {
    let engine = try await engine()
    try await put("open", title: "Salad bar", in: engine)
    try await put("closed", title: "Salary table", visibility: .groups(["hr"]), in: engine)
    try await engine.catchUp()
    let hits = try await engine.search("sala", mode: .suggest, viewer: .anonymous).hits
    #expect(hits.map(\.externalID) == ["open"])
    await engine.close()
  }

  // MARK: Filters

  @Test func rangesOfDates() async throws {
    let engine = try await engine()
    for (id, date) in [
      ("a", "2024-12-31"), ("b", "2025-06-15"), ("c", "06/30/2025"), ("d", "2026-01-01T08:00Z"),
    ] {
      try await put(id, title: "Report", "Report \(id).", ["date": date, "price": id], in: engine)
    }
    try await engine.catchUp()
    func found(_ key: String, _ values: String...) async throws -> [String] {
      try await engine.engine.search(
        SearchRequest(
          query: "report", knowledgeBase: "words", mode: .lexical, filter: SearchFilter([key: values]),
          viewer: .all)
      ).hits.map(\.externalID).sorted()
    }
    #expect(try await found("updated", "2025-01-01..2025-12-31") == ["b", "c"])
    #expect(try await found("updated", "2025..") == ["b", "c", "d"])
    #expect(try await found("updated", "..2025-06") == ["a", "b", "c"])
    #expect(try await found("updated", "2025-06") == ["b", "c"])
    #expect(try await found("updated", "2024-12-31", "2026") == ["a", "d"])
    #expect(try await found("updated", "1999").isEmpty)
    #expect(try await found("attributes.price", "b..c") == ["b", "c"])
    #expect(try await found("source", "api") == ["a", "b", "c", "d"])
    #expect(try await found("source", "docs").isEmpty)
    await engine.close()
  }

  @Test func whatCameFromAFolderIsKnownByItsName() async throws {
    let engine = try await engine()
    let docs = engine.folder.url.appendingPathComponent("handbook")
    try FileManager.default.createDirectory(at: docs, withIntermediateDirectories: true)
    try Data("# Report\n\nFrom a file.\n".utf8).write(to: docs.appendingPathComponent("one.md"))
    _ = try await engine.ingest.ingest(PathIngest(paths: [docs.path], knowledgeBase: "words"))
    try await put("two", title: "Report", in: engine)
    try await engine.catchUp()
    let found = try await engine.engine.search(
      SearchRequest(
        query: "report", knowledgeBase: "words", mode: .lexical,
        filter: SearchFilter(["source": ["handbook"]]), viewer: .all))
    #expect(found.hits.map(\.externalID) == ["one.md"])
    await engine.close()
  }

  // MARK: Facets

  @Test func facetsCountWhatWasFoundAndSeen() async throws {
    let engine = try await engine()
    for i in 0..<12 {
      try await put(
        "doc\(i)", title: "Refund \(i)", "Refund rule number \(i).", ["product": i < 4 ? "app" : "web"],
        tags: i % 2 == 0 ? ["even", "all"] : ["all"], visibility: i == 0 ? .groups(["hr"]) : .public,
        in: engine)
    }
    try await put("other", title: "Weather", "Rain.", tags: ["all"], in: engine)
    try await engine.catchUp()
    var request = SearchRequest(
      query: "refund", knowledgeBase: "words", limit: 3, mode: .lexical, viewer: .anonymous)
    request.facets = ["tags", "attributes.product", "language", "attributes.absent"]
    let facets = try await engine.engine.search(request).facets
    #expect(facets["tags"] == [.init(value: "all", count: 11), .init(value: "even", count: 5)])
    #expect(facets["attributes.product"] == [.init(value: "web", count: 8), .init(value: "app", count: 3)])
    #expect(facets["language"] == [.init(value: "en", count: 11)])
    #expect(facets["attributes.absent"] == [])
    request.facets = ["visibility"]
    let error = await #expect(throws: RetrievalError.self) { _ = try await engine.engine.search(request) }
    #expect(error?.kind == .unknownFilterKey)
    await engine.close()
  }

  // MARK: One passage once

  @Test func identicalPassagesComeOnce() async throws {
    let engine = try await engine()
    for id in ["a", "b", "c"] {
      try await put(id, title: "Page \(id)", "Call us on weekdays from nine to five.", in: engine)
    }
    try await put("d", title: "Page d", "Call us  on weekdays\nfrom nine to five.", in: engine)
    try await put("e", title: "Other", "Call us on Sundays too.", in: engine)
    try await engine.catchUp()
    for (grouping, limit) in [(SearchGrouping.document, 2), (.passage, 2), (.document, 10)] {
      let hits = try await engine.engine.search(
        SearchRequest(
          query: "call us weekdays", knowledgeBase: "words", limit: limit, mode: .lexical, grouping: grouping,
          viewer: .all)
      ).hits
      #expect(hits.map(\.externalID) == ["a", "e"])
      #expect(hits[0].alsoIn.map(\.externalID) == ["b", "c", "d"])
      #expect(hits[1].alsoIn.isEmpty)
    }
    await engine.close()
  }

  @Test func whatIsRepeatedVeryOftenHidesNothing() async throws {
    let engine = try await engine()
    for i in 0..<300 {
      try await put("same\(i)", title: "Notice", "Call us on weekdays, call us on weekdays.", in: engine)
    }
    try await put(
      "other", title: "Other", "You may call us on a long and sunny Sunday too, after lunch.", in: engine)
    try await engine.catchUp()
    let hits = try await engine.search("call us weekdays", limit: 2).hits
    #expect(hits.map(\.externalID).last == "other" && hits.count == 2)
    #expect(hits[0].alsoIn.count == 299)
    await engine.close()
  }

  @Test func twoQuestionsWithOneAnswerStayTwo() async throws {
    let engine = try await engine()
    for (id, question) in [("1", "Where is my parcel?"), ("2", "Where is my letter?")] {
      try await engine.put(id, title: question, "Look at the tracking page.", kind: .faq)
    }
    try await engine.catchUp()
    #expect(try await engine.search("tracking page").hits.count == 2)
    await engine.close()
  }

  @Test func whatTheCallerMayNotSeeIsInNoList() async throws {
    let engine = try await engine()
    try await put("open", title: "A", "Call us on weekdays.", in: engine)
    try await put("staff", title: "B", "Call us on weekdays.", visibility: .groups(["hr"]), in: engine)
    try await engine.catchUp()
    let hits = try await engine.search("call us", viewer: .anonymous).hits
    #expect(hits.map(\.externalID) == ["open"] && hits[0].alsoIn.isEmpty)
    await engine.close()
  }

  // MARK: Why not

  @Test func whereADocumentWasLost() async throws {
    let engine = try await engine()
    for i in 0..<5 {
      try await put(
        "doc\(i)", title: "Refund", "Refund \(String(repeating: "rule ", count: i + 1)).", in: engine)
    }
    try await put("twin", title: "Refund", "Refund rule .", in: engine)
    try await put("tagged", title: "Refund", "Refund by tag.", tags: ["x"], in: engine)
    try await put("other", title: "Weather", "Rain.", in: engine)
    try await put("secret", title: "Refund", "Refund of staff.", visibility: .groups(["hr"]), in: engine)
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    let rules = SearchRules(curations: [.init(queries: ["refund"], hidden: ["doc4"])])
    _ = try await engine.store.setSearchRules(rules, of: kb.id)
    try await engine.catchUp()
    func why(_ id: String, filter: [String: [String]] = [:], without: [String] = []) async throws
      -> MissingHit
    {
      var request = SearchRequest(
        query: "refund", knowledgeBase: "words", limit: 2, mode: .lexical, filter: SearchFilter(filter),
        viewer: .anonymous)
      request.whyNot = id
      request.without = without
      return try #require(try await engine.engine.search(request).missing)
    }
    let hits = try await engine.search("refund", limit: 2, viewer: .anonymous).hits
    #expect(try await why(hits[1].externalID).reason == .found)
    #expect(try await why("nowhere").reason == .unknown)
    #expect(try await why("secret").reason == .unknown, "as if it were not there")
    #expect(try await why("doc1", filter: ["tags": ["x"]]).reason == .filteredOut)
    #expect(try await why("doc4").reason == .hidden)
    #expect(try await why("doc1", without: ["doc1"]).reason == .hidden)
    let other = try await why("other")
    #expect(other.reason == .notCandidate && other.scores?.lexical == nil && other.rank == nil)
    let lost = try await why("doc3")
    #expect(lost.reason == .belowLimit && (lost.rank ?? 0) > 2)
    let collapsed = try await why(hits.contains { $0.externalID == "twin" } ? "doc0" : "twin")
    #expect([.sameAsAnother, .belowLimit].contains(collapsed.reason))
    try await engine.put("late", "Refund, later.")
    #expect(try await why("late").reason == .notSearchableYet)
    await engine.close()
  }

  @Test func anAnswerWithoutItsSource() async throws {
    let engine = try await engine()
    try await engine.put("one", title: "Opening hours", "We are open from nine.", kind: .faq)
    try await engine.put("two", title: "Opening hours of the shop", "The shop opens at ten.", kind: .faq)
    try await engine.catchUp()
    var request = AnswerRequest(question: "opening hours", knowledgeBase: "words", viewer: .all)
    #expect(try await engine.engine.answer(request).citations.map(\.externalID) == ["one"])
    request.without = ["one"]
    #expect(try await engine.engine.answer(request).citations.map(\.externalID) == ["two"])
    await engine.close()
  }

  // MARK: Priors

  @Test func newerAndWeightierDocumentsGain() async throws {
    var priors = DocumentPriors()
    priors.freshness = 0.2
    priors.authority = 0.5
    let now = CalendarDay(parsing: "2026-01-01")!.date
    let engine = try await engine(priors: priors)
    try await put("old", title: "Fees", "The fee is five.", ["date": "2001-01-01"], in: engine)
    try await put(
      "heavy", title: "Fees", "The fee is seven.", ["date": "2001-01-01", "authority": "1"], in: engine)
    try await put("new", title: "Fees", "The fee is six.", in: engine)
    try await engine.catchUp()
    #expect(try await engine.search("fee").hits.map(\.externalID) == ["heavy", "new", "old"])
    let records = try await engine.store.documents(
      in: try #require(try await engine.store.knowledgeBase(named: "words")).id, after: nil, limit: 9)
    let old = try #require(records.first { $0.externalID == "old" })
    #expect(priors.prior(of: old, at: now) < 1e-6)
    var halved = DocumentPriors()
    halved.freshness = 1
    halved.halfLife = 365 * 25 + 6
    #expect(abs(halved.prior(of: old, at: now) - 0.5) < 0.01)
    #expect(DocumentPriors.none.prior(of: old) == 0)
    await engine.close()
  }
}

@Suite struct CalendarDayTests {
  @Test(arguments: ["1970-01-01", "2000-02-29", "2026-11-23", "1969-12-31", "1600-03-01", "2100-02-28"])
  func daysAreReadAndWritten(_ text: String) throws {
    let day = try #require(CalendarDay(parsing: text))
    #expect(day.description == text)
    #expect(CalendarDay(day.date) == day)
  }

  @Test func otherSpellings() {
    #expect(CalendarDay(parsing: "2026-11-23T10:00:00Z")?.description == "2026-11-23")
    #expect(CalendarDay(parsing: "11/23/2026")?.description == "2026-11-23")
    for text in [
      "", "2026", "2026-13-01", "2026-02-30", "2100-02-29", "yesterday", "2026-1x-01",
    ] {
      #expect(CalendarDay(parsing: text) == nil, "\(text)")
    }
    #expect(CalendarDay(Date(timeIntervalSince1970: -1)).description == "1969-12-31")
  }
}
