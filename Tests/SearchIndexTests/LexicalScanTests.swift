import Foundation
import SearchIndex
import TestSupport
import Testing

/// Skipping changes nothing: the best few are those of scoring every chunk.
@Suite struct LexicalScanTests {
  private static let vocabulary = 3000

  /// Zipf-like words, so that some lists have many blocks and most a single one.
  private func word(_ random: inout SeededGenerator) -> String {
    "w\(Int(pow(Double(Self.vocabulary), Double.random(in: 0..<1, using: &random))))"
  }

  private func field(_ tokens: Int, _ random: inout SeededGenerator) -> FieldTerms {
    var counts: [String: Int] = [:]
    for _ in 0..<tokens { counts[word(&random), default: 0] += random.chance(0.01) ? 40 : 1 }
    return FieldTerms(
      terms: counts.map { ($0.key, $0.value) }, length: counts.values.reduce(0, +))
  }

  /// Three segments, the largest of several windows, and tombstones in each.
  private func index(in folder: TemporaryFolder, _ random: inout SeededGenerator) throws -> SearchIndex {
    let index = try SearchIndex.open(
      at: folder.url,
      identity: IndexIdentity(
        epoch: "e", analyzer: "a", model: "none", dimension: 0, fields: ["title", "headings", "body"]),
      access: .readWrite
    ).0
    var key: UInt64 = 0
    for (generation, chunks) in [9500, 700, 60].enumerated() {
      var added: [ChunkEntry] = []
      for _ in 0..<chunks {
        key += 1
        added.append(
          ChunkEntry(
            key: key, group: key / 4,
            fields: [
              field(Int.random(in: 0...4, using: &random), &random),
              field(Int.random(in: 0...2, using: &random), &random),
              field(Int.random(in: 0...60, using: &random), &random),
            ], labels: ["visibility=" + ["public", "staff", "signed_in"][random.skewed(3)]], vectors: []))
      }
      let removed = (0..<generation * 40).map { _ in UInt64.random(in: 0..<key / 4, using: &random) }
      try index.apply(IndexUpdate(removedGroups: removed, added: added))
      index.publish(generation: Int64(generation + 1))
      try index.flush()
    }
    return index
  }

  @Test func theBestAreThoseOfScoringEverything() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(7)
    let index = try index(in: folder, &random)
    let snapshot = index.snapshot
    #expect(snapshot.segmentCount == 3)
    for _ in 0..<150 * testEffort {
      let terms = (0..<Int.random(in: 1...9, using: &random)).map { _ in
        LexicalQuery.Term(
          alternatives: (0..<[1, 1, 1, 2, 3][Int.random(in: 0..<5, using: &random)]).map { _ in word(&random)
          },
          weight: [1, 1, 2, 0.3][Int.random(in: 0..<4, using: &random)])
      }
      let query = LexicalQuery(
        terms: terms,
        parameters: BM25FParameters(
          k1: [0, 0.9, 1.2, 3][Int.random(in: 0..<4, using: &random)],
          fieldWeights: [3, [0, 1][Int.random(in: 0..<2, using: &random)], 1],
          b: [0.75, 0, [0.75, 1][Int.random(in: 0..<2, using: &random)]]))
      let filter = [
        LabelFilter.none, LabelFilter(all: [["visibility=staff"]]),
        LabelFilter(all: [["visibility=signed_in", "visibility=public"]]),
      ][Int.random(in: 0..<3, using: &random)]
      // With room for all, no hit bounds the search and every chunk is scored.
      let all = snapshot.lexical(query, filter: filter, limit: snapshot.liveChunks)
      let limit = [1, 3, 10, 100, 500][Int.random(in: 0..<5, using: &random)]
      let best = snapshot.lexical(query, filter: filter, limit: limit)
      #expect(best == Array(all.prefix(limit)))
      let scores = snapshot.lexicalScores(of: best.map(\.key), query)
      #expect(best.allSatisfy { scores[$0.key] == $0.score })
    }
  }

  /// Frequencies are those of live chunks: whatever was counted before a removal, and in whichever order.
  @Test func removedChunksLeaveNoTraceInScores() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(8)
    let index = try index(in: folder, &random)
    let queries = (0..<20).map { _ in
      LexicalQuery(terms: (0..<4).map { _ in .init(alternatives: [word(&random)]) })
    }
    for generation in 10..<16 as Range<Int64> {
      let removed = (0..<Int.random(in: 1...300, using: &random)).map { _ in
        UInt64.random(in: 0..<2600, using: &random)
      }
      try index.apply(IndexUpdate(removedGroups: removed, added: []))
      index.publish(generation: generation)
      // Some are asked every time, some only now and then.
      for query in queries where random.chance(0.5) { _ = index.snapshot.lexical(query, limit: 10) }
    }
    let before = queries.map { index.snapshot.lexical($0, limit: 50) }
    try index.compact()
    #expect(index.snapshot.segmentCount == 1)
    #expect(queries.map { index.snapshot.lexical($0, limit: 50) } == before)
  }
}
