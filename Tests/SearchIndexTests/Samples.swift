import CKernels
import SearchIndex
import TestSupport

func halves(_ vector: [Float]) -> [UInt16] {
  var bits = [UInt16](repeating: 0, count: vector.count)
  fd_float_to_half(vector, &bits, vector.count)
  return bits
}

/// Random chunks over a small vocabulary, some of it outside ASCII.
struct Sampler {
  static let dimension = 24
  static let identity = IndexIdentity(
    epoch: "epoch", analyzer: "test-1", model: "model/a", dimension: dimension,
    fields: ["title", "headings", "body"])

  /// Composed and decomposed forms are different terms; so are a term and its prefix.
  static let vocabulary: [String] =
    ["é", "e\u{301}", "straße", "東京", "ตลาด", "0x80070005", "re", "reset", "resets", "🙂", "a"]
    + (0..<60).map { "w\($0)" }

  var random: SeededGenerator
  init(seed: UInt64) { random = SeededGenerator(seed) }

  mutating func term() -> String { Self.vocabulary[random.skewed(Self.vocabulary.count)] }

  mutating func field(maxTerms: Int) -> FieldTerms {
    let count = Int.random(in: 0...maxTerms, using: &random)
    var length = 0
    let terms = (0..<count).map { _ in
      let frequency = random.chance(0.02) ? 300 : Int.random(in: 1...3, using: &random)
      length += frequency
      return (term: term(), frequency: frequency)
    }
    return FieldTerms(terms: terms, length: length)
  }

  mutating func labels() -> [String] {
    var labels = ["visibility=" + ["public", "signed_in", "staff"][random.skewed(3)]]
    for tag in ["tag=a", "tag=b", "tag=ü"] where random.chance(0.3) { labels.append(tag) }
    return labels
  }

  mutating func entry(key: UInt64, group: UInt64) -> ChunkEntry {
    let vectors = (0..<[1, 1, 1, 0, 2, 3][Int.random(in: 0..<6, using: &random)]).map { _ in
      halves(random.unitVector(Self.dimension))
    }
    return ChunkEntry(
      key: key, group: group, fields: [field(maxTerms: 3), field(maxTerms: 2), field(maxTerms: 14)],
      labels: labels(), vectors: vectors)
  }

  mutating func query() -> LexicalQuery {
    let terms = (0..<Int.random(in: 1...5, using: &random)).map { _ in
      LexicalQuery.Term(
        alternatives: (0..<Int.random(in: 1...3, using: &random)).map { _ in
          random.chance(0.1) ? "absent" : term()
        },
        weight: [1, 1, 2, 0.5][Int.random(in: 0..<4, using: &random)])
    }
    var parameters = BM25FParameters.standard
    if random.chance(0.5) {
      parameters = BM25FParameters(
        k1: [0, 0.9, 1.6][Int.random(in: 0..<3, using: &random)], fieldWeights: [3, 0, 1], b: [0.2, 1, 0.6])
    }
    return LexicalQuery(terms: terms, parameters: parameters)
  }

  mutating func filter() -> LabelFilter {
    var all: [[String]] = []
    if random.chance(0.5) { all.append(["visibility=public", "visibility=staff"]) }
    if random.chance(0.3) { all.append(["tag=a", "tag=ü", "tag=none"]) }
    if random.chance(0.05) { all.append(["tag=none"]) }
    return LabelFilter(all: all)
  }
}
