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

  /// The chunk's vector that is nearest to the query; nil for a chunk without vectors.
  func nearest(_ query: VectorQuery, chunk: Int) -> [Float]? {
    var best: (score: Float, values: [Float])?
    for vector in vectors(of: chunk..<chunk + 1) {
      let values = [Float](unsafeUninitializedCapacity: dimension) { buffer, count in
        guard let start = buffer.baseAddress else { return }
        self.values(of: vector, into: start)
        count = dimension
      }
      let score = zip(values, query.values).reduce(Float(0)) { $0 + $1.0 * $1.1 }
      if score > best?.score ?? -.infinity { best = (score, values) }
    }
    return best?.values
  }
}

/// Compares a query with every allowed chunk of a segment by int8 codes.
struct VectorScan {
  private static let batch = 1024

  let file: VectorFile
  let keys: BitPackedArray
  let index: Int
  private let way = fd_best_way()

  init(file: VectorFile, keys: BitPackedArray, index: Int) {
    self.file = file
    self.keys = keys
    self.index = index
  }

  /// Offers every allowed chunk that has a vector, with its approximate cosine.
  func run(_ query: VectorQuery, _ allowed: FilterResult, into hits: inout TopHits) {
    let scores = UnsafeMutablePointer<Float>.allocate(capacity: Self.batch)
    defer { scores.deallocate() }
    switch allowed {
    case .nothing: return
    case .everything: scan(query, scores, &hits)
    case .some(let words): gather(words, query, scores, &hits)
    }
  }

  /// All chunks, in the order in which they lie in memory.
  private func scan(_ query: VectorQuery, _ scores: UnsafeMutablePointer<Float>, _ hits: inout TopHits) {
    let vectors = file.vectors(of: 0..<file.chunks)
    let stride = VectorFile.stride(file.dimension)
    var best = BestOfChunks(threshold: hits.threshold)
    var chunk = 0
    var end = vectors.isEmpty ? 0 : Int(file.offsets[1])
    for first in Swift.stride(from: vectors.lowerBound, to: vectors.upperBound, by: Self.batch) {
      let rows = first..<min(first + Self.batch, vectors.upperBound)
      fd_scan_i8(
        way, file.codes(rows).baseAddress?.assumingMemoryBound(to: Int8.self), stride,
        file.scales.bytes(rows).baseAddress?.assumingMemoryBound(to: Float.self), rows.count,
        query.codes, query.scale, scores)
      for row in rows {
        while row >= end, chunk + 1 < file.chunks {
          chunk += 1
          end = Int(file.offsets.unchecked(chunk + 1))
        }
        best.add(scores[row &- first], of: chunk) { offer($0, $1, &hits) }
      }
    }
    best.finish { offer($0, $1, &hits) }
  }

  /// Chunks here and there.
  private func gather(
    _ words: [UInt64], _ query: VectorQuery, _ scores: UnsafeMutablePointer<Float>, _ hits: inout TopHits
  ) {
    guard let codes = VectorCodes(file) else { return }
    var best = BestOfChunks(threshold: hits.threshold)
    var rows: [UInt32] = []
    var chunks: [Int] = []
    rows.reserveCapacity(Self.batch)
    chunks.reserveCapacity(Self.batch)
    func compare(_ hits: inout TopHits) {
      codes.score(rows, with: query, into: scores)
      for place in rows.indices { best.add(scores[place], of: chunks[place]) { offer($0, $1, &hits) } }
      rows.removeAll(keepingCapacity: true)
      chunks.removeAll(keepingCapacity: true)
    }
    for (index, word) in words.enumerated() {
      var rest = word
      while rest != 0 {
        let chunk = index << 6 + rest.trailingZeroBitCount
        rest &= rest - 1
        guard chunk < file.chunks else { break }
        for row in file.vectors(of: chunk..<chunk + 1) {
          rows.append(UInt32(row))
          chunks.append(chunk)
          if rows.count == Self.batch { compare(&hits) }
        }
      }
    }
    compare(&hits)
    best.finish { offer($0, $1, &hits) }
  }

  /// - Returns: the score from which a chunk is worth offering.
  private func offer(_ chunk: Int, _ score: Float, _ hits: inout TopHits) -> Double {
    hits.offer(.init(score: Double(score), key: keys[chunk], view: index, ordinal: chunk))
    return hits.threshold
  }
}

/// The best score of each chunk, of vectors that come chunk by chunk.
private struct BestOfChunks {
  /// Below this a score is not worth offering; a tie with it is decided by key.
  private var threshold: Double
  private var chunk = -1
  private var score = -Float.infinity

  init(threshold: Double) { self.threshold = threshold }

  /// - Parameter offer: takes a chunk and its score, and returns the new threshold.
  @inline(__always)
  mutating func add(_ score: Float, of chunk: Int, offer: (Int, Float) -> Double) {
    if chunk != self.chunk {
      finish(offer: offer)
      self.chunk = chunk
    }
    if score > self.score { self.score = score }
  }

  @inline(__always)
  mutating func finish(offer: (Int, Float) -> Double) {
    if score > -.infinity, Double(score) >= threshold { threshold = offer(chunk, score) }
    score = -.infinity
  }
}
