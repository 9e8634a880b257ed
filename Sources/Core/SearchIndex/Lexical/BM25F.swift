import Foundation

/// BM25F over fields (Robertson, Zaragoza and Taylor, CIKM 2004, doi:10.1145/1031171.1031181).
///
///     tf~   = sum over fields of weight * tf / (1 - b + b * length / average length)
///     score = sum over terms of idf * tf~ * (k1 + 1) / (k1 + tf~)
///     idf   = ln(1 + (N - df + 0.5) / (df + 0.5))
///
/// A field whose average length is 0 adds nothing. A chunk's score is a function of the query, the chunk
/// and counts over live chunks, computed in one order: it does not depend on how chunks are spread.
struct BM25F {
  struct Field {
    let index: Int
    private let weight: Double
    /// 1 - b, and b / average length.
    private let base: Double
    private let slope: Double
    /// `factor` of the lengths that are common: a division for each posting would take half the time.
    private let factors: [Double]

    init(index: Int, weight: Double, b: Double, averageLength: Double) {
      self.index = index
      self.weight = weight
      let base = 1 - b
      let slope = b / averageLength
      self.base = base
      self.slope = slope
      factors = (0..<256).map { Self.factor(weight, base + slope * Double($0)) }
    }

    /// Weight over length norm: what one occurrence adds to tf~.
    @inline(__always) func factor(length: UInt16) -> Double {
      Int(length) < factors.count
        ? factors[Int(length)] : Self.factor(weight, base + slope * Double(length))
    }

    /// Only b = 1 and a field of length 0 leave nothing to divide by.
    private static func factor(_ weight: Double, _ norm: Double) -> Double { norm > 0 ? weight / norm : 0 }
  }

  let k1: Double
  /// The fields that can add to a score.
  let fields: [Field]
  let averageLengths: [Double]
  private let chunks: Double

  init(_ parameters: BM25FParameters, chunks: Int, totalLengths: [Int]) {
    k1 = Self.finite(parameters.k1, 0...1e6, 1.2)
    self.chunks = Double(chunks)
    averageLengths = totalLengths.map { chunks > 0 ? Double(max(0, $0)) / Double(chunks) : 0 }
    var fields: [Field] = []
    for (index, average) in averageLengths.enumerated() where average > 0 {
      let weight = Self.finite(
        index < parameters.fieldWeights.count ? parameters.fieldWeights[index] : 1, 0...1e6, 1)
      let b = Self.finite(index < parameters.b.count ? parameters.b[index] : 0.75, 0...1, 0.75)
      if weight > 0 { fields.append(Field(index: index, weight: weight, b: b, averageLength: average)) }
    }
    self.fields = fields
  }

  private static func finite(_ value: Float, _ range: ClosedRange<Double>, _ fallback: Double) -> Double {
    value.isNaN ? fallback : min(max(Double(value), range.lowerBound), range.upperBound)
  }

  func idf(documentFrequency: Int) -> Double {
    let df = min(Double(documentFrequency), chunks)
    return log(1 + (chunks - df + 0.5) / (df + 0.5))
  }

  /// Factor of a term's saturated frequency.
  func gain(idf: Double, weight: Float) -> Double { Double(weight) * idf * (k1 + 1) }

  /// Scores the posting at which a cursor stands.
  func score(_ cursor: PostingCursor, at position: Int, lengths: PackedArray<UInt16>, gain: Double) -> Double
  {
    var score = 0.0
    withUnsafeMutablePointer(to: &score) {
      self.score(cursor, position..<position + 1, lengths: lengths, gain: gain, into: $0)
    }
    return score
  }

  /// Scores postings of a cursor's block into the first places of `scores`.
  func score(
    _ cursor: PostingCursor, _ range: Range<Int>, lengths: PackedArray<UInt16>, gain: Double,
    into scores: UnsafeMutablePointer<Double>
  ) {
    let count = range.count
    let ordinals = cursor.ordinals + range.lowerBound
    for i in 0..<count { scores[i] = 0 }
    let stride = cursor.fieldCount
    for field in fields where cursor.presentFields & (1 << UInt64(field.index)) != 0 {
      let frequencies = cursor.frequencies + field.index * PostingFormat.blockPostings + range.lowerBound
      for i in 0..<count {
        let frequency = frequencies[i]
        guard frequency > 0 else { continue }
        let length = lengths.unchecked(Int(ordinals[i]) &* stride &+ field.index)
        scores[i] += field.factor(length: length) * Double(frequency)
      }
    }
    for i in 0..<count {
      let frequency = scores[i]
      scores[i] = frequency > 0 ? gain * (frequency / (k1 + frequency)) : 0
    }
  }
}
