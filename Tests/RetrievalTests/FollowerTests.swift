import Domain
import EngineSupport
import Foundation
import Retrieval
import Testing

/// Invariants 1 to 3: the store is the truth, one generation for both halves, writes return theirs.
@Suite struct FollowerTests {
  @Test func aWriteIsFoundAtItsGeneration() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let receipt = try await engine.put("a", title: "Returns", "Send the parcel back within thirty days.")
    try await engine.catchUp()
    let response = try await engine.search("parcel")
    #expect(response.hits.map(\.externalID) == ["a"])
    #expect(response.generation >= receipt.generation)
    await engine.close()
  }

  @Test func aChangedDocumentLosesItsOldWords() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    try await engine.put("a", "The office closes at five.")
    try await engine.catchUp()
    let second = try await engine.put("a", "The office closes at seven.")
    try await engine.catchUp()
    #expect(second.record.version == 2)
    #expect(try await engine.search("five").hits.isEmpty)
    #expect(try await engine.search("seven").hits.count == 1)
    await engine.close()
  }

  @Test func aDeletedDocumentIsGone() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    try await engine.put("a", "The office closes at five.")
    try await engine.catchUp()
    let generation = try await engine.ingest.delete("a", from: "words")
    try await engine.catchUp()
    let response = try await engine.search("office")
    #expect(response.hits.isEmpty)
    #expect(response.generation >= generation)
    await engine.close()
  }

  @Test func minGenerationWaitsForTheFollower() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    _ = try await engine.search("warm")
    let following = Task { await engine.indexes.run() }
    defer { following.cancel() }
    for i in 1...5 {
      let receipt = try await engine.put("doc\(i)", "Invoice number \(i) is ready.")
      let response = try await engine.engine.search(
        SearchRequest(
          query: "invoice", knowledgeBase: "words", limit: 100, mode: .lexical,
          minGeneration: receipt.generation, viewer: .all))
      #expect(response.hits.count == i)
      #expect(response.generation >= receipt.generation)
    }
    await engine.close()
  }

  /// A search that comes just before its generation is woken by it, not by its own time-out.
  @Test func everyWaitIsWokenByItsGeneration() async throws {
    var options = SearchEngine.Options()
    options.generationTimeout = .seconds(120)
    let engine = try TestEngine(options: options)
    try await engine.makeLexical()
    try await engine.put("a", "First.")
    try await engine.catchUp()
    let following = Task { await engine.indexes.run() }
    let start = ContinuousClock.now
    for round in 0..<300 {
      let receipt = try await engine.put("a", "The word of this round is zyx\(round)qed.")
      let response = try await engine.engine.search(
        SearchRequest(
          query: "zyx\(round)qed", knowledgeBase: "words", mode: .lexical, minGeneration: receipt.generation,
          viewer: .all))
      #expect(response.hits.map(\.externalID) == ["a"])
    }
    // One that was missed would have taken longer alone.
    #expect(start.duration(to: .now) < options.generationTimeout)
    following.cancel()
    await engine.close()
  }

  @Test func aGenerationThatNeverComesTimesOut() async throws {
    var options = SearchEngine.Options()
    options.generationTimeout = .milliseconds(50)
    let engine = try TestEngine(options: options)
    try await engine.makeLexical()
    await #expect(throws: RetrievalError.self) {
      _ = try await engine.engine.search(
        SearchRequest(
          query: "x", knowledgeBase: "words", mode: .lexical, minGeneration: Generation(rawValue: 1 << 40)))
    }
    await engine.close()
  }

  /// Invariant 1: delete the index files, and the same hits come back with bit-equal scores.
  @Test func aRebuiltIndexScoresTheSame() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let words = ["refund", "parcel", "invoice", "account", "password", "delivery", "bank", "card"]
    for i in 0..<120 {
      let text = (0..<12).map { words[(i * 7 + $0 * (i % 5 + 1)) % words.count] }.joined(separator: " ")
      try await engine.put("doc\(i)", title: words[i % words.count], text)
      if i % 10 == 0 { try await engine.catchUp() }
      if i % 17 == 3 { _ = try await engine.ingest.delete("doc\(i - 1)", from: "words") }
    }
    try await engine.catchUp()
    let queries = ["refund parcel", "invoice", "bank card password", "delivery account refund"]
    var before: [[(String, Double)]] = []
    for query in queries {
      before.append(try await engine.search(query, limit: 100).hits.map { ($0.chunkID, $0.score) })
    }
    await engine.close()
    try FileManager.default.removeItem(at: engine.data.appendingPathComponent("index"))

    let again = try TestEngine(sharing: engine)
    for (query, old) in zip(queries, before) {
      let new = try await again.search(query, limit: 100).hits.map { ($0.chunkID, $0.score) }
      #expect(new.map(\.0) == old.map(\.0))
      #expect(new.map(\.1.bitPattern) == old.map(\.1.bitPattern))
    }
    await again.close()
  }

  @Test func aReopenedIndexNeedsNoRebuild() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let receipt = try await engine.put("a", "The office closes at five.")
    try await engine.catchUp()
    await engine.close()
    let again = try TestEngine(sharing: engine)
    let status = try await again.indexes.status(of: "words")
    #expect(status.generation >= receipt.generation.rawValue)
    #expect(status.documents == 1)
    #expect(try await again.indexes.verify("words").isEmpty)
    await again.close()
  }

  /// A second process beside the owner of the folder reads its files and replays the rest.
  @Test func aSecondProcessSeesWhatTheFirstWrote() async throws {
    let owner = try TestEngine()
    try await owner.makeLexical()
    try await owner.put("a", "The office closes at five.")
    try await owner.catchUp()
    try await owner.indexes.follower(of: "words").flush()
    try await owner.put("b", "The shop closes at six.")

    let reader = try TestEngine(sharing: owner)
    #expect(try await reader.search("closes").hits.count == 2)
    // What the reader's process commits reaches the owner by the feed.
    let owned = Task { await owner.indexes.run() }
    let receipt = try await reader.put("c", "The bar closes at two.")
    let seen = try await owner.engine.search(
      SearchRequest(
        query: "closes", knowledgeBase: "words", mode: .lexical, minGeneration: receipt.generation,
        viewer: .all))
    #expect(seen.hits.count == 3)
    owned.cancel()
    await reader.close()
    await owner.close()
  }

  @Test func maintenanceAskedThroughTheStoreIsDone() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    for i in 0..<20 { try await engine.put("doc\(i)", "Invoice number \(i) is ready.") }
    try await engine.catchUp()
    let before = try await engine.search("invoice", limit: 50).hits.map { ($0.chunkID, $0.score) }
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    for kind in [MaintenanceKind.rebuild, .compact] {
      let generation = try await engine.store.requestMaintenance(kind, of: kb.id)
      try await engine.catchUp()
      let after = try await engine.search("invoice", limit: 50)
      #expect(after.generation >= generation)
      #expect(after.hits.map(\.chunkID) == before.map(\.0))
      #expect(after.hits.map(\.score) == before.map(\.1))
    }
    await engine.close()
  }

  @Test func aRestoredStoreRebuildsTheIndex() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    try await engine.put("a", "The office closes at five.")
    try await engine.catchUp()
    let backup = engine.folder.url.appendingPathComponent("backup")
    try await engine.store.backup(to: backup)
    try await engine.put("b", "The shop closes at six.")
    try await engine.catchUp()
    await engine.close()

    // The index of the old life stays where it was; the store beside it is another.
    let restored = engine.folder.url.appendingPathComponent("restored")
    try SQLiteStoreRestore.restore(backup, into: restored)
    try FileManager.default.moveItem(
      at: engine.data.appendingPathComponent("index"), to: restored.appendingPathComponent("index"))
    try FileManager.default.removeItem(at: engine.data)
    try FileManager.default.moveItem(at: restored, to: engine.data)
    let again = try TestEngine(sharing: engine)
    let hits = try await again.search("closes").hits
    #expect(hits.map(\.externalID) == ["a"])
    await again.close()
  }
}
