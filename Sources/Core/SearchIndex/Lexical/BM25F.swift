import CKernels
import Foundation

/// BM25F over fields (Robertson, Zaragoza and Taylor, CIKM 2004, doi:10.1145/1031171.1031181).
///
///     tf~   = sum over fields of weight * tf / (1 - b + b * length / average length)
///     score = sum over terms of idf * tf~ * (k1 + 1) / (k1 + tf~)
///     idf   = ln(1 + (N - df + 0.5) / (df + 0.5))
///
/// A field whose average length is 0 adds nothing. What a term adds is rounded to a multiple of a unit of
/// about 2^-48 of the query's largest possible score, so that sums are exact: a chunk's score does not depend
/// on the order of the terms or on how chunks are spread over segments, and bounds can be compared with it.
///
/// Unchecked Sendable: the tables behind the pointers never change between init and deinit.
final class BM25F: @unchecked Sendable {
  let k1: Double
  let averageLengths: [Double]
  private let chunks: Double
  /// The fields that can add to a score, by their numbers in the index.
  private let indices: [Int]
  private let fields: UnsafeMutablePointer<fd_bm25f_field>
  private let factors: UnsafeMutablePointer<Double>
  private let places: UnsafeMutablePointer<Int>
  private let boundOffsets: UnsafeMutablePointer<Int>
  private static let tabledLengths = 256

  init(_ parameters: BM25FParameters, chunks: Int, totalLengths: [Int]) {
    k1 = Self.finite(parameters.k1, 0...1e6, 1.2)
    self.chunks = Double(chunks)
    averageLengths = totalLengths.map { chunks > 0 ? Double(max(0, $0)) / Double(chunks) : 0 }
    let weights = averageLengths.indices.map {
      Self.finite($0 < parameters.fieldWeights.count ? parameters.fieldWeights[$0] : 1, 0...1e6, 1)
    }
    indices = averageLengths.indices.filter { [averageLengths] in averageLengths[$0] > 0 && weights[$0] > 0 }
    fields = .allocate(capacity: max(1, indices.count))
    factors = .allocate(capacity: max(1, indices.count) * Self.tabledLengths)
    places = .allocate(capacity: max(1, indices.count))
    boundOffsets = .allocate(capacity: max(1, indices.count))
    for (place, field) in indices.enumerated() {
      let b = Self.finite(field < parameters.b.count ? parameters.b[field] : 0.75, 0...1, 0.75)
      let table = factors + place * Self.tabledLengths
      let (weight, base, slope) = (weights[field], 1 - b, b / averageLengths[field])
      for length in 0..<Self.tabledLengths {
        let norm = base + slope * Double(length)
        // Only b = 1 and a field of length 0 leave nothing to divide by.
        table[length] = norm > 0 ? weight / norm : 0
      }
      (fields + place).initialize(
        to: fd_bm25f_field(weight: weight, base: base, slope: slope, factors: table))
      (places + place).initialize(to: field)
      (boundOffsets + place).initialize(to: 8 + 4 * field)
    }
  }

  deinit {
    fields.deallocate()
    factors.deallocate()
    places.deallocate()
    boundOffsets.deallocate()
  }

  private static func finite(_ value: Float, _ range: ClosedRange<Double>, _ fallback: Double) -> Double {
    value.isNaN ? fallback : min(max(Double(value), range.lowerBound), range.upperBound)
  }

  func idf(documentFrequency: Int) -> Double {
    let df = min(Double(documentFrequency), chunks)
    return log(1 + (chunks - df + 0.5) / (df + 0.5))
  }

  /// What a term cannot add more than: the factor of its saturated frequency.
  func gain(idf: Double, weight: Float) -> Double { Double(weight) * idf * (k1 + 1) }

  /// - Parameter largest: what the query's terms cannot add more than together.
  func term(gain: Double, largest: Double) -> fd_bm25f_term {
    let unit =
      largest > 0 && largest.isFinite
      ? 0x1p-48 * Double(sign: .plus, exponent: largest.exponent + 1, significand: 1) : 0
    return fd_bm25f_term(gain: gain, k1: k1, rounding: 1.5 * 0x1p52 * unit)
  }

  /// Scores the postings of a cursor's block.
  func score(
    _ term: fd_bm25f_term, _ cursor: PostingCursor, lengths: LengthColumns,
    into scores: UnsafeMutablePointer<Double>
  ) {
    score(term, cursor, nil, cursor.count, lengths: lengths, into: scores)
  }

  /// Scores those postings of a cursor's block whose places are given.
  func score(
    _ term: fd_bm25f_term, _ cursor: PostingCursor, _ places: UnsafePointer<UInt32>?, _ count: Int,
    lengths: LengthColumns, into scores: UnsafeMutablePointer<Double>
  ) {
    cursor.decodeFrequencies()
    var term = term
    fd_bm25f_scores(
      &term, fields, self.places, indices.count, cursor.ordinals, cursor.frequencies,
      lengths.columns, places, count, scores)
  }

  /// Bounds of the scores in each block of a list that has a table.
  func bounds(_ term: fd_bm25f_term, _ cursor: PostingCursor, into bounds: UnsafeMutablePointer<Double>) {
    var term = term
    fd_bm25f_bounds(
      &term, fields, boundOffsets, indices.count, cursor.tableStart.assumingMemoryBound(to: UInt8.self),
      PostingFormat.entryBytes(fields: cursor.fieldCount), cursor.blocks, bounds)
  }
}
