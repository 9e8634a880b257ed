import Foundation
import SearchIndex
import TestSupport
import Testing

/// Where chunks lie, and in what order they came, changes neither scores nor bytes.
@Suite struct CompactionTests {
  private func chunks() -> [ChunkEntry] {
    var sampler = Sampler(seed: 11)
    return (0..<300).map { sampler.entry(key: UInt64($0 * 7 % 300), group: UInt64($0 / 4)) }
  }

  private func index(in folder: TemporaryFolder) throws -> SearchIndex {
    var options = IndexOptions()
    options.spillChunks = 64
    return try SearchIndex.open(
      at: folder.url, identity: Sampler.identity, access: .readWrite, options: options
    ).0
  }

  /// Segment files by suffix; their names are random.
  private func bodies(_ folder: TemporaryFolder) throws -> [String: Data] {
    var bodies: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    where name.hasPrefix("seg-") {
      #expect(bodies[String(name.suffix(4))] == nil)
      bodies[String(name.suffix(4))] = try Data(contentsOf: folder.url.appendingPathComponent(name))
    }
    return bodies
  }

  @Test func everyOrderOfBuildingCompactsToTheSameBytes() throws {
    let chunks = chunks()
    let (first, second) = (try TemporaryFolder(), try TemporaryFolder())

    let straight = try index(in: first)
    try straight.apply(IndexUpdate(removedGroups: [], added: chunks))
    straight.publish(generation: 1)
    try straight.compact()

    let winding = try index(in: second)
    var random = SeededGenerator(5)
    for group in Set(chunks.map(\.group)).shuffled(using: &random) {
      // Each group first with its neighbour's content, then with its own.
      let stale = chunks.filter { $0.group == group }.map { entry in
        var entry = entry
        entry.fields = chunks[Int(entry.key + 1) % 300].fields
        entry.labels.append("tag=stale")
        return entry
      }
      try winding.apply(IndexUpdate(removedGroups: [group], added: stale))
      winding.publish(generation: 1)
      if random.chance(0.2) { try winding.flush() }
    }
    for group in Set(chunks.map(\.group)).shuffled(using: &random) {
      try winding.apply(
        IndexUpdate(removedGroups: [group], added: chunks.filter { $0.group == group }.reversed()))
      if random.chance(0.3) { winding.publish(generation: 2) }
      if random.chance(0.2) { try winding.flush() }
    }
    winding.publish(generation: 1)
    let before = winding.snapshot
    #expect(before.segmentCount > 2)

    var sampler = Sampler(seed: 12)
    let queries = (0..<20).map { _ in (sampler.query(), sampler.random.unitVector(Sampler.dimension)) }
    let answers = queries.map {
      (before.lexical($0.0, limit: 50), before.dense($0.1, limit: 50), $0)
    }
    try winding.compact()
    for snapshot in [winding.snapshot, straight.snapshot] {
      #expect(snapshot.segmentCount == 1)
      for (lexical, dense, query) in answers {
        #expect(snapshot.lexical(query.0, limit: 50) == lexical)
        #expect(snapshot.dense(query.1, limit: 50) == dense)
      }
    }
    #expect(winding.snapshot.labelCounts(prefix: "tag=stale").isEmpty)
    let bytes = try bodies(first)
    #expect(Set(bytes.keys) == [".lex", ".vec"])
    #expect(try bodies(second) == bytes)
  }

  @Test func removalsDuringAMergeAreCarriedOver() throws {
    let folder = try TemporaryFolder()
    let chunks = chunks()
    var options = IndexOptions()
    options.mergeFactor = 2
    let index = try SearchIndex.open(
      at: folder.url, identity: Sampler.identity, access: .readWrite, options: options
    ).0
    var oracle = Oracle()
    for part in 0..<4 {
      let update = IndexUpdate(
        removedGroups: [], added: chunks.filter { Int($0.group) % 4 == part })
      try index.apply(update)
      oracle.apply(update)
      index.publish(generation: Int64(part))
      try index.flush()
    }
    // One thread merges, another removes and adds.
    let merger = Thread {
      do { while try index.mergeIfNeeded() {} } catch { Issue.record(error) }
    }
    merger.start()
    var generation: Int64 = 10
    while !merger.isFinished || generation < 30 {
      let group = UInt64(generation % 75)
      var entry = chunks[Int(generation) % 300]
      entry.key = UInt64(1000 + generation)
      entry.group = group
      let update = IndexUpdate(removedGroups: [group], added: generation % 3 == 0 ? [entry] : [])
      try index.apply(update)
      oracle.apply(update)
      generation += 1
      index.publish(generation: generation)
      if generation % 5 == 0 { try index.flush() }
    }
    var sampler = Sampler(seed: 3)
    func check(_ snapshot: SearchSnapshot) {
      #expect(snapshot.liveChunks == oracle.live.count)
      for _ in 0..<5 {
        let query = sampler.query()
        #expect(snapshot.lexical(query, limit: 400) == oracle.lexical(query, .none, limit: 400))
      }
    }
    check(index.snapshot)
    try index.flush()
    index.close()
    let (again, outcome) = try SearchIndex.open(at: folder.url, identity: Sampler.identity, access: .readOnly)
    #expect(outcome == .opened(generation: generation))
    check(again.snapshot)
  }

  @Test func aSnapshotOutlivesWhatReplacesItsFiles() throws {
    let folder = try TemporaryFolder()
    let index = try index(in: folder)
    try index.apply(IndexUpdate(removedGroups: [], added: chunks()))
    index.publish(generation: 1)
    try index.flush()
    let old = index.snapshot
    let query = LexicalQuery(terms: [.init(alternatives: ["w0", "re"])])
    let hits = old.lexical(query, limit: 20)
    #expect(!hits.isEmpty)
    index.reset()
    #expect(index.snapshot.lexical(query, limit: 20) == hits)
    index.publish(generation: 2)
    try index.flush()
    index.close()
    #expect(try bodies(folder).isEmpty)
    #expect(index.snapshot.liveChunks == 0)
    #expect(old.lexical(query, limit: 20) == hits)
    #expect(old.generation == 1)
  }
}
