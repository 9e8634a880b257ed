import Domain
import EngineSupport
import Foundation
import Knowledge
import SearchIndex
import TestSupport
import TextAnalysis
import Testing

@testable import Retrieval

/// A turn is searched for by itself, with what those before it say.
@Suite struct FollowUpReadingTests {
  private let reader = FollowUpReader(analyzer: TextAnalyzer(), languages: [.english])
  private let asked = HistoryTurn(role: .customer, text: "How do I get a refund for a personal account?")
  private let told = HistoryTurn(
    role: .assistant, text: "Refunds take five days. Would you like to talk to billing?")

  @Test func withoutHistoryNothingChanges() {
    let query = reader.read("and for business accounts?", after: [])
    #expect(query.text == "and for business accounts?")
    #expect(query.reading == .question && query.context == nil && query.turns.isEmpty)
  }

  @Test func aContinuationGoesOnFromTheEarlierQuestion() {
    for text in ["and for business accounts?", "What about business accounts?", "or a club"] {
      let query = reader.read(text, after: [asked, told])
      #expect(
        query.reading == .continuation && query.text == text && query.continued == asked.text, "\(text)")
    }
    let german = FollowUpReader(analyzer: TextAnalyzer(), languages: [.german])
      .read(
        "Und für Firmenkonten?",
        after: [HistoryTurn(role: .customer, text: "Wie bekomme ich mein Geld zurück?")])
    #expect(german.reading == .continuation)
  }

  @Test func aQuestionOfItsOwnStaysOne() {
    for text in [
      "Where do I change my password?", "And how can I change the password of a shared mailbox later?",
    ] {
      let query = reader.read(text, after: [asked, told])
      #expect(query.reading == .question && query.text == text && query.continued == nil, "\(text)")
      #expect(query.context?.hasSuffix(text) == true)
      #expect(query.turns == [text, told.text, asked.text])
    }
  }

  @Test func yesTakesTheOfferAndNoGoesBack() {
    for text in ["yes", "Yes please!", "ok", "sure, thanks"] {
      let query = reader.read(text, after: [asked, told])
      #expect(query.reading == .reply && query.text == "Would you like to talk to billing?", "\(text)")
    }
    #expect(reader.read("no", after: [asked, told]).text == asked.text)
    #expect(
      reader.read("Thanks", after: [asked, HistoryTurn(role: .agent, text: "Five days.")]).text == asked.text)
    // Nothing before it asks for anything: it is searched for as it stands.
    #expect(reader.read("yes", after: [HistoryTurn(role: .customer, text: "hello")]).text == "yes")
    // A question of small words alone is one.
    #expect(reader.read("Where is it?", after: [asked, told]).text == "Where is it?")
  }

  @Test(arguments: [
    ("the second one", "Pay by bank transfer"), ("2", "Pay by bank transfer"), ("option 3", "Pay by invoice"),
    ("The last one, please", "Pay by invoice"), ("I'd take the first", "Pay by card"),
  ])
  func aChoiceIsWhatWasListed(said: String, meant: String) {
    for list in [
      "You can:\n1. Pay by card\n2. Pay by bank transfer\n3. Pay by invoice",
      "These are possible:\n- Pay by card\n- Pay by bank transfer\n- Pay by invoice.",
      "Here is what works: 1) Pay by card 2) Pay by bank transfer 3) Pay by invoice",
      "There are ways. Pay by card, Pay by bank transfer, or Pay by invoice?",
    ] {
      let query = reader.read(said, after: [asked, HistoryTurn(role: .assistant, text: list)])
      #expect(query.reading == .choice && query.text == meant, "\(list)")
      #expect(query.continued == asked.text)
    }
  }

  @Test func aChoiceOfNothingIsAReply() {
    let query = reader.read(
      "the second one", after: [asked, HistoryTurn(role: .assistant, text: "Five days.")])
    #expect(query.reading != .choice)
    // A list too short for it.
    let two = HistoryTurn(role: .assistant, text: "- red\n- blue")
    #expect(reader.read("the fourth one", after: [asked, two]).reading != .choice)
  }

  @Test func hugeAndOddTurnsAreRead() {
    let long = HistoryTurn(role: .assistant, text: String(repeating: "a, b or c? ", count: 5_000))
    #expect(reader.read("the second one", after: [long]).text.utf8.count < 20)
    let spaces = HistoryTurn(role: .assistant, text: "a" + String(repeating: " ", count: 1_000_000) + "b")
    _ = reader.read("the second one", after: [spaces])
    let huge = HistoryTurn(role: .customer, text: String(repeating: "word ", count: 1_000_000))
    #expect(reader.read("yes", after: [huge]).text.utf8.count <= 2000)
    #expect(reader.read("and you?", after: [huge]).context?.utf8.count ?? 0 < 5000)
    for text in ["?", "…", "\u{0}", "1)", "👍"] {
      _ = reader.read(
        text, after: [HistoryTurn(role: .assistant, text: text), HistoryTurn(role: .customer, text: "")])
    }
  }
}

/// What a conversation names decides between documents that read alike.
@Suite struct ContextBoostTests {
  private func engine(model: String) async throws -> TestEngine {
    let engine = try TestEngine()
    _ = try await engine.store.createKnowledgeBase(named: "hotels", model: model)
    for (place, hotel) in ["Alpha Milton", "Bridge House", "Carolina Court"].enumerated() {
      for (topic, text) in ["wifi": "Wifi is free for guests.", "dogs": "Dogs are welcome in all rooms."] {
        _ = try await engine.ingest.upsert(
          DocumentUpsert(
            knowledgeBase: "hotels", externalID: "\(place)-\(topic)",
            body: .fields(
              DocumentContent(
                kind: .article, title: "About \(topic)", text: text,
                attributes: ["hotel": hotel, "id": "x\(place)/\(topic)"]))))
      }
    }
    try await engine.catchUp("hotels")
    return engine
  }

  private func first(_ engine: TestEngine, _ query: String, after turns: [String]) async throws -> SearchHit {
    let response = try await engine.engine.search(
      SearchRequest(
        query: query, knowledgeBase: "hotels", history: turns.map { HistoryTurn(role: .customer, text: $0) },
        explain: true, viewer: .all))
    return try #require(response.hits.first)
  }

  private func holds(_ engine: TestEngine) async throws {
    #expect(
      try await first(engine, "Do they have wifi?", after: ["I booked the Carolina Court"]).externalID
        == "2-wifi")
    #expect(
      try await first(engine, "Are dogs allowed?", after: ["A room at Bridge House"]).externalID == "1-dogs")
    // What was named last is meant.
    let turns = ["A room at Bridge House", "Or the Alpha Milton, rather"]
    #expect(try await first(engine, "Is the wifi free?", after: turns).externalID == "0-wifi")
    let without = try await first(engine, "Is the wifi free?", after: [])
    #expect(without.explanation?.arithmetic.contains("named") == false)
  }

  @Test func byWordsAlone() async throws { try await holds(try await engine(model: KnowledgeBase.noModel)) }

  @Test(.enabled(if: TestEngine.hasModel, "the model is not installed: tools/test installs it"))
  func withAModel() async throws {
    let engine = try await engine(model: KnowledgeBase.defaultModel)
    try await holds(engine)
    let response = try await engine.engine.search(
      SearchRequest(
        query: "and dogs?", knowledgeBase: "hotels",
        history: [HistoryTurn(role: .customer, text: "Does the Bridge House have wifi?")], explain: true,
        viewer: .all))
    #expect(response.hits.first?.externalID == "1-dogs")
    let followUp = try #require(response.explanation?.followUp)
    #expect(followUp.reading == "continuation")
    #expect(followUp.named.map(\.value) == ["Bridge House"])
    #expect(followUp.named.map(\.attribute) == ["hotel"])
  }

  @Test func hiddenNamesHaveNoPart() async throws {
    let engine = try await engine(model: KnowledgeBase.noModel)
    _ = try await engine.ingest.upsert(
      DocumentUpsert(
        knowledgeBase: "hotels", externalID: "secret",
        body: .fields(
          DocumentContent(
            kind: .article, title: "Plans", text: "Not yet told.", attributes: ["hotel": "Project Falcon"],
            visibility: .groups(["board"])))))
    try await engine.catchUp("hotels")
    let turns = ["A room at Bridge House", "Is Project Falcon open?"].map {
      HistoryTurn(role: .customer, text: $0)
    }
    func boosts(_ viewer: Viewer) async throws -> [Double] {
      let response = try await engine.engine.search(
        SearchRequest(
          query: "Is there wifi?", knowledgeBase: "hotels", history: turns, explain: true, viewer: viewer))
      return response.explanation?.followUp?.named.map(\.boost) ?? []
    }
    #expect(try await boosts(.anonymous) == [ContextBoost.most])
    // Who may see it meant the other hotel last.
    #expect(try await boosts(.all) == [ContextBoost.most * ContextBoost.recency])
  }

  @Test func onlyNamesAreKept() async throws {
    let engine = try await engine(model: KnowledgeBase.noModel)
    let snapshot = try await engine.indexes.follower(of: "hotels").current.snapshot
    let mentions = AttributeMentions(
      snapshot, visible: .none, analyzer: TextAnalyzer(), languages: [.english])
    #expect(mentions.values.map(\.value) == ["Alpha Milton", "Bridge House", "Carolina Court"])
    func named(_ text: String) -> [String] {
      mentions.named(in: TextAnalyzer().queryTerms(of: text, languages: [.english])).map(\.value.value)
    }
    #expect(named("is the bridge house any good") == ["Bridge House"])
    #expect(named("a court date") == [])
    #expect(named("") == [])
  }
}
