import Foundation
import SearchIndex
import TestSupport
import Testing

@Suite struct TermLookupTests {
  private static let letters = ["a", "b", "c", "é", "京", "z"]

  private func index(_ words: [[String]], in folder: TemporaryFolder) throws -> SearchIndex {
    let index = try SearchIndex.open(
      at: folder.url,
      identity: IndexIdentity(epoch: "e", analyzer: "a", model: "none", dimension: 0, fields: ["body"]),
      access: .readWrite
    ).0
    for (key, words) in words.enumerated() {
      let entry = ChunkEntry(
        key: UInt64(key), group: UInt64(key),
        fields: [FieldTerms(terms: words.map { ($0, 1) }, length: words.count)],
        labels: [key % 3 == 0 ? "visibility=staff" : "visibility=public"], vectors: [])
      try index.apply(IndexUpdate(removedGroups: [], added: [entry]))
      if key % 100 == 99 { index.publish(generation: Int64(key)) }
    }
    index.publish(generation: 1000)
    return index
  }

  /// Optimal string alignment by the textbook's matrix.
  private func edits(_ a: String, _ b: String) -> Int {
    let (a, b) = (Array(a.unicodeScalars), Array(b.unicodeScalars))
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count {
      for j in 0...b.count {
        guard i > 0, j > 0 else {
          rows[i][j] = i + j
          continue
        }
        let change = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        rows[i][j] = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, change)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          rows[i][j] = min(rows[i][j], rows[i - 2][j - 2] + 1)
        }
      }
    }
    return rows[a.count][b.count]
  }

  @Test func nearTermsAreThoseOfTheMatrix() throws {
    let folder = try TemporaryFolder()
    var random = SeededGenerator(21)
    func word() -> String {
      (0..<Int.random(in: 1...6, using: &random)).map { _ in Self.letters[random.skewed(6)] }.joined()
    }
    let documents = (0..<350).map { _ in (0..<5).map { _ in word() } }
    let snapshot = try index(documents, in: folder).snapshot
    #expect(snapshot.segmentCount > 1)
    for _ in 0..<60 * testEffort {
      let wanted = word()
      let distance = Int.random(in: 0...2, using: &random)
      let prefix = Int.random(in: 0...2, using: &random)
      let staffOnly = random.chance(0.3)
      var expected: [String: Int] = [:]
      for (key, words) in documents.enumerated() where !staffOnly || key % 3 == 0 {
        for word in Set(words) where edits(word, wanted) <= distance {
          guard word.unicodeScalars.starts(with: wanted.unicodeScalars.prefix(prefix)) else { continue }
          expected[word, default: 0] += 1
        }
      }
      let found = snapshot.terms(
        near: wanted, edits: distance, prefix: prefix,
        filter: staffOnly ? LabelFilter(all: [["visibility=staff"]]) : .none, limit: 10_000)
      #expect(Dictionary(uniqueKeysWithValues: found.map { ($0.term, $0.docFreq) }) == expected)
      #expect(found.allSatisfy { $0.edits == edits($0.term, wanted) })
      #expect(found == found.sorted { ($0.edits, -$0.docFreq, $0.term) < ($1.edits, -$1.docFreq, $1.term) })
    }
  }

  @Test func whatCannotBeAskedForFindsNothing() throws {
    let folder = try TemporaryFolder()
    let snapshot = try index([["reset", "resets"], ["password"]], in: folder).snapshot
    #expect(snapshot.terms(near: "", edits: 1, limit: 5).isEmpty)
    #expect(snapshot.terms(near: String(repeating: "x", count: 200), edits: 2, limit: 5).isEmpty)
    #expect(snapshot.terms(near: "reste", edits: 1, limit: 0).isEmpty)
    #expect(snapshot.terms(near: "reste", edits: 1, limit: 5).map(\.term) == ["reset"])
    #expect(snapshot.terms(near: "passwrod", edits: 9, limit: 5).map(\.edits) == [1])
  }
}
