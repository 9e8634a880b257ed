import Domain
import Embedding
import EngineSupport
import Foundation
import Logging
import Retrieval
import Synchronization
import TestSupport
import Testing

@testable import Knowledge

/// A change of models in a real store, with a real index and, where it matters, real models.
@Suite struct ModelSwitcherTests {
  static let small = "all-MiniLM-L6-v2"
  static let large = "bge-small-en-v1.5"
  static let hasModels = TestEngine.isInstalled(small) && TestEngine.isInstalled(large)

  static let texts = [
    "Send the parcel back within thirty days.", "An invoice can be paid by card or by transfer.",
    "The office is closed on Sundays and public holidays.", "Reset a password under Settings, Security.",
    "Gift cards are valid for three years.", "The battery takes four hours to charge.",
    "A broken product is repaired within the time of the guarantee.", "Orders leave within two days.",
  ]

  private func engine(
    _ model: String, in name: String = "shop", sharing other: TestEngine? = nil,
    switching: ModelSwitcher.Options = ModelSwitcher.Options(), models: URL? = nil
  ) async throws -> (TestEngine, KnowledgeBase) {
    let engine = try TestEngine(sharing: other, switching: switching, models: models)
    if other == nil {
      _ = try await engine.store.createKnowledgeBase(named: name, model: model)
      for (number, text) in Self.texts.enumerated() { try await engine.put("d\(number)", text, in: name) }
    }
    try await engine.catchUp(name)
    return (engine, try await knowledgeBase(engine, name))
  }

  private func knowledgeBase(_ engine: TestEngine, _ name: String = "shop") async throws -> KnowledgeBase {
    try #require(try await engine.store.knowledgeBase(named: name))
  }

  private func change(_ engine: TestEngine, to model: String) async throws {
    let kb = try await knowledgeBase(engine)
    guard case .underWay = try await engine.switcher.request(model, for: kb, carryingOut: true) else {
      Issue.record("nothing was asked for")
      return
    }
    guard case .done = try await engine.switcher.carryOut(kb) else {
      Issue.record("it was not carried out")
      return
    }
  }

  /// Vectors of a model that the store has, of the texts above.
  private func vectors(_ engine: TestEngine, _ model: String) async throws -> Int {
    let kb = try await knowledgeBase(engine)
    return try await engine.store.embeddedTexts(of: kb.id, model: model).done
  }

  private func scores(_ engine: TestEngine, _ query: String = "how long may I return it") async throws
    -> [Double]
  {
    let response = try await engine.search(query, in: "shop", mode: .dense)
    #expect(response.degraded.isEmpty)
    return response.hits.map { $0.scores.dense ?? -1 }
  }

  private static func near(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-3 }
  }

  // MARK: To another model and back

  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func thereAndBack() async throws {
    let (engine, _) = try await engine(Self.small)
    let before = try await scores(engine)
    try await change(engine, to: Self.large)
    #expect(try await knowledgeBase(engine).model == Self.large)
    #expect(try await engine.store.modelSwitches().isEmpty)
    let after = try await scores(engine)
    #expect(after.count == before.count && !Self.near(before, after))
    #expect(try await vectors(engine, Self.large) == 8)
    #expect(try await vectors(engine, Self.small) == 0)
    #expect(try await engine.indexes.status(of: "shop").model == Self.large)

    // The same vectors as those of a knowledge base that never had another model.
    let (fresh, _) = try await self.engine(Self.large)
    #expect(Self.near(try await scores(fresh), after))
    await fresh.close()

    try await change(engine, to: Self.small)
    #expect(Self.near(try await scores(engine), before))
    await engine.close()
    // What a later process opens is the same.
    let again = try TestEngine(sharing: engine)
    #expect(Self.near(try await scores(again), before))
    await again.close()
  }

  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func toNoneAndFromNone() async throws {
    let (engine, kb) = try await engine(KnowledgeBase.noModel)
    #expect(try await engine.search("parcel", in: "shop", mode: .hybrid).hits.count == 1)
    try await change(engine, to: Self.small)
    #expect(try await scores(engine).count == 8)
    try await change(engine, to: KnowledgeBase.noModel)
    #expect(try await vectors(engine, Self.small) == 0)
    let response = try await engine.search("parcel", in: "shop", mode: .hybrid)
    #expect(response.hits.map(\.externalID) == ["d0"] && response.degraded.isEmpty)
    _ = kb
    await engine.close()
  }

  @Test func theSameModelIsNothingToDo() async throws {
    let (engine, kb) = try await engine(KnowledgeBase.noModel)
    let head = try await engine.store.head()
    guard case .unchanged = try await engine.switcher.request(KnowledgeBase.noModel, for: kb) else {
      Issue.record("something is under way")
      return
    }
    #expect(try await engine.store.head() == head)
    #expect(try await engine.store.modelSwitches().isEmpty)
    await engine.close()
  }

  // MARK: Under load

  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func searchesSeeOneModelOrTheOtherAndEveryWrite() async throws {
    var options = ModelSwitcher.Options()
    options.textsPerStep = 1
    let (engine, kb) = try await engine(Self.small, switching: options)
    let following = Task { await engine.indexes.run() }
    defer { following.cancel() }
    // One query, whose scores under either model are known.
    let query = "how long may I return it"
    let old = try await scores(engine, query)
    let (other, _) = try await self.engine(Self.large)
    let new = try await scores(other, query)
    await other.close()

    _ = try await engine.switcher.request(Self.large, for: kb, carryingOut: true)
    let carrying = Task { try await engine.switcher.carryOut(kb) }
    var writes = 0
    var isOver = false
    var seen = (old: 0, new: 0)
    while !isOver {
      isOver = try await engine.store.modelSwitch(of: kb.id) == nil
      // A document that is far from the question: it comes last and moves nothing above it.
      let id = "w\(writes)"
      let receipt = try await engine.put(id, "zyx\(writes)qed", in: "shop")
      writes += 1
      let found = try await engine.engine.search(
        SearchRequest(
          query: query, knowledgeBase: "shop", limit: 100, mode: .dense,
          minGeneration: receipt.generation, viewer: .all))
      #expect(found.degraded.isEmpty)
      #expect(Set(found.hits.map(\.externalID)).isSuperset(of: [id, "d0", "d7"]))
      #expect(found.hits.count == 8 + writes)
      let dense = found.hits.filter { $0.externalID.hasPrefix("d") }.map { $0.scores.dense ?? -1 }
      if Self.near(dense, old) {
        seen.old += 1
      } else if Self.near(dense, new) {
        seen.new += 1
      } else {
        Issue.record("neither model's scores: \(dense)")
      }
    }
    guard case .done = try await carrying.value else {
      Issue.record("it was not carried out")
      return
    }
    #expect(seen.old > 0 && seen.new > 0)
    #expect(try await vectors(engine, Self.large) == 8 + writes)
    // Whatever was written stays to be found by the new model.
    try await engine.catchUp("shop")
    #expect(try await engine.search(query, in: "shop", mode: .dense, limit: 100).hits.count == 8 + writes)
    await engine.close()
  }

  /// The follower keeps the files in one process, another does the work.
  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func aServerFollowsTheCommandLine() async throws {
    let (server, kb) = try await engine(Self.small)
    let old = try await scores(server)
    let following = Task { await server.indexes.run() }
    defer { following.cancel() }
    let (commandLine, _) = try await engine(Self.small, sharing: server)
    try await change(commandLine, to: Self.large)
    // It ends only when the server searches by the new model.
    #expect(try await server.indexes.status(of: "shop").model == Self.large)
    #expect(try await !Self.near(scores(server), old))
    #expect(try await server.store.modelSwitch(of: kb.id) == nil)
    await commandLine.close()
    await server.close()
  }

  // MARK: Ended half-way

  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func whatWasStoppedGoesOnWhereItWas() async throws {
    var options = ModelSwitcher.Options()
    options.textsPerStep = 2
    let (engine, kb) = try await engine(Self.small, switching: options)
    let before = try await scores(engine)
    _ = try await engine.switcher.request(Self.large, for: kb, carryingOut: true)
    let (steps, continuation) = AsyncStream.makeStream(of: Int.self)
    let carrying = Task {
      try await engine.switcher.carryOut(kb, stopsWhenCancelled: true) { continuation.yield($0.textsDone) }
    }
    for await done in steps where done >= 4 { break }
    carrying.cancel()
    _ = await carrying.result
    let done = try await vectors(engine, Self.large)
    #expect((4..<8).contains(done))
    let left = try #require(try await engine.store.modelSwitch(of: kb.id))
    #expect(left.state == .stopped && !left.isHeld(at: Date()))
    guard case .notOurs = try await engine.switcher.carryOut(kb) else {
      Issue.record("it went on by itself")
      return
    }
    // Nothing changed for searches, and nobody goes on by himself.
    #expect(Self.near(try await scores(engine), before))
    await engine.close()

    let (again, _) = try await self.engine(Self.small, sharing: engine)
    #expect(try await knowledgeBase(again).model == Self.small)
    _ = try await again.switcher.request(Self.large, for: kb, carryingOut: true)
    let first = Mutex<Int?>(nil)
    guard
      case .done = try await again.switcher.carryOut(
        kb,
        onProgress: { now in
          if now.state == .embedding, now.textsTotal > 0 { first.withLock { $0 = $0 ?? now.textsDone } }
        })
    else {
      Issue.record("it was not carried out")
      return
    }
    let resumed = try #require(first.withLock { $0 })
    #expect(resumed >= done)
    #expect(try await vectors(again, Self.large) == 8)
    await again.close()
  }

  /// A killed process leaves its name on the switch, for as long as it would have been believed to be alive.
  @Test func whatAKilledProcessLeftIsTakenOn() async throws {
    var options = ModelSwitcher.Options()
    options.lease = .milliseconds(300)
    let (engine, kb) = try await engine(KnowledgeBase.noModel, switching: options)
    _ = try await engine.store.createKnowledgeBase(named: "other", model: "all-MiniLM-L6-v2")
    let other = try await knowledgeBase(engine, "other")
    _ = try await engine.store.updateModelSwitch(of: other.id) { current, other, now in
      var left = ModelSwitch(from: other.model, to: KnowledgeBase.noModel, startedAt: now)
      _ = left.take(by: "the dead", until: now + 0.3, now: now)
      current = left
    }
    guard case .notOurs = try await engine.switcher.carryOut(other) else {
      Issue.record("it was taken from a living one")
      return
    }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let running = Task { [logger] in
      await ModelSwitchRunner(switcher: engine.switcher, interval: .milliseconds(20), logger: logger).run()
    }
    let deadline = ContinuousClock.now + .seconds(20)
    while try await engine.store.modelSwitch(of: other.id) != nil, .now < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    running.cancel()
    await running.value
    #expect(try await knowledgeBase(engine, "other").model == KnowledgeBase.noModel)
    _ = kb
    await engine.close()
  }

  /// The process ends between the swap and the new index: the next one searches by the old until it is there.
  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func anIndexOfTheOldModelServesUntilTheNewOneIsThere() async throws {
    let (engine, kb) = try await engine(Self.small)
    let before = try await scores(engine)
    try await engine.indexes.follower(of: "shop").flush()
    await engine.indexes.close()
    // Swapped by a process that never opened the index.
    let name = engine.switcher.holder
    _ = try await engine.switcher.request(Self.large, for: kb, carryingOut: true)
    let embedding = TextEmbedding(
      switcher: engine.switcher, knowledgeBase: kb.id, model: Self.large, onProgress: { _ in })
    #expect(try await embedding.run(changedAfter: .zero))
    guard
      case .set = try await engine.store.completeModelSwitch(of: kb.id, holder: name, coveredUntil: .zero)
    else {
      Issue.record("it was not set")
      return
    }
    let next = try TestEngine(sharing: engine)
    let first = try await scores(next)
    let follower = try await next.indexes.follower(of: "shop")
    try await follower.finishSwitching()
    let last = try await scores(next)
    #expect(Self.near(first, before) || Self.near(first, last))
    #expect(!Self.near(last, before))
    #expect(try await next.store.modelSwitch(of: kb.id)?.state == .clearing)
    await next.close()
    await engine.close()
  }

  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func aDeletedKnowledgeBaseEndsItsSwitch() async throws {
    var options = ModelSwitcher.Options()
    options.textsPerStep = 1
    let (engine, kb) = try await engine(Self.small, switching: options)
    _ = try await engine.switcher.request(Self.large, for: kb, carryingOut: true)
    let (steps, continuation) = AsyncStream.makeStream(of: Int.self)
    let carrying = Task { try await engine.switcher.carryOut(kb) { continuation.yield($0.textsDone) } }
    for await done in steps where done >= 2 { break }
    _ = try await engine.store.deleteKnowledgeBase(kb.id)
    await #expect(throws: (any Error).self) { _ = try await carrying.value }
    #expect(try await engine.store.modelSwitches().isEmpty)
    await engine.close()
  }

  // MARK: Refused

  @Test func oneAtATimeAndTheModelInForceEndsIt() async throws {
    let now = Date()
    let kb = KnowledgeBase(id: .init(rawValue: 1), name: "shop", model: "a", createdAt: now)
    var found: ModelSwitch?
    func ask(_ model: String) throws { try ModelSwitcher.request(model, for: kb, &found, now: now) }
    try ask("a")
    #expect(found == nil)
    try ask("b")
    #expect(found?.model == "b" && found?.previous == "a" && found?.state == .embedding)
    try ask("b")
    #expect(throws: KnowledgeError.self) { try ask("c") }
    #expect(found?.model == "b")
    found?.state = .failed
    found?.error = .init(code: "storage_full", message: "full")
    try ask("b")
    #expect(found?.state == .embedding && found?.error == nil)
    found?.state = .stopped
    try ask("c")
    #expect(found?.model == "c" && found?.state == .embedding)
    try ask("a")
    #expect(found?.state == .clearing && found?.model == "a" && found?.keptModels == ["a"])
    #expect(throws: KnowledgeError.self) { try ask("b") }
    try ask("a")
  }

  @Test func modelsThatWillNotDoAreRefused() async throws {
    let empty = try TemporaryFolder()
    let (engine, kb) = try await engine(KnowledgeBase.noModel, models: empty.url)
    func code(_ model: String) async -> String? {
      do {
        _ = try await engine.switcher.request(model, for: kb)
        return nil
      } catch { return (error as? any CodedError)?.code }
    }
    #expect(await code("word2vec") == "model_unknown")
    #expect(await code("ms-marco-MiniLM-L-12-v2") == "model_unsuitable")
    #expect(await code(Self.large) == "model_not_installed")
    #expect(try await engine.store.modelSwitches().isEmpty)
    for model in ModelCatalogue.embedders { try ModelSwitcher.check(model) }
    await engine.close()
  }

  @Test(.enabled(if: hasModels, "the models are not installed: tools/test installs them"))
  func aModelThatVanishesFailsTheSwitchAndSaysWhatToDo() async throws {
    let empty = try TemporaryFolder()
    let (engine, kb) = try await engine(KnowledgeBase.noModel, models: empty.url)
    _ = try await engine.store.updateModelSwitch(of: kb.id) { current, kb, now in
      current = ModelSwitch(from: kb.model, to: Self.large, startedAt: now)
    }
    guard case .failed(let failure) = try await engine.switcher.carryOut(kb) else {
      Issue.record("it did not fail")
      return
    }
    #expect(failure.code == "model_not_installed")
    let found = try #require(try await engine.store.modelSwitch(of: kb.id))
    #expect(found.state == .failed && found.error == failure && !found.isHeld(at: Date()))
    #expect(try await knowledgeBase(engine).model == KnowledgeBase.noModel)
    guard case .notOurs = try await engine.switcher.carryOut(kb) else {
      Issue.record("it was tried again by itself")
      return
    }
    await engine.close()
  }
}
