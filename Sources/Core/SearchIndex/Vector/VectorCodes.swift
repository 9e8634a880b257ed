import CKernels

/// The int8 codes of a segment's vectors, to compare any of them.
///
/// Whoever holds it keeps the bytes behind it alive. Vectors must be below `count`.
struct VectorCodes {
  let codes: UnsafePointer<Int8>
  let scales: UnsafePointer<Float>
  let dimension: Int
  let count: Int
  private let stride: Int
  private let way = fd_best_way()

  init(_ file: VectorFile) {
    let vectors = 0..<file.count
    codes = file.codes(vectors).baseAddress!.assumingMemoryBound(to: Int8.self)
    scales = file.scales.bytes(vectors).baseAddress!.assumingMemoryBound(to: Float.self)
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

  /// Cosines of one vector and some others.
  func score(_ others: [UInt32], with vector: UInt32, into scores: inout [Float]) {
    fd_gather_i8(
      way, codes, stride, scales, others, others.count, row(vector), scales[Int(vector)], &scores)
  }

  /// Whether one vector's cosine with any of some others is above a bound.
  func isAny(of others: [UInt32], nearerTo vector: UInt32, than bound: Float) -> Bool {
    fd_any_above_i8(
      way, codes, stride, scales, others, others.count, row(vector), scales[Int(vector)], bound)
  }

  @inline(__always)
  private func row(_ vector: UInt32) -> UnsafePointer<Int8> { codes + Int(vector) * stride }
}
