import Foundation

/// Ranking measures of one query.
public struct RankingMeasures: Sendable, Hashable, Codable {
  public let ndcg10: Double
  public let mrr10: Double
  /// Nil in a run that was saved before it was measured.
  public let recall10: Double?
  public let recall100: Double

  /// - Parameters:
  ///   - ranked: document ids, best first, distinct.
  ///   - grades: positive ones are relevant.
  ///
  /// nDCG as trec_eval computes it: linear gain, log2 discount, ideal over all judged documents
  /// (Järvelin and Kekäläinen, ACM TOIS 2002).
  public init(ranked: [String], grades: [String: Int]) {
    let relevant = grades.filter { $0.value > 0 }
    var gain = 0.0
    var reciprocal = 0.0
    for (i, id) in ranked.prefix(10).enumerated() {
      guard let grade = relevant[id] else { continue }
      gain += Double(grade) / log2(Double(i + 2))
      if reciprocal == 0 { reciprocal = 1 / Double(i + 1) }
    }
    let ideal = relevant.values.sorted(by: >).prefix(10).enumerated()
      .reduce(0) { $0 + Double($1.element) / log2(Double($1.offset + 2)) }
    ndcg10 = ideal > 0 ? gain / ideal : 0
    mrr10 = reciprocal
    func recall(_ depth: Int) -> Double {
      let found = ranked.prefix(depth).count { relevant[$0] != nil }
      return relevant.isEmpty ? 0 : Double(found) / Double(relevant.count)
    }
    recall10 = recall(10)
    recall100 = recall(100)
  }
}

public enum Statistics {
  /// Area under the ROC curve by ranks (Mann-Whitney); ties count half. Nil where one class is empty.
  public static func auroc(_ scored: [(score: Double, isRight: Bool)]) -> Double? {
    let positives = scored.count { $0.isRight }
    let negatives = scored.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let sorted = scored.sorted { $0.score < $1.score }
    var rankSum = 0.0
    var i = 0
    while i < sorted.count {
      var j = i
      while j < sorted.count, sorted[j].score == sorted[i].score { j += 1 }
      let rank = Double(i + j + 1) / 2
      rankSum += rank * Double(sorted[i..<j].count { $0.isRight })
      i = j
    }
    return (rankSum - Double(positives) * Double(positives + 1) / 2) / (Double(positives) * Double(negatives))
  }

  /// The value below which a share of the sorted values lies (nearest rank).
  public static func percentile(_ sorted: [Double], _ share: Double) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let rank = Int((share * Double(sorted.count)).rounded(.up)) - 1
    return sorted[min(max(rank, 0), sorted.count - 1)]
  }

  /// 95 % interval of the mean of paired differences, by bootstrap (Efron and Tibshirani 1993, ch. 13).
  ///
  /// - Parameter seed: equal seeds give equal intervals.
  public static func bootstrapInterval(
    _ differences: [Double], resamples: Int = 2000, seed: UInt64 = 1
  ) -> ClosedRange<Double> {
    guard !differences.isEmpty else { return 0...0 }
    var random = SplitMix64(state: seed)
    var means: [Double] = []
    means.reserveCapacity(resamples)
    for _ in 0..<resamples {
      var sum = 0.0
      for _ in differences.indices { sum += differences[Int.random(in: differences.indices, using: &random)] }
      means.append(sum / Double(differences.count))
    }
    means.sort()
    return percentile(means, 0.025)...percentile(means, 0.975)
  }
}

/// A small seeded generator (Steele, Lea and Flood, OOPSLA 2014), so that figures repeat.
struct SplitMix64: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
