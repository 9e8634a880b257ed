import Foundation
import SearchIndex
import TestSupport
import Testing

/// Every step of writing fails once; then the index goes on, and what is on disk is one of two states.
@Suite struct FaultTests {
  enum Step: String, CaseIterable, CustomTestStringConvertible {
    case flush, compact, merge, spill, rebuild
    var testDescription: String { rawValue }
  }

  private struct Life {
    let folder: TemporaryFolder
    let storage: FaultyStorage
    let index: SearchIndex
    /// What the live chunks are at each generation.
    var oracles: [Int64: Oracle] = [:]
  }

  private static let options: IndexOptions = {
    var options = IndexOptions()
    options.mergeFactor = 2
    options.spillChunks = 6
    options.graphVectors = 4
    return options
  }()

  /// Two segments with tombstones on disk at generation 2, and generation 3 published in memory.
  private func life() throws -> Life {
    let folder = try TemporaryFolder()
    let storage = FaultyStorage(folder.url)
    let index = try SearchIndex.open(
      at: folder.url, storage: storage, identity: Sampler.identity, access: .readWrite,
      options: Self.options
    ).0
    var life = Life(folder: folder, storage: storage, index: index)
    var sampler = Sampler(seed: 21)
    var oracle = Oracle()
    for generation in 1...3 as ClosedRange<Int64> {
      let removed: [UInt64] = generation == 1 ? [] : [UInt64(generation), UInt64(generation) + 1]
      let base = UInt64(generation) * 100
      let update = IndexUpdate(
        removedGroups: removed, added: (0..<8).map { sampler.entry(key: base + $0, group: $0 / 2) })
      try index.apply(update)
      oracle.apply(update)
      index.publish(generation: generation)
      if generation < 3 { try index.flush() }
      life.oracles[generation] = oracle
    }
    return life
  }

  private func run(_ step: Step, _ life: Life) throws {
    switch step {
    case .flush: try life.index.flush()
    case .compact: try life.index.compact()
    case .merge:
      try life.index.flush()
      while try life.index.mergeIfNeeded() {}
    case .spill:
      // Chunks that are gone again when generation 3 is published; some go to a file on the way.
      var sampler = Sampler(seed: 22)
      for key in 0..<8 as Range<UInt64> {
        let update = IndexUpdate(
          removedGroups: [500 + key], added: [sampler.entry(key: 1000 + key, group: 500 + key)])
        try life.index.apply(update)
      }
      try life.index.apply(IndexUpdate(removedGroups: (500..<508).map { $0 }, added: []))
      life.index.publish(generation: 3)
      try life.index.flush()
    case .rebuild:
      life.index.reset()
      try life.index.apply(
        IndexUpdate(removedGroups: [], added: (life.oracles[3] ?? Oracle()).live.values.map(\.entry)))
      life.index.publish(generation: 3)
      try life.index.flush()
    }
  }

  private func check(_ snapshot: SearchSnapshot, _ oracles: [Int64: Oracle], _ place: Comment) {
    guard let oracle = oracles[snapshot.generation] else {
      Issue.record("generation \(snapshot.generation); \(place)")
      return
    }
    let query = LexicalQuery(
      terms: [.init(alternatives: ["w0", "re", "é"]), .init(alternatives: ["東京"])])
    #expect(snapshot.lexical(query, limit: 100) == oracle.lexical(query, .none, limit: 100), place)
    let vector = [Float](repeating: 1, count: Sampler.dimension)
    #expect(snapshot.dense(vector, limit: 100).count == oracle.dense(vector, .none, limit: 100).count, place)
    #expect(snapshot.liveChunks == oracle.live.count, place)
    #expect(!snapshot.isDamaged, place)
  }

  private func names(_ folder: TemporaryFolder) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: folder.url.path))
  }

  /// Reads the folder as another process would.
  private func checkFolder(_ life: Life, _ place: Comment) throws -> Int64 {
    let (reader, outcome) = try SearchIndex.open(
      at: life.folder.url, identity: Sampler.identity, access: .readOnly)
    #expect(outcome == .opened(generation: reader.snapshot.generation), place)
    check(reader.snapshot, life.oracles, place)
    #expect(SearchIndex.verify(at: life.folder.url).isEmpty, place)
    return reader.snapshot.generation
  }

  @Test(arguments: Step.allCases.map { ($0, ENOSPC) } + [(.flush, EIO)])
  func everyStepMayFailOnce(step: Step, error: Int32) throws {
    var kinds: Set<String> = []
    for count in 0... {
      let life = try life()
      let before = try names(life.folder)
      life.storage.fail(after: count, with: error)
      var failure: SearchIndexError?
      do { try run(step, life) } catch let thrown as SearchIndexError { failure = thrown }
      let after = try names(life.folder)
      guard let hit = life.storage.disarm() else {
        #expect(failure == nil)
        break
      }
      kinds.insert(hit)
      let place: Comment = "\(step) failed at operation \(count), \(hit)"
      check(life.index.snapshot, life.oracles, place)
      #expect(life.index.snapshot.generation == 3, place)
      let generation = try checkFolder(life, place)
      // Only a removal may fail unnoticed.
      if hit == "remove" { #expect(failure == nil, place) }
      if let failure {
        #expect(failure.code == (error == ENOSPC ? .storageFull : .io), place)
        // Nothing half-written stays; a rename that failed leaves all in doubt.
        if generation == 2, step == .flush, hit != "rename" { #expect(after == before, place) }
        #expect(!after.contains("manifest.new") || hit == "rename", place)
      } else {
        #expect(hit == "remove", place)
      }
      // The same index goes on once there is space.
      try run(step, life)
      #expect(try checkFolder(life, place) == 3, place)
      life.index.close()
      let (again, _) = try SearchIndex.open(
        at: life.folder.url, identity: Sampler.identity, access: .readWrite)
      check(again.snapshot, life.oracles, place)
      let named = try String(contentsOf: life.folder.url.appendingPathComponent("manifest"), encoding: .utf8)
      for name in try names(life.folder) where name != "writer.lock" && name != "manifest" {
        #expect(named.contains(name), place)
      }
    }
    let expected: Set = ["create", "write", "sync file", "close", "map", "rename", "sync folder"]
    #expect(kinds.isSuperset(of: expected))
  }

  @Test func anUpdateThatMeetsAFullDiskWasNotApplied() throws {
    let folder = try TemporaryFolder()
    let storage = FaultyStorage(folder.url)
    var options = IndexOptions()
    options.spillChunks = 5
    let index = try SearchIndex.open(
      at: folder.url, storage: storage, identity: Sampler.identity, access: .readWrite, options: options
    ).0
    var sampler = Sampler(seed: 1)
    let full = IndexUpdate(removedGroups: [], added: (0..<5).map { sampler.entry(key: $0, group: $0) })
    try index.apply(full)
    storage.fail(after: 1)
    let next = IndexUpdate(removedGroups: [2], added: [sampler.entry(key: 9, group: 9)])
    let error = #expect(throws: SearchIndexError.self) { try index.apply(next) }
    #expect(error?.code == .storageFull)
    _ = storage.disarm()
    index.publish(generation: 1)
    #expect(index.snapshot.liveChunks == 5)
    #expect(index.snapshot.contains(group: 2))
    try index.apply(next)
    index.publish(generation: 2)
    #expect(index.snapshot.liveChunks == 5)
    #expect(!index.snapshot.contains(group: 2))
  }
}
