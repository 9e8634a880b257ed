import CKernels

/// The levels that stand for a vector's numbers in 4 bits, by dimension.
///
/// Uniform levels over mean and spread of each dimension, with the step that loses least for a normal
/// distribution (Max 1960, doi:10.1109/TIT.1960.1057548). Good enough to walk a graph; what is found is
/// scored again from binary16.
struct CoarseQuantiser {
  /// The value of level 0.
  let lowest: [Float]
  let steps: [Float]

  static let levels = 16
  /// Of 16 levels, in standard deviations.
  private static let bestStep: Float = 0.3352

  var dimension: Int { steps.count }
  /// Bytes of a vector.
  var stride: Int { Self.stride(dimension) }
  /// Numbers of a query, padding included.
  var queryStride: Int { 2 * stride }

  static func stride(_ dimension: Int) -> Int { (dimension + 63) / 64 * 32 }

  init(lowest: [Float], steps: [Float]) {
    self.lowest = lowest
    self.steps = steps
  }

  /// Fits the levels to some vectors.
  ///
  /// - Parameter sample: calls its argument with each.
  init(dimension: Int, sample: ((UnsafePointer<Float>) -> Void) -> Void) {
    var count = 0.0
    var sums = [Double](repeating: 0, count: dimension)
    var squares = [Double](repeating: 0, count: dimension)
    sample { vector in
      count += 1
      for index in 0..<dimension {
        let value = Double(vector[index])
        sums[index] += value
        squares[index] += value * value
      }
    }
    let means = sums.map { $0 / max(1, count) }
    let steps = zip(means, squares).map { mean, square in
      Self.bestStep * Float(max(0, square / max(1, count) - mean * mean).squareRoot())
    }
    self.steps = steps
    lowest = zip(means, steps).map { Float($0) - Float(Self.levels - 1) / 2 * $1 }
  }

  /// Writes `stride` bytes.
  func encode(_ vector: UnsafePointer<Float>, into codes: UnsafeMutablePointer<UInt8>) {
    fd_quantise_u4(vector, lowest, steps, dimension, codes)
  }

  /// Brings a vector into the form that codes are compared with.
  ///
  /// - Parameters:
  ///   - buffer: room for `dimension` numbers.
  ///   - codes: `queryStride` bytes, zeros after the last number.
  func query(
    _ vector: UnsafePointer<Float>, buffer: UnsafeMutablePointer<Float>, codes: UnsafeMutablePointer<Int8>
  ) -> CoarseQuery {
    var offset: Float = 0
    for index in 0..<dimension {
      offset += vector[index] * lowest[index]
      buffer[index] = vector[index] * steps[index]
    }
    let scale = fd_quantise_i8(buffer, dimension, codes)
    return CoarseQuery(codes: codes, scale: scale, offset: offset)
  }
}

/// Vectors in 4 bits. Whoever holds it keeps the bytes behind it alive.
struct CoarseCodes {
  let codes: UnsafePointer<UInt8>
  let stride: Int
  let count: Int
  private let way = fd_best_way()

  init(_ codes: UnsafePointer<UInt8>, stride: Int, count: Int) {
    self.codes = codes
    self.stride = stride
    self.count = count
  }

  /// Approximate cosines of a query and some vectors, each below `count`.
  @inline(__always)
  func score(
    _ vectors: UnsafePointer<UInt32>, _ count: Int, _ query: CoarseQuery,
    into scores: UnsafeMutablePointer<Float>
  ) {
    fd_gather_u4(way, codes, stride, vectors, count, query.codes, query.scale, query.offset, scores)
  }
}

/// A query to compare 4-bit codes with: cosine = scale * (levels . codes) + offset.
struct CoarseQuery {
  let codes: UnsafePointer<Int8>
  let scale: Float
  let offset: Float
}
