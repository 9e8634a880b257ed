import CKernels

/// The int8 codes of a segment's vectors, to compare any of them.
///
/// Whoever holds it keeps the bytes behind it alive. Vectors must be below `count`.
struct VectorCodes {
  let dimension: Int
  let count: Int
  private let codes: UnsafePointer<Int8>
  private let scales: UnsafePointer<Float>
  private let stride: Int
  private let way = fd_best_way()

  /// - Returns: nil for a file without vectors.
  init?(_ file: VectorFile) {
    let vectors = 0..<file.count
    guard !vectors.isEmpty, let codes = file.codes(vectors).baseAddress,
      let scales = file.scales.bytes(vectors).baseAddress
    else { return nil }
    self.codes = codes.assumingMemoryBound(to: Int8.self)
    self.scales = scales.assumingMemoryBound(to: Float.self)
    dimension = file.dimension
    count = file.count
    stride = VectorFile.stride(file.dimension)
  }

  /// Writes the numbers that a vector's codes stand for.
  func decode(_ vector: UInt32, into values: UnsafeMutablePointer<Float>) {
    let row = row(vector)
    let scale = scales[Int(vector)]
    for index in 0..<dimension { values[index] = scale * Float(row[index]) }
  }

  /// Cosines of a query and some vectors, wherever they lie: the next are fetched from memory while one is
  /// compared.
  func score(_ vectors: [UInt32], with query: VectorQuery, into scores: UnsafeMutablePointer<Float>) {
    fd_gather_i8(
      way, codes, stride, scales, vectors, vectors.count, query.codes, query.scale, scores)
  }

  /// Cosines of one vector and some others.
  func score(_ others: [UInt32], with vector: UInt32, into scores: UnsafeMutablePointer<Float>) {
    fd_gather_i8(
      way, codes, stride, scales, others, others.count, row(vector), scales[Int(vector)], scores)
  }

  /// Whether one vector's cosine with any of some others is above a bound.
  func isAny(of others: [UInt32], nearerTo vector: UInt32, than bound: Float) -> Bool {
    fd_any_above_i8(
      way, codes, stride, scales, others, others.count, row(vector), scales[Int(vector)], bound)
  }

  @inline(__always)
  private func row(_ vector: UInt32) -> UnsafePointer<Int8> { codes + Int(vector) * stride }
}
