import CKernels
import Foundation
import SearchIndex

/// What the index should answer, computed from the live chunks one by one.
struct Oracle {
  struct Chunk {
    let entry: ChunkEntry
    /// By field, by the terms' bytes.
    let frequencies: [[[UInt8]: Int]]
    let vectors: [[Float]]

    init(_ entry: ChunkEntry) {
      self.entry = entry
      frequencies = entry.fields.map { field in
        Dictionary(field.terms.map { (Array($0.term.utf8), $0.frequency) }, uniquingKeysWith: +)
      }
      vectors = entry.vectors.map { bits in
        var values = [Float](repeating: 0, count: bits.count)
        fd_half_to_float(bits, &values, bits.count)
        return values
      }
    }
  }

  private(set) var live: [UInt64: Chunk] = [:]

  mutating func apply(_ update: IndexUpdate) {
    let removed = Set(update.removedGroups)
    live = live.filter { !removed.contains($0.value.entry.group) }
    for entry in update.added { live[entry.key] = Chunk(entry) }
  }

  var groups: Set<UInt64> { Set(live.values.map(\.entry.group)) }

  func matches(_ entry: ChunkEntry, _ filter: LabelFilter) -> Bool {
    filter.all.allSatisfy { alternatives in alternatives.contains { entry.labels.contains($0) } }
  }

  func documentFrequency(_ term: String) -> Int {
    let bytes = Array(term.utf8)
    return live.values.count { chunk in chunk.frequencies.contains { $0[bytes] != nil } }
  }

  func lexical(_ query: LexicalQuery, _ filter: LabelFilter, limit: Int) -> [Hit] {
    let count = Double(live.count)
    let averages = Sampler.identity.fields.indices.map { field in
      Double(live.values.reduce(0) { $0 + $1.entry.fields[field].length }) / count
    }
    let parameters = query.parameters
    let k1 = Double(parameters.k1)
    var idf: [[UInt8]: Double] = [:]
    var frequency: [[UInt8]: Int] = [:]
    for term in query.terms.flatMap(\.alternatives) {
      frequency[Array(term.utf8)] = documentFrequency(term)
      let df = Double(documentFrequency(term))
      idf[Array(term.utf8)] = log(1 + (count - df + 0.5) / (df + 0.5))
    }
    var hits: [Hit] = []
    let terms = query.terms.map { (alternatives: $0.alternatives.map { Array($0.utf8) }, weight: $0.weight) }
    // What a term adds is a multiple of a unit, so that sums are exact.
    let largest = terms.reduce(0.0) { sum, term in
      sum
        + (term.alternatives.filter { frequency[$0, default: 0] > 0 }
          .map { Double(term.weight) * (idf[$0] ?? 0) * (k1 + 1) }.max() ?? 0)
    }
    let rounding = 1.5 * 0x1p52 * 0x1p-48 * pow(2, (log2(largest)).rounded(.down) + 1)
    for chunk in live.values where matches(chunk.entry, filter) {
      var score = 0.0
      for term in terms {
        var best = 0.0
        for alternative in term.alternatives {
          var weighted = 0.0
          for (field, content) in chunk.entry.fields.enumerated() where averages[field] > 0 {
            guard let count = chunk.frequencies[field][alternative] else { continue }
            let frequency = Double(min(count, 65_535))
            let weight = field < parameters.fieldWeights.count ? Double(parameters.fieldWeights[field]) : 1
            let b = field < parameters.b.count ? Double(parameters.b[field]) : 0.75
            weighted += weight / ((1 - b) + b / averages[field] * Double(content.length)) * frequency
          }
          guard weighted > 0, let idf = idf[alternative] else { continue }
          let gain = Double(term.weight) * idf * (k1 + 1)
          best = max(best, (gain * (weighted / (k1 + weighted)) + rounding) - rounding)
        }
        score += best
      }
      if score > 0 { hits.append(Hit(key: chunk.entry.key, group: chunk.entry.group, score: score)) }
    }
    return Array(hits.sorted(by: Self.precedes).prefix(limit))
  }

  func dense(_ vector: [Float], _ filter: LabelFilter, limit: Int) -> [Hit] {
    var hits: [Hit] = []
    for chunk in live.values where matches(chunk.entry, filter) {
      let scores = chunk.vectors.map { zip($0, vector).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } }
      if let best = scores.max() {
        hits.append(Hit(key: chunk.entry.key, group: chunk.entry.group, score: best))
      }
    }
    return Array(hits.sorted(by: Self.precedes).prefix(limit))
  }

  func labelCounts(prefix: String, _ filter: LabelFilter) -> [String: Int] {
    var counts: [String: Int] = [:]
    for chunk in live.values where matches(chunk.entry, filter) {
      for label in Set(chunk.entry.labels) where label.hasPrefix(prefix) { counts[label, default: 0] += 1 }
    }
    return counts
  }

  static func precedes(_ a: Hit, _ b: Hit) -> Bool { a.score != b.score ? a.score > b.score : a.key < b.key }
}
