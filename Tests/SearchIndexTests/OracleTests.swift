import Foundation
import SearchIndex
import TestSupport
import Testing

/// A random life of an index, compared at every step with what the live chunks say.
@Suite struct OracleTests {
  @Test(arguments: 1...UInt64(3 * testEffort))
  func everyHistoryAnswersAsItsLiveChunksDo(seed: UInt64) throws {
    let folder = try TemporaryFolder()
    var sampler = Sampler(seed: seed)
    var oracle = Oracle()
    var options = IndexOptions()
    options.spillChunks = 40
    options.heapSegmentChunks = 30
    options.smallSegmentChunks = 10
    options.mergeFactor = 3
    options.graphVectors = 20
    options.scannedVectors = 5
    var (index, outcome) = try SearchIndex.open(
      at: folder.url, identity: Sampler.identity, access: .readWrite, options: options)
    #expect(outcome == .empty)
    // The feed: what a follower would replay after a restart.
    var feed: [IndexUpdate] = []
    var nextKey: UInt64 = 1

    for step in 0..<30 {
      var update = IndexUpdate(removedGroups: [], added: [])
      for _ in 0..<Int.random(in: 1...4, using: &sampler.random) {
        let group = UInt64.random(in: 0..<40, using: &sampler.random)
        guard !update.removedGroups.contains(group) else { continue }
        update.removedGroups.append(group)
        guard sampler.random.chance(0.8) else { continue }
        for _ in 0..<Int.random(in: 1...5, using: &sampler.random) {
          // Old keys come back too, and keys do not ascend.
          let key =
            sampler.random.chance(0.2)
            ? UInt64.random(in: 1...nextKey, using: &sampler.random) : nextKey &* 0x9E37_79B9_7F4A_7C15 >> 20
          nextKey += 1
          update.added.append(sampler.entry(key: key, group: group))
        }
      }
      feed.append(update)
      try index.apply(update)
      oracle.apply(update)
      if sampler.random.chance(0.3) { continue }
      index.publish(generation: Int64(feed.count))
      try compare(index.snapshot, oracle, &sampler, "step \(step)")

      switch Int.random(in: 0..<8, using: &sampler.random) {
      case 0, 1: try index.flush()
      case 2: while try index.mergeIfNeeded() {}
      case 3: try index.compact()
      case 4:
        if sampler.random.chance(0.5) { try index.flush() }
        index.close()
        (index, outcome) = try SearchIndex.open(
          at: folder.url, identity: Sampler.identity, access: .readWrite, options: options)
        for update in feed.dropFirst(Int(index.snapshot.generation)) { try index.apply(update) }
        index.publish(generation: Int64(feed.count))
      case 5 where sampler.random.chance(0.3):
        index.reset()
        for update in feed { try index.apply(update) }
        index.publish(generation: Int64(feed.count))
      default: continue
      }
      try compare(index.snapshot, oracle, &sampler, "step \(step), persisted")
    }
    try index.flush()
    index.close()
    #expect(SearchIndex.verify(at: folder.url).isEmpty)
  }

  private func compare(
    _ snapshot: SearchSnapshot, _ oracle: Oracle, _ sampler: inout Sampler, _ place: Comment
  ) throws {
    #expect(snapshot.liveChunks == oracle.live.count, place)
    #expect(snapshot.liveGroups == oracle.groups.count, place)
    #expect(!snapshot.isDamaged, place)
    for _ in 0..<2 {
      let query = sampler.query()
      let filter = sampler.filter()
      let limit = [1, 5, 1000][Int.random(in: 0..<3, using: &sampler.random)]
      let hits = snapshot.lexical(query, filter: filter, limit: limit)
      #expect(hits == oracle.lexical(query, filter, limit: limit), place)

      let all = oracle.lexical(query, .none, limit: .max)
      let keys = oracle.live.keys.shuffled(using: &sampler.random).prefix(20)
      let scores = snapshot.lexicalScores(of: keys + [UInt64.max], query)
      #expect(scores.count == keys.count, place)
      for key in keys {
        #expect(scores[key] == all.first { $0.key == key }?.score ?? 0, place)
        let explained = try #require(snapshot.explain(key: key, query))
        #expect(explained.reduce(0) { $0 + $1.score } == scores[key], place)
      }

      let vector = sampler.random.unitVector(Sampler.dimension)
      let near = snapshot.dense(vector, filter: filter, limit: limit)
      let expected = oracle.dense(vector, filter, limit: limit)
      #expect(near.count == expected.count, place)
      #expect(Set(near.map(\.key)).count == near.count, place)
      for (hit, other) in zip(near, expected) { #expect(abs(hit.score - other.score) < 1e-5, place) }
      let cosines = snapshot.denseScores(of: near.map(\.key), vector)
      #expect(near.allSatisfy { cosines[$0.key] == $0.score }, place)
      for key in keys + [UInt64.max] {
        let own = oracle.live[key]?.vectors ?? []
        let nearest = own.max { dot($0, vector) < dot($1, vector) }
        #expect(snapshot.vector(of: key, nearest: vector) == nearest, place)
      }

      #expect(
        snapshot.labelCounts(prefix: "tag=", filter: filter) == oracle.labelCounts(prefix: "tag=", filter),
        place)
      for label in Set(oracle.live.values.flatMap(\.entry.labels)).sorted().prefix(4) {
        let having = keys.filter { oracle.live[$0]?.entry.labels.contains(label) == true }
        #expect(snapshot.chunks(among: keys + [UInt64.max], with: label) == Set(having), place)
      }
      let term = sampler.term()
      #expect(snapshot.documentFrequency(of: term) == oracle.documentFrequency(term), place)
      let group = UInt64.random(in: 0..<40, using: &sampler.random)
      #expect(snapshot.contains(group: group) == oracle.groups.contains(group), place)
    }
  }

  private func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
