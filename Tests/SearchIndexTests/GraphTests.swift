import Foundation
import SearchIndex
import TestSupport
import Testing

/// Searching through the graph finds nearly what comparing everything finds, whatever was removed or is hidden.
@Suite struct GraphTests {
  private static let dimension = 48
  private static let identity = IndexIdentity(
    epoch: "e", analyzer: "a", model: "m", dimension: dimension, fields: ["body"])

  /// Vectors in clusters, as texts about some subjects are.
  private struct Clusters {
    var random: SeededGenerator
    let centers: [[Float]]

    init(_ seed: UInt64, count: Int = 40) {
      var random = SeededGenerator(seed)
      centers = (0..<count).map { _ in random.unitVector(GraphTests.dimension) }
      self.random = random
    }

    mutating func vector(of cluster: Int) -> [Float] {
      random.unitVector(GraphTests.dimension, near: centers[cluster], spread: 0.25)
    }

    mutating func entry(_ key: UInt64, vectors count: Int = 1) -> ChunkEntry {
      let cluster = Int.random(in: 0..<centers.count, using: &random)
      let labels =
        ["cluster=\(cluster)", "half=\(key % 2)", "tenth=\(key % 10)"] + (cluster < 8 ? ["few=yes"] : [])
      return ChunkEntry(
        key: key, group: key / 3, fields: [.empty], labels: labels,
        vectors: (0..<count).map { _ in halves(vector(of: cluster)) })
    }
  }

  private func open(
    _ folder: TemporaryFolder, threads: Int = 2, graphVectors: Int = 500
  ) throws -> SearchIndex {
    var options = IndexOptions()
    options.graphVectors = graphVectors
    options.scannedVectors = 100
    options.graphThreads = threads
    return try SearchIndex.open(
      at: folder.url, identity: Self.identity, access: .readWrite, options: options
    ).0
  }

  /// Publishes an update as some generation.
  private func publish(_ update: IndexUpdate, to index: SearchIndex, generation: Int64 = 1) throws {
    try index.apply(update)
    index.publish(generation: generation)
  }

  private func publish(_ added: [ChunkEntry], to index: SearchIndex) throws {
    try publish(IndexUpdate(removedGroups: [], added: added), to: index)
  }

  private func graphs(_ folder: TemporaryFolder) throws -> [Data] {
    try FileManager.default.contentsOfDirectory(atPath: folder.url.path).filter { $0.hasSuffix(".nsw") }
      .map { try Data(contentsOf: folder.url.appendingPathComponent($0)) }
  }

  /// Share of what the oracle finds that the index finds, over some queries.
  private func recall(
    _ snapshot: SearchSnapshot, _ oracle: Oracle, _ clusters: inout Clusters, filter: LabelFilter = .none,
    limit: Int = 10
  ) -> Double {
    var found = 0
    var wanted = 0
    for query in 0..<20 {
      let vector = clusters.vector(of: query % clusters.centers.count)
      let expected = oracle.dense(vector, filter, limit: limit)
      let hits = snapshot.dense(vector, filter: filter, limit: limit)
      #expect(hits.count == expected.count)
      #expect(Set(hits.map(\.key)).count == hits.count)
      let keys = Set(expected.map(\.key))
      // As near as the last that should be found is as good.
      found += hits.count { keys.contains($0.key) || $0.score >= (expected.last?.score ?? 1) - 1e-5 }
      wanted += expected.count
    }
    return Double(found) / Double(max(1, wanted))
  }

  @Test func findsWhatComparingAllFinds() throws {
    let folder = try TemporaryFolder()
    let index = try open(folder)
    var clusters = Clusters(1)
    var oracle = Oracle()
    let update = IndexUpdate(removedGroups: [], added: (0..<2500).map { clusters.entry($0) })
    try publish(update, to: index)
    oracle.apply(update)
    try index.flush()
    #expect(try graphs(folder).isEmpty)
    // A large segment gets its graph from a merge of itself.
    #expect(try index.mergeIfNeeded())
    #expect(try graphs(folder).count == 1)
    #expect(SearchIndex.verify(at: folder.url).isEmpty)

    let snapshot = index.snapshot
    #expect(recall(snapshot, oracle, &clusters) >= 0.98)
    #expect(recall(snapshot, oracle, &clusters, limit: 100) >= 0.98)
    for label in ["half=1", "tenth=3", "few=yes", "cluster=5"] {
      let found = recall(snapshot, oracle, &clusters, filter: LabelFilter(all: [[label]]))
      #expect(found >= 0.96, "\(label)")
    }
    // More breadth finds no less.
    let vector = clusters.vector(of: 0)
    let narrow = snapshot.dense(vector, limit: 10, breadth: 10).reduce(0) { $0 + $1.score }
    let wide = snapshot.dense(vector, limit: 10, breadth: 1000).reduce(0) { $0 + $1.score }
    #expect(wide >= narrow)
    #expect(try !index.mergeIfNeeded())
  }

  @Test func threadsDoNotChangeTheGraph() throws {
    var bodies: [[Data]] = []
    for threads in [1, 3] {
      let folder = try TemporaryFolder()
      let index = try open(folder, threads: threads)
      var clusters = Clusters(2)
      try publish((0..<1500).map { clusters.entry($0) }, to: index)
      try index.compact()
      bodies.append(try graphs(folder))
    }
    #expect(bodies[0].count == 1)
    #expect(bodies[0] == bodies[1])
  }

  /// A third of the chunks removed and as many added, several times: the graph is carried on, not built anew.
  @Test func updatesKeepRecall() throws {
    let folder = try TemporaryFolder()
    let index = try open(folder)
    var clusters = Clusters(3)
    var oracle = Oracle()
    var next: UInt64 = 0
    for round in 1...3 {
      var update = IndexUpdate(removedGroups: [], added: [])
      update.removedGroups = oracle.groups.sorted().filter { _ in clusters.random.chance(0.3) }
      for _ in 0..<900 {
        update.added.append(clusters.entry(next, vectors: Int(next % 7 == 0 ? 3 : 1)))
        next += 1
      }
      try publish(update, to: index, generation: Int64(round))
      oracle.apply(update)
      // Removed chunks are still in the graph.
      #expect(recall(index.snapshot, oracle, &clusters) >= 0.97, "round \(round), published")
      try index.compact()
      #expect(try graphs(folder).count == 1)
      #expect(recall(index.snapshot, oracle, &clusters) >= 0.97, "round \(round), compacted")
      let tenth = LabelFilter(all: [["tenth=1", "tenth=2"]])
      #expect(recall(index.snapshot, oracle, &clusters, filter: tenth) >= 0.95, "round \(round), filtered")
    }
  }

  /// Equal vectors link to each other first; every one must still be found, whichever a filter leaves.
  @Test func equalVectorsAreAllReached() throws {
    let folder = try TemporaryFolder()
    let index = try open(folder)
    var clusters = Clusters(4)
    let same = halves(clusters.vector(of: 0))
    let added = (0..<1500 as Range<UInt64>).map { key in
      var entry = clusters.entry(key)
      if key % 3 == 0 { entry.vectors = [same] }
      return entry
    }
    try publish(added, to: index)
    try index.compact()
    let vector = Oracle.Chunk(added[0]).vectors[0]
    let hits = index.snapshot.dense(vector, limit: 500, breadth: 700)
    #expect(Set(hits.map(\.key)).isSuperset(of: (0..<500).map { $0 * 3 }))
    // A chunk's nearest is the chunk itself, also where no other is like it. One whose neighbours are all
    // equal, and more than a search keeps, may be missed.
    let others = stride(from: 1, to: 1500, by: 7).filter { $0 % 3 != 0 }
    let missed = others.filter { key in
      index.snapshot.dense(Oracle.Chunk(added[key]).vectors[0], limit: 1).first?.key != UInt64(key)
    }
    #expect(missed.count <= others.count / 50)
  }

  /// All that a filter leaves lies far from the question, in one place.
  @Test func filtersThatAreFarAwayAreStillSearched() throws {
    let folder = try TemporaryFolder()
    let index = try open(folder)
    var clusters = Clusters(5, count: 4)
    var oracle = Oracle()
    let update = IndexUpdate(removedGroups: [], added: (0..<3000).map { clusters.entry($0) })
    try publish(update, to: index)
    oracle.apply(update)
    try index.compact()
    for cluster in 0..<4 {
      let filter = LabelFilter(all: [["cluster=\(cluster)"]])
      #expect(recall(index.snapshot, oracle, &clusters, filter: filter) >= 0.95)
    }
  }

  @Test func stoppingWhileLinkingLosesNothing() async throws {
    let folder = try TemporaryFolder()
    let index = try open(folder)
    var clusters = Clusters(6)
    try publish((0..<2000).map { clusters.entry($0) }, to: index)
    try index.flush()
    let merging = Task.detached { try index.mergeIfNeeded() }
    try await Task.sleep(for: .milliseconds(20))
    index.stopMerging()
    // Where it was faster than this, it is done.
    let isMerged = try await merging.value
    #expect(try !index.mergeIfNeeded())
    #expect(index.snapshot.liveChunks == 2000)
    index.close()
    #expect(SearchIndex.verify(at: folder.url).isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(names.count { $0.hasPrefix("seg-") } == (isMerged ? 3 : 2))
    let again = try open(folder)
    #expect(again.snapshot.liveChunks == 2000)
    #expect(try again.mergeIfNeeded() != isMerged)
  }

  /// What was removed leaves the files even where the index is about to stop; the next writer links the rest.
  @Test func aStoppedCompactionStillRewrites() throws {
    let folder = try TemporaryFolder()
    let index = try open(folder)
    var clusters = Clusters(7)
    try publish((0..<900).map { clusters.entry($0) }, to: index)
    try index.compact()
    #expect(try graphs(folder).count == 1)
    try publish(IndexUpdate(removedGroups: [3, 4], added: []), to: index, generation: 2)
    index.stopMerging()
    try index.compact()
    #expect(try graphs(folder).isEmpty)
    #expect(index.snapshot.liveChunks == 894)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count { $0.hasSuffix(".del") } == 0
    )
    index.close()
    let again = try open(folder)
    #expect(try again.mergeIfNeeded())
    #expect(try graphs(folder).count == 1)
    #expect(again.snapshot.liveChunks == 894)
  }
}
