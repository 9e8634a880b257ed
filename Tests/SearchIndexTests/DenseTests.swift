import Foundation
import SearchIndex
import TestSupport
import Testing

@Suite struct DenseTests {
  private func index(dimension: Int, _ entries: [ChunkEntry]) throws -> (SearchIndex, TemporaryFolder) {
    let folder = try TemporaryFolder()
    let identity = IndexIdentity(
      epoch: "e", analyzer: "a", model: "m", dimension: dimension, fields: ["body"])
    let index = try SearchIndex.open(at: folder.url, identity: identity, access: .readWrite).0
    try index.apply(IndexUpdate(removedGroups: [], added: entries))
    index.publish(generation: 1)
    return (index, folder)
  }

  private func entry(_ key: UInt64, _ vectors: [[Float]], _ labels: [String] = []) -> ChunkEntry {
    ChunkEntry(key: key, group: key, fields: [.empty], labels: labels, vectors: vectors.map(halves))
  }

  /// Clusters are what makes quantisation hard: neighbours differ by less than a step of the codes.
  @Test(arguments: [64, 100]) func findsWhatSinglePrecisionFinds(dimension: Int) throws {
    var random = SeededGenerator(1)
    let centers = (0..<20).map { _ in random.unitVector(dimension) }
    let vectors = (0..<1000).map { _ in
      random.unitVector(dimension, near: centers.randomElement(using: &random), spread: 0.04)
    }
    let (index, _) = try index(
      dimension: dimension, vectors.enumerated().map { entry(UInt64($0.offset), [$0.element]) })
    var found = 0
    for _ in 0..<10 {
      let query = random.unitVector(dimension, near: centers.randomElement(using: &random), spread: 0.04)
      let exact = vectors.map { zip($0, query).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
      let expected = exact.indices.sorted { exact[$0] > exact[$1] }.prefix(10)
      let hits = index.snapshot.dense(query, limit: 10)
      #expect(hits.count == 10)
      for hit in hits { #expect(abs(hit.score - exact[Int(hit.key)]) < 1e-3) }
      found += Set(expected).intersection(hits.map { Int($0.key) }).count
    }
    // Binary16 itself swaps neighbours at the end of the list now and then.
    #expect(found >= 97)
  }

  @Test func aChunkIsAsNearAsItsNearestVector() throws {
    let (index, _) = try index(
      dimension: 4,
      [
        entry(1, [[0, 1, 0, 0], [0.6, 0.8, 0, 0]]),
        entry(2, [[1, 0, 0, 0]]),
        entry(3, []),
        entry(4, [[-1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]),
      ])
    let hits = index.snapshot.dense([2, 0, 0, 0], limit: 10)
    #expect(hits.map(\.key) == [2, 1, 4])
    #expect(abs(hits[1].score - 0.6) < 1e-3)
    #expect(hits[2].score == 0)
    #expect(index.snapshot.denseScores(of: [1, 3, 9], [1, 0, 0, 0]).keys.sorted() == [1])
  }

  /// Over several segments, with what was removed left out, whatever the sample.
  @Test(arguments: [1, 2, 3, 7, 64, 1000]) func aCentreIsTheMeanOfASample(sample: Int) throws {
    let (index, folder) = try index(
      dimension: 3,
      (0..<150).map { entry($0, $0 % 10 == 9 ? [] : [[1, 0, 0]], ["odd=\($0 % 2)"]) })
    defer { withExtendedLifetime(folder) {} }
    try index.flush()
    try index.apply(
      IndexUpdate(
        removedGroups: [0, 2], added: (150..<400).map { entry($0, [[0, 1, 0]], ["odd=\($0 % 2)"]) }))
    index.publish(generation: 2)
    let snapshot = index.snapshot
    let centre = try #require(snapshot.centre(of: .none, sample: sample))
    #expect(centre[2] == 0 && abs(centre[0] + centre[1] - 1) < 1e-6)
    // 133 of 383 with a vector.
    if sample >= 64 { #expect(abs(centre[0] - 133 / 383) < 0.05) }
    let odd = try #require(snapshot.centre(of: LabelFilter(all: [["odd=1"]]), sample: 1000))
    #expect(abs(odd[0] - 60 / 185) < 1e-6)
    #expect(snapshot.centre(of: LabelFilter(all: [["odd=2"]]), sample: sample) == nil)
    #expect(snapshot.centre(of: .none, sample: 0) == nil)
  }

  @Test func manyVectorsOfOneChunkCrossBatches() throws {
    var random = SeededGenerator(2)
    let best = random.unitVector(8)
    let many = (0..<2500).map { _ in random.unitVector(8) }
    let (index, _) = try index(
      dimension: 8, [entry(1, [best.map { -$0 }]), entry(2, many + [best]), entry(3, [])])
    let hits = index.snapshot.dense(best, limit: 2)
    #expect(hits.map(\.key) == [2, 1])
    #expect(abs(hits[0].score - 1) < 1e-3)
  }

  @Test func equalChunksComeByKeyAlsoBeyondTheCandidates() throws {
    let (index, _) = try index(dimension: 4, (0..<500).reversed().map { entry($0, [[0, 1, 0, 0]]) })
    #expect(index.snapshot.dense([0, 1, 0, 0], limit: 3).map(\.key) == [0, 1, 2])
    #expect(index.snapshot.dense([0, 1, 0, 0], limit: .max).count == 500)
  }

  @Test func aFilterHidesBeforeCandidatesAreKept() throws {
    // 300 nearer chunks would fill every place among the candidates.
    let near = (0..<300).map { entry($0, [[0, 1, 0, 0]], ["visibility=staff"]) }
    let far = (300..<310).map { entry($0, [[0, 0.6, 0.8, 0]], ["visibility=public"]) }
    let (index, _) = try index(dimension: 4, near + far)
    let hits = index.snapshot.dense(
      [0, 1, 0, 0], filter: LabelFilter(all: [["visibility=public"]]), limit: 5)
    #expect(hits.map(\.key) == [300, 301, 302, 303, 304])
  }

  @Test func aVectorThatCannotBeComparedFindsNothing() throws {
    let (index, _) = try index(dimension: 4, [entry(1, [[0, 1, 0, 0]]), entry(2, [[0, 0, 0, 0]])])
    for vector in [[], [1], [0, 0, 0, 0], [.nan, 0, 0, 0], [.infinity, 0, 0, 0]] as [[Float]] {
      #expect(index.snapshot.dense(vector, limit: 5).isEmpty)
      #expect(index.snapshot.denseScores(of: [1], vector).isEmpty)
    }
    #expect(index.snapshot.dense([1, 1, 0, 0], limit: 0).isEmpty)
    // Far beyond single precision's squares, and still a direction.
    #expect(index.snapshot.dense([0, 1e30, 0, 0], limit: 5).map(\.key) == [1, 2])
  }
}
