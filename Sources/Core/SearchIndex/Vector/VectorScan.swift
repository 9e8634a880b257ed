import CKernels
import Foundation

/// A query vector in the two forms that are compared with: unit length, and int8 codes.
struct VectorQuery {
  let values: [Float]
  let codes: [Int8]
  let scale: Float

  /// - Returns: nil for a vector of another dimension, or one that has no direction.
  init?(_ vector: [Float], dimension: Int) {
    guard dimension > 0, vector.count == dimension else { return nil }
    let length = vector.reduce(into: 0.0) { $0 += Double($1) * Double($1) }.squareRoot()
    guard length.isFinite, length > 0 else { return nil }
    let values = vector.map { Float(Double($0) / length) }
    var codes = [Int8](repeating: 0, count: VectorFile.stride(dimension))
    scale = fd_quantise_i8(values, dimension, &codes)
    self.values = values
    self.codes = codes
  }
}

extension VectorFile {
  /// Cosine of the query and a chunk's nearest vector, from binary16; nil for a chunk without vectors.
  func exactScore(_ query: VectorQuery, chunk: Int) -> Double? {
    var best: Float?
    for vector in vectors(of: chunk..<chunk + 1) {
      let row = halves(vector..<vector + 1)
      // Half precision needs no alignment of the kernel's.
      let score = fd_dot_half(query.values, row.baseAddress?.assumingMemoryBound(to: UInt16.self), dimension)
      if !score.isNaN { best = max(best ?? score, score) }
    }
    return best.map(Double.init)
  }
}

/// Compares a query with every allowed chunk of a segment by int8 codes.
struct VectorScan {
  private static let batch = 1024

  let file: VectorFile
  let keys: BitPackedArray
  let index: Int

  /// Offers every allowed chunk that has a vector, with its approximate cosine.
  func run(_ query: VectorQuery, _ allowed: FilterResult, into hits: inout TopHits) {
    let scores = UnsafeMutablePointer<Float>.allocate(capacity: Self.batch)
    defer { scores.deallocate() }
    switch allowed {
    case .nothing: return
    case .everything: scan(0..<file.chunks, query, scores, &hits)
    case .some(let words):
      var runs = BitRuns(words, count: file.chunks)
      while let run = runs.next() { scan(run, query, scores, &hits) }
    }
  }

  private func scan(
    _ chunks: Range<Int>, _ query: VectorQuery, _ scores: UnsafeMutablePointer<Float>,
    _ hits: inout TopHits
  ) {
    let vectors = file.vectors(of: chunks)
    let stride = VectorFile.stride(file.dimension)
    var threshold = hits.threshold
    var chunk = chunks.lowerBound
    var best = -Float.infinity
    var end = vectors.isEmpty ? 0 : Int(file.offsets[chunk + 1])
    for first in Swift.stride(from: vectors.lowerBound, to: vectors.upperBound, by: Self.batch) {
      let rows = first..<min(first + Self.batch, vectors.upperBound)
      fd_scan_i8(
        file.codes(rows).baseAddress?.assumingMemoryBound(to: Int8.self), stride,
        file.scales.bytes(rows).baseAddress?.assumingMemoryBound(to: Float.self), rows.count,
        query.codes, query.scale, scores)
      for row in rows {
        while row >= end, chunk + 1 < chunks.upperBound {
          offer(chunk, best, &threshold, &hits)
          best = -.infinity
          chunk += 1
          end = Int(file.offsets.unchecked(chunk + 1))
        }
        let score = scores[row &- first]
        if score > best { best = score }
      }
    }
    offer(chunk, best, &threshold, &hits)
  }

  @inline(__always)
  private func offer(_ chunk: Int, _ score: Float, _ threshold: inout Double, _ hits: inout TopHits) {
    // -inf: a chunk without vectors. A tie at the threshold is decided by key.
    guard Double(score) >= threshold, score > -.infinity else { return }
    hits.offer(.init(score: Double(score), key: keys[chunk], view: index, ordinal: chunk))
    threshold = hits.threshold
  }
}

/// Runs of set bits.
struct BitRuns {
  private let words: [UInt64]
  private let count: Int
  private var position = 0

  init(_ words: [UInt64], count: Int) {
    self.words = words
    self.count = min(count, words.count * 64)
  }

  mutating func next() -> Range<Int>? {
    let start = find(from: position, set: true)
    guard start < count else { return nil }
    position = find(from: start, set: false)
    return start..<position
  }

  /// The first bit at or after a place that is set, or that is not.
  private func find(from start: Int, set: Bool) -> Int {
    guard start < count else { return count }
    var word = start >> 6
    var bits = (set ? words[word] : ~words[word]) & (UInt64.max << UInt64(start & 63))
    while bits == 0 {
      word += 1
      guard word << 6 < count else { return count }
      bits = set ? words[word] : ~words[word]
    }
    return min(count, word << 6 + bits.trailingZeroBitCount)
  }
}
