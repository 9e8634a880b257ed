import CKernels
import Foundation
import SearchIndex
import TestSupport
import Testing

private let benchmarkChunks =
  ProcessInfo.processInfo.environment["FRONTDESK_INDEX_BENCHMARK"].flatMap { Int($0) } ?? 0

/// Prints times; asserts nothing about them. In release, with the number of chunks:
/// `FRONTDESK_INDEX_BENCHMARK=100000 swift test -c release --filter SpeedTests`.
@Suite(.serialized, .enabled(if: benchmarkChunks > 0)) struct SpeedTests {
  private static let dimension = 384
  private static let vocabulary = 200_000

  /// Prints the best of some runs: by the clock, and of the thread's own time, which a busy machine
  /// disturbs less.
  private func time(_ what: String, repeats: Int = 1, _ body: () throws -> Void) rethrows {
    var wall = Double.infinity
    var processor = Double.infinity
    for _ in 0..<repeats {
      let (start, busy) = (Self.milliseconds(CLOCK_MONOTONIC), Self.milliseconds(CLOCK_THREAD_CPUTIME_ID))
      try body()
      wall = min(wall, Self.milliseconds(CLOCK_MONOTONIC) - start)
      processor = min(processor, Self.milliseconds(CLOCK_THREAD_CPUTIME_ID) - busy)
    }
    func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
    print("speed: \(what): \(rounded(wall)) ms, thread \(rounded(processor)) ms")
  }

  private static func milliseconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) * 1e3 + Double(time.tv_nsec) / 1e6
  }

  /// Zipf-like words: rank r about as often as 1 / r.
  private func word(_ random: inout SeededGenerator) -> String {
    let rank = pow(Double(Self.vocabulary), Double.random(in: 0..<1, using: &random))
    return "word\(Int(rank))"
  }

  private func entry(_ key: Int, _ random: inout SeededGenerator) -> ChunkEntry {
    func field(_ tokens: Int) -> FieldTerms {
      var counts: [String: Int] = [:]
      for _ in 0..<tokens { counts[word(&random), default: 0] += 1 }
      return FieldTerms(terms: counts.map { ($0.key, $0.value) }, length: tokens)
    }
    let vector = random.unitVector(Self.dimension)
    return ChunkEntry(
      key: UInt64(key), group: UInt64(key / 10), fields: [field(6), field(8), field(100)],
      labels: ["visibility=\(key % 10 == 0 ? "staff" : "public")", "kind=article", "tag=\(key / 10 % 50)"],
      vectors: [halves(vector)])
  }

  @Test func speed() throws {
    let folder = try TemporaryFolder()
    let identity = IndexIdentity(
      epoch: "e", analyzer: "a", model: "m", dimension: Self.dimension, fields: ["title", "headings", "body"])
    var random = SeededGenerator(1)
    let count = benchmarkChunks
    let entries = (0..<count).map { entry($0, &random) }
    let (index, _) = try SearchIndex.open(at: folder.url, identity: identity, access: .readWrite)
    try time("build \(count) chunks: apply and publish") {
      for first in stride(from: 0, to: count, by: 512) {
        try index.apply(
          IndexUpdate(removedGroups: [], added: Array(entries[first..<min(first + 512, count)])))
      }
      index.publish(generation: 1)
    }
    try time("flush of the rest (\(index.unflushedChunks) chunks)") { try index.flush() }
    measure(index.snapshot, &random, "\(index.snapshot.segmentCount) segments")
    try time("compact") { try index.compact() }
    measure(index.snapshot, &random, "1 segment, \(index.snapshot.bytes >> 20) MiB")

    try time("one document of 10 chunks: apply and publish", repeats: 20) {
      try index.apply(IndexUpdate(removedGroups: [3], added: Array(entries[30..<40])))
      index.publish(generation: 2)
    }
    try time("flush of one document") { try index.flush() }
    index.close()
    try time("open", repeats: 5) {
      _ = try SearchIndex.open(at: folder.url, identity: identity, access: .readOnly)
    }
    try time("remove a tenth of the documents") {
      let (again, _) = try SearchIndex.open(at: folder.url, identity: identity, access: .readWrite)
      try again.apply(IndexUpdate(removedGroups: (0..<UInt64(count / 100)).map { $0 * 10 }, added: []))
      again.publish(generation: 3)
      try again.flush()
      again.close()
    }
    try time("open with those tombstones", repeats: 5) {
      _ = try SearchIndex.open(at: folder.url, identity: identity, access: .readOnly)
    }
    time("verify") { #expect(SearchIndex.verify(at: folder.url).isEmpty) }
  }

  private func measure(_ snapshot: SearchSnapshot, _ random: inout SeededGenerator, _ place: String) {
    let queries = (0..<200).map { _ in
      LexicalQuery(terms: (0..<8).map { _ in .init(alternatives: [word(&random)]) })
    }
    let postings = queries.reduce(0) { sum, query in
      sum + query.terms.reduce(0) { $0 + snapshot.documentFrequency(of: $1.alternatives[0]) }
    }
    time("200 lexical queries of 8 terms, \(postings / 200) postings each; \(place)", repeats: 3) {
      for query in queries { _ = snapshot.lexical(query, limit: 100) }
    }
    let visible = LabelFilter(all: [["visibility=public"]])
    time("the same, filtered; \(place)", repeats: 3) {
      for query in queries { _ = snapshot.lexical(query, filter: visible, limit: 100) }
    }
    let vector = random.unitVector(Self.dimension)
    time("dense scan; \(place)", repeats: 10) { _ = snapshot.dense(vector, limit: 100) }
    time("dense scan, 9 in 10 visible; \(place)", repeats: 10) {
      _ = snapshot.dense(vector, filter: visible, limit: 100)
    }
    time("dense scan, one tag in 50; \(place)", repeats: 10) {
      _ = snapshot.dense(vector, filter: LabelFilter(all: [["tag=7"]]), limit: 100)
    }
    let keys = (0..<100).map { UInt64($0 * 97 % benchmarkChunks) }
    time("100 lexical scores by key; \(place)", repeats: 10) {
      _ = snapshot.lexicalScores(of: keys, queries[0])
    }
    time("100 dense scores by key; \(place)", repeats: 10) { _ = snapshot.denseScores(of: keys, vector) }
  }
}
