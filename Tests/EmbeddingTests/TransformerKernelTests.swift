import CKernels
import COpenBLAS
import Foundation
import Testing

/// The C kernels against OpenBLAS and plain arithmetic in double precision.
@Suite struct TransformerKernelTests {
  private func values(_ count: Int, _ random: inout SeededRandom) -> [Float] {
    (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
  }

  private func packed(_ weights: [Float], _ columns: Int, _ depth: Int) -> [Float] {
    var packed = [Float](repeating: .nan, count: fd_packed_count(columns, depth))
    fd_pack_weights(weights, columns, depth, &packed)
    return packed
  }

  @Test(arguments: [
    (1, 16, 1), (2, 7, 5), (5, 33, 32), (6, 16, 384), (11, 48, 100), (13, 17, 3), (170, 40, 9),
  ])
  func productEqualsOpenBLAS(_ rows: Int, _ columns: Int, _ depth: Int) {
    var random = SeededRandom(4)
    let (input, weights) = (values(rows * depth, &random), values(columns * depth, &random))
    let bias = values(columns, &random)
    var expected = [Float](repeating: 0, count: rows * columns)
    let (m, n, k) = (Int32(rows), Int32(columns), Int32(depth))
    cblas_sgemm(
      CblasRowMajor,
      CblasNoTrans,
      CblasTrans,
      m,
      n,
      k,
      1,
      input,
      k,
      weights,
      k,
      0,
      &expected,
      n
    )
    let stride = (columns + 15) / 16 * 16
    var output = [Float](repeating: .nan, count: rows * stride)
    fd_multiply_packed(
      input,
      depth,
      rows,
      depth,
      packed(weights, columns, depth),
      columns,
      bias,
      &output,
      stride
    )
    for row in 0..<rows {
      for column in 0..<columns {
        let difference = output[row * stride + column] - expected[row * columns + column] - bias[column]
        #expect(abs(difference) < 1e-4)
      }
    }
  }

  @Test func rowsDoNotDependOnEachOther() {
    var random = SeededRandom(5)
    let (rows, columns, depth) = (23, 48, 70)
    let input = values(rows * depth, &random)
    let weights = packed(values(columns * depth, &random), columns, depth)
    var together = [Float](repeating: 0, count: rows * columns)
    fd_multiply_packed(input, depth, rows, depth, weights, columns, nil, &together, columns)
    for row in 0..<rows {
      var alone = [Float](repeating: 0, count: columns)
      fd_multiply_packed(
        Array(input[(row * depth)...]),
        depth,
        1,
        depth,
        weights,
        columns,
        nil,
        &alone,
        columns
      )
      #expect(alone == Array(together[(row * columns)..<((row + 1) * columns)]))
    }
  }

  @Test func geluIsExact() {
    var x = (0...40_000).map { Float($0 - 20_000) / 2_000 } + [-1000, 1000, -0.0]
    let input = x
    fd_gelu(&x, x.count)
    for (value, result) in zip(input, x) {
      let expected = 0.5 * Double(value) * erfc(-Double(value) * 0.5.squareRoot())
      #expect(abs(Double(result) - expected) <= 4e-7 * max(1, abs(Double(value))), "\(value)")
    }
  }

  @Test func layerNormNormalises() {
    var random = SeededRandom(6)
    let (rows, width) = (3, 37)
    let (start, residual) = (values(rows * width, &random), values(rows * width, &random))
    let (scale, shift) = (values(width, &random), values(width, &random))
    var result = start
    fd_layer_norm(&result, residual, scale, shift, 1e-12, rows, width)
    for row in 0..<rows {
      let sums = (0..<width).map { Double(start[row * width + $0]) + Double(residual[row * width + $0]) }
      let mean = sums.reduce(0, +) / Double(width)
      let variance = sums.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(width)
      for index in 0..<width {
        let expected =
          (sums[index] - mean) / variance.squareRoot() * Double(scale[index]) + Double(shift[index])
        #expect(abs(Double(result[row * width + index]) - expected) < 1e-5)
      }
    }
  }

  @Test(arguments: [1, 2, 15, 16, 17, 50, 101])
  func attentionEqualsItsDefinition(_ length: Int) {
    var random = SeededRandom(8)
    let (heads, width) = (2, 16)
    let hidden = heads * width
    let qkv = values(length * 3 * hidden, &random).map { $0 * 4 }
    var scratch = [Float](repeating: .nan, count: fd_attention_scratch_count(length, width))
    var output = [Float](repeating: .nan, count: length * hidden)
    fd_attention(qkv, length, length, heads, width, &scratch, &output)
    var first = [Float](repeating: .nan, count: hidden)
    fd_attention(qkv, length, 1, heads, width, &scratch, &first)
    #expect(first == Array(output[..<hidden]))
    for head in 0..<heads {
      for query in 0..<length {
        let queryStart = query * 3 * hidden + head * width
        let scores = (0..<length).map { (key: Int) -> Double in
          let keyStart = key * 3 * hidden + hidden + head * width
          var sum = 0.0
          for d in 0..<width { sum += Double(qkv[queryStart + d]) * Double(qkv[keyStart + d]) }
          return sum / Double(width).squareRoot()
        }
        let largest = scores.max()!
        let exponentials = scores.map { exp($0 - largest) }
        let sum = exponentials.reduce(0, +)
        for d in 0..<width {
          var expected = 0.0
          for key in 0..<length {
            let value = qkv[key * 3 * hidden + 2 * hidden + head * width + d]
            expected += exponentials[key] / sum * Double(value)
          }
          #expect(abs(Double(output[query * hidden + head * width + d]) - expected) < 1e-5)
        }
      }
    }
  }

  @Test func meanHasLengthOne() {
    var output: [Float] = [9, 9]
    fd_mean_normalised([3, 0, 3, 8], 2, 2, &output)
    #expect(output == [0.6, 0.8])
    fd_mean_normalised([1, 0, -1, 0], 2, 2, &output)
    #expect(output == [0, 0])
  }
}
