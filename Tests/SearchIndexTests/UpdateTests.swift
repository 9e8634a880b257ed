import CKernels
import Foundation
import SearchIndex
import TestSupport
import Testing

func checksum(_ bytes: [UInt8]) -> UInt64 { fd_hash64(bytes, bytes.count, 0) }

/// What an update may hold, and what it does.
@Suite struct UpdateTests {
  private let folder: TemporaryFolder
  private let index: SearchIndex

  init() throws {
    folder = try TemporaryFolder()
    index = try SearchIndex.open(
      at: folder.url,
      identity: IndexIdentity(
        epoch: "e", analyzer: "a", model: "m", dimension: 2, fields: ["title", "body"]),
      access: .readWrite
    ).0
  }

  private func entry(
    _ key: UInt64, group: UInt64 = 1, title: [(String, Int)] = [], _ body: [(String, Int)] = [],
    labels: [String] = [], vectors: [[UInt16]] = []
  ) -> ChunkEntry {
    func field(_ terms: [(String, Int)]) -> FieldTerms {
      FieldTerms(
        terms: terms.map { (term: $0.0, frequency: $0.1) },
        length: terms.reduce(0) { $0 + min(max($1.1, 0), 100_000) })
    }
    return ChunkEntry(
      key: key, group: group, fields: [field(title), field(body)], labels: labels, vectors: vectors)
  }

  private func publish(_ added: [ChunkEntry], removing: [UInt64] = []) throws {
    try index.apply(IndexUpdate(removedGroups: removing, added: added))
    index.publish(generation: index.snapshot.generation + 1)
  }

  private func keys(_ terms: String...) -> [UInt64] {
    index.snapshot.lexical(LexicalQuery(terms: [.init(alternatives: terms)]), limit: 100).map(\.key)
  }

  @Test func anEmptyIndexAnswersEverything() {
    let snapshot = index.snapshot
    #expect(snapshot.liveChunks == 0 && snapshot.liveGroups == 0 && snapshot.segmentCount == 0)
    #expect(keys("a").isEmpty)
    #expect(snapshot.dense([1, 0], limit: 5).isEmpty)
    #expect(snapshot.explain(key: 1, LexicalQuery(terms: [])) == nil)
    #expect(snapshot.lexicalScores(of: [1], LexicalQuery(terms: [])).isEmpty)
    #expect(snapshot.labelCounts(prefix: "").isEmpty)
    #expect(!snapshot.contains(group: 0) && !snapshot.contains(key: 0))
  }

  @Test func aQueryWithoutUsableTermsFindsNothing() throws {
    try publish([entry(1, [("a", 1)])])
    for query in [
      LexicalQuery(terms: []), LexicalQuery(terms: [.init(alternatives: [])]),
      LexicalQuery(terms: [.init(alternatives: ["", "b"])]),
      LexicalQuery(terms: [.init(alternatives: ["a"], weight: 0)]),
      LexicalQuery(terms: [.init(alternatives: ["a"], weight: .nan)]),
      LexicalQuery(terms: [.init(alternatives: ["a"])], parameters: .init(fieldWeights: [1, 0])),
    ] { #expect(index.snapshot.lexical(query, limit: 5).isEmpty) }
    #expect(index.snapshot.lexical(LexicalQuery(terms: [.init(alternatives: ["a"])]), limit: 0).isEmpty)
    // Parameters outside their range are brought into it.
    let wild = BM25FParameters(k1: -.infinity, fieldWeights: [.nan, .infinity], b: [7, .nan])
    let hits = index.snapshot.lexical(
      LexicalQuery(terms: [.init(alternatives: ["a"])], parameters: wild), limit: 5)
    #expect(hits.count == 1 && hits[0].score.isFinite)
  }

  @Test func theLastEntryOfAKeyCounts() throws {
    try publish([entry(1, group: 1, [("old", 1)]), entry(1, group: 2, [("new", 1)])])
    #expect(keys("old").isEmpty && keys("new") == [1])
    #expect(index.snapshot.group(of: 1) == 2)
    // Across segments, and in another group.
    try publish([entry(1, group: 3, [("newest", 1)])])
    #expect(keys("new").isEmpty && keys("newest") == [1])
    #expect(!index.snapshot.contains(group: 2) && index.snapshot.contains(group: 3))
    #expect(index.snapshot.liveChunks == 1 && index.snapshot.liveGroups == 1)
    #expect(index.snapshot.documentFrequency(of: "new") == 0)
  }

  @Test func aGroupGrowsUntilItIsRemoved() throws {
    try publish([entry(1, [("a", 1)])])
    try publish([entry(2, [("a", 1)])])
    #expect(keys("a") == [1, 2])
    #expect(index.snapshot.liveGroups == 1)
    try publish([entry(3, [("a", 1)])], removing: [1, 1, 99])
    #expect(keys("a") == [3])
    try publish([], removing: [1])
    #expect(keys("a").isEmpty)
    #expect(index.snapshot.liveGroups == 0 && index.snapshot.segmentCount == 0)
  }

  @Test func anInvalidUpdateIsNotAppliedAtAll() throws {
    try publish([entry(1, [("a", 1)])])
    let bad = [
      ChunkEntry(key: 2, group: 2, fields: [.empty], labels: [], vectors: []),
      entry(2, vectors: [[0x3c00]]), entry(2, vectors: [[0x3c00, 0x7c00]]), entry(2, vectors: [[0x7e01, 0]]),
    ]
    for entry in bad {
      let error = #expect(throws: SearchIndexError.self) {
        try index.apply(IndexUpdate(removedGroups: [1], added: [self.entry(3, [("a", 1)]), entry]))
      }
      #expect(error?.code == .invalidUpdate)
    }
    index.publish(generation: 9)
    #expect(keys("a") == [1])
  }

  @Test func termsAreBytes() throws {
    try publish([
      entry(1, [("é", 1)]), entry(2, [("e\u{301}", 1)]), entry(3, [("a\u{0}b", 1)]), entry(4, [("a", 1)]),
      entry(5, [("", 1), ("zero", 0), ("negative", -3)]),
      entry(6, [(String(repeating: "x", count: 32_767), 1), (String(repeating: "y", count: 32_768), 1)]),
    ])
    try index.flush()
    #expect(keys("é") == [1] && keys("e\u{301}") == [2])
    #expect(keys("a\u{0}b") == [3] && keys("a") == [4])
    #expect(keys("", "zero", "negative").isEmpty)
    #expect(keys(String(repeating: "x", count: 32_767)) == [6])
    #expect(keys(String(repeating: "y", count: 32_768)).isEmpty)
  }

  @Test func largeCountsAreClampedAndRepetitionsAddUp() throws {
    try publish([
      entry(1, [("a", 1_000_000)]), entry(2, [("a", 40_000), ("a", 40_000)]), entry(3, [("a", 3), ("a", 4)]),
      entry(4, title: [("a", .max)], [("a", 7)]),
    ])
    let query = LexicalQuery(terms: [.init(alternatives: ["a"])])
    let frequencies = (1...4).map { index.snapshot.explain(key: $0, query)?.first?.frequencies }
    #expect(frequencies == [[0, 65_535], [0, 65_535], [0, 7], [65_535, 7]])
    #expect(index.snapshot.explain(key: 1, query)?.first?.lengths == [0, 65_535])
  }

  @Test func aTermScoresAsItsBestAlternativeAndSaysWhich() throws {
    try publish([entry(1, [("run", 1), ("runs", 2)]), entry(2, [("run", 1)]), entry(3, [("other", 1)])])
    let query = LexicalQuery(terms: [.init(alternatives: ["absent"]), .init(alternatives: ["run", "runs"])])
    let both = try #require(index.snapshot.explain(key: 1, query))
    #expect(both.map(\.term) == ["runs"])
    #expect(both.map(\.queryTerm) == [1])
    #expect(both[0].docFreq == 1 && both[0].averageLengths == [0, 5.0 / 3])
    #expect(index.snapshot.explain(key: 2, query)?.map(\.term) == ["run"])
    #expect(index.snapshot.explain(key: 3, query) == [])
    // Each alternative alone scores no more.
    for alternative in ["run", "runs"] {
      let alone = index.snapshot.explain(key: 1, LexicalQuery(terms: [.init(alternatives: [alternative])]))
      #expect(try #require(alone?.first?.score) <= both[0].score)
    }
  }

  @Test func filtersAreAndOfOrsInBothHalves() throws {
    let vector: [[UInt16]] = [[0x3c00, 0]]
    try publish([
      entry(1, [("x", 1)], labels: ["tag=a", "tag=a", "lang=en"], vectors: vector),
      entry(2, [("x", 1)], labels: ["tag=b", "lang=en"], vectors: vector),
      entry(3, [("x", 1)], labels: ["tag=b", "lang=de"], vectors: vector),
      entry(4, [("x", 1)], vectors: vector),
    ])
    try publish([entry(5, group: 2, [("x", 1)], labels: ["tag=c"], vectors: vector)])
    for (filter, expected) in [
      ([], [1, 2, 3, 4, 5]), ([["tag=a", "tag=b"]], [1, 2, 3]),
      ([["tag=a", "tag=b"], ["lang=en"]], [1, 2]),
      ([["tag=c"]], [5]), ([["tag=none"]], []), ([[]], []), ([["tag=a"], []], []),
      ([["tag=a"], ["tag=b"]], []),
      ([["tag"]], []),
    ] as [([[String]], [UInt64])] {
      let filter = LabelFilter(all: filter)
      let query = LexicalQuery(terms: [.init(alternatives: ["x"])])
      #expect(index.snapshot.lexical(query, filter: filter, limit: 9).map(\.key).sorted() == expected)
      #expect(index.snapshot.dense([1, 0], filter: filter, limit: 9).map(\.key) == expected)
    }
    #expect(index.snapshot.labelCounts(prefix: "tag=") == ["tag=a": 1, "tag=b": 2, "tag=c": 1])
    #expect(
      index.snapshot.labelCounts(prefix: "lang=", filter: LabelFilter(all: [["tag=b"]]))
        == ["lang=en": 1, "lang=de": 1])
    try publish([], removing: [1])
    #expect(index.snapshot.labelCounts(prefix: "") == ["tag=c": 1])
  }

  @Test func visibilityDoesNotChangeScores() throws {
    try publish(
      (1...9).map {
        entry($0, [("x", Int($0))], labels: [$0 % 2 == 0 ? "visibility=public" : "visibility=staff"])
      })
    let query = LexicalQuery(terms: [.init(alternatives: ["x"])])
    let all = index.snapshot.lexical(query, limit: 20)
    let visible = index.snapshot.lexical(query, filter: LabelFilter(all: [["visibility=public"]]), limit: 3)
    #expect(visible == Array(all.filter { $0.key % 2 == 0 }.prefix(3)))
    #expect(visible.count == 3)
  }

  @Test func anIndexWithoutModelHasOnlyTheLexicalHalf() throws {
    let folder = try TemporaryFolder()
    let identity = IndexIdentity(epoch: "e", analyzer: "a", model: "none", dimension: 0, fields: ["body"])
    let index = try SearchIndex.open(at: folder.url, identity: identity, access: .readWrite).0
    let entry = ChunkEntry(
      key: 1, group: 1, fields: [FieldTerms(terms: [("a", 1)], length: 1)], labels: [], vectors: [])
    try index.apply(IndexUpdate(removedGroups: [], added: [entry]))
    index.publish(generation: 1)
    try index.compact()
    #expect(index.snapshot.dense([1], limit: 1).isEmpty && index.snapshot.dense([], limit: 1).isEmpty)
    #expect(keysOf(index, "a") == [1])
    index.close()
    let again = try SearchIndex.open(at: folder.url, identity: identity, access: .readOnly).0
    #expect(keysOf(again, "a") == [1])
    var vector = entry
    vector.vectors = [[]]
    #expect(throws: SearchIndexError.self) {
      try again.apply(IndexUpdate(removedGroups: [], added: [vector]))
    }
  }

  private func keysOf(_ index: SearchIndex, _ term: String) -> [UInt64] {
    index.snapshot.lexical(LexicalQuery(terms: [.init(alternatives: [term])]), limit: 9).map(\.key)
  }
}
