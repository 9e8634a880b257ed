import Domain
import EngineSupport
import Foundation
import Testing

@testable import Retrieval

/// A search of the past is that of a fresh store with exactly what was live then.
@Suite struct AsOfTests {
  private static let texts = [
    "The office opens at nine and closes at five.", "Refunds are paid within ten days of the return.",
    "Parcels are sent by noon; the office hands them to the courier.", "A gift card never expires.",
    "Return a parcel within thirty days for a refund.", "The courier brings parcels to the office door.",
  ]
  private static let queries = ["when does the office open", "refund of a parcel", "gift card", "courier"]

  /// What was live after each step, as a fresh store would be given it.
  private typealias State = (generation: Generation, documents: [(id: String, text: String)])

  private func run(kb: String, model: String, mode: SearchMode) async throws {
    let engine = try TestEngine()
    _ = try await engine.store.createKnowledgeBase(named: kb, model: model)
    var states: [State] = []
    var live: [(id: String, text: String)] = []
    func note() async throws { states.append((try await engine.store.head(), live)) }
    func put(_ id: String, _ text: String, _ said: PublicationChange = .keep) async throws {
      try await engine.put(id, title: "About \(id)", text, in: kb, publication: said)
      if said.status == nil {
        if let place = live.firstIndex(where: { $0.id == id }) {
          live[place].text = text
        } else {
          live.append((id, text))
        }
      }
      try await note()
    }
    for (i, text) in Self.texts.enumerated() { try await put("d\(i)", text) }
    try await put("d1", "Refunds are paid within twenty days, by courier.")
    try await put("d2", "A draft about the office that nobody reads.", .init(status: .draft))
    _ = try await engine.ingest.delete("d3", from: kb)
    live.removeAll { $0.id == "d3" }
    try await note()
    _ = try await engine.ingest.act(.archive, on: "d0", in: kb)
    live.removeAll { $0.id == "d0" }
    try await note()
    _ = try await engine.ingest.act(.publish(.keep), on: "d2", in: kb)
    live[live.firstIndex { $0.id == "d2" }!].text = "A draft about the office that nobody reads."
    try await note()
    _ = try await engine.ingest.restore(1, of: "d1", in: kb)
    live[live.firstIndex { $0.id == "d1" }!].text = Self.texts[1]
    try await note()

    for state in states.suffix(8) {
      let fresh = try TestEngine()
      _ = try await fresh.store.createKnowledgeBase(named: kb, model: model)
      for document in state.documents {
        try await fresh.put(document.id, title: "About \(document.id)", document.text, in: kb)
      }
      try await fresh.catchUp(kb)
      for query in Self.queries {
        var request = SearchRequest(query: query, knowledgeBase: kb, mode: mode, viewer: .all)
        let expected = try await fresh.engine.search(request)
        request.asOf = .generation(state.generation)
        let found = try await engine.engine.search(request)
        #expect(found.generation == state.generation && found.degraded == expected.degraded)
        #expect(
          found.hits.map(\.externalID) == expected.hits.map(\.externalID), "\(query) at \(state.generation)")
        for (a, b) in zip(found.hits, expected.hits) {
          #expect(abs(a.score - b.score) < 1e-3, "\(query): \(a.score) \(b.score)")
          #expect(a.text == b.text && a.highlights == b.highlights)
        }
        var question = AnswerRequest(question: query, knowledgeBase: kb, viewer: .all)
        question.answersAlways = true
        let answer = try await fresh.engine.answer(question)
        question.asOf = .generation(state.generation)
        let then = try await engine.engine.answer(question)
        #expect(then.answer.text == answer.answer.text && then.answer.kind == answer.answer.kind)
        #expect(abs(then.answer.confidence - answer.answer.confidence) < 2e-3)
      }
      await fresh.close()
    }
    await engine.close()
  }

  @Test func fullTextAsOfEveryState() async throws {
    try await run(kb: "words", model: KnowledgeBase.noModel, mode: .lexical)
  }

  @Test(.enabled(if: TestEngine.hasModel)) func hybridAsOfEveryState() async throws {
    try await run(kb: "model", model: KnowledgeBase.defaultModel, mode: .hybrid)
  }

  private func request(_ query: String, _ asOf: AsOf, viewer: Viewer = .all) -> SearchRequest {
    var request = SearchRequest(query: query, knowledgeBase: "words", mode: .lexical, viewer: viewer)
    request.asOf = asOf
    return request
  }

  private func code(_ body: () async throws -> Void) async -> String? {
    do {
      try await body()
      return nil
    } catch { return (error as? any CodedError)?.code ?? "\(error)" }
  }

  @Test func byTimeAndByPurge() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    try await engine.put("a", "The wizard lives in the tower.")
    try await Task.sleep(for: .milliseconds(20))
    let then = Date()
    try await Task.sleep(for: .milliseconds(20))
    try await engine.put("a", "The wizard has moved.")
    let both = try await engine.engine.search(request("wizard", .time(then)))
    #expect(both.hits.map(\.text) == ["The wizard lives in the tower."])
    let citation = try #require(both.hits.first?.citation)
    #expect(citation.version == 1)
    #expect(try await engine.engine.verify([citation]) == [.changed])
    // What was erased since is not found, though the index of that moment had been made.
    _ = try await engine.ingest.purge("a", from: "words")
    #expect(try await engine.engine.search(request("wizard", .time(then))).hits.isEmpty)
    await engine.close()
  }

  @Test func thePastIsForThoseWhoSeeOldVersions() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let generation = try await engine.put("a", "A wizard.").generation
    for viewer in [Viewer.anonymous, .signedIn(groups: ["staff"])] {
      let refused = await code {
        _ = try await engine.engine.search(request("wizard", .generation(generation), viewer: viewer))
      }
      #expect(refused == "forbidden")
    }
    let later = Generation(rawValue: generation.rawValue + 1)
    #expect(
      await code { _ = try await engine.engine.search(request("wizard", .generation(later))) }
        == "as_of_unavailable")
    await engine.close()
  }

  @Test func boundedInSizeAndNumber() async throws {
    var options = SearchEngine.Options()
    options.past.passages = 3
    options.past.indexes = 2
    let engine = try TestEngine(options: options)
    try await engine.makeLexical()
    for i in 1...4 {
      let generation = try await engine.put("a\(i)", "Wizard \(i).").generation
      let search = request("wizard", .generation(generation))
      if i < 4 {
        #expect(try await engine.engine.search(search).hits.count == i)
      } else {
        #expect(await code { _ = try await engine.engine.search(search) } == "as_of_too_large")
      }
    }
    #expect(await engine.engine.pastIndexes.count == 2)
    await engine.engine.forget("words")
    #expect(await engine.engine.pastIndexes.count == 0)
    await engine.close()
  }

  /// A search of the past beside writes reads one state, and never the newest.
  @Test func besideWrites() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let generation = try await engine.put("a", "The wizard lives in the tower.").generation
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        for i in 0..<20 {
          try await engine.put("a", "The wizard is at place \(i).")
          try await engine.put("b\(i)", "Another wizard.")
        }
      }
      for _ in 0..<3 {
        group.addTask {
          for _ in 0..<20 {
            let found = try await engine.engine.search(request("wizard", .generation(generation)))
            #expect(found.hits.map(\.text) == ["The wizard lives in the tower."])
          }
        }
      }
      try await group.waitForAll()
    }
    await engine.close()
  }
}
