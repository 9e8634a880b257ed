import CKernels
import Testing

@testable import Embedding

@Suite struct QuantisedKernelTests {
  private static let ways = [
    FD_I8_PORTABLE, FD_I8_AVX2, FD_I8_AVX512_VNNI, FD_I8_NEON_DOT,
  ].map { Int32($0) }.filter { fd_i8_supports($0) }

  private struct Product {
    let (rows, depth, columns): (Int, Int, Int)
    let values: [Float]
    let weights: [Float]
    let bias: [Float]
    var codes: [UInt8]
    var rowCodes: [fd_i8_row]
    var packed: [Float]

    init(_ rows: Int, _ depth: Int, _ columns: Int, _ random: inout SeededRandom, extreme: Bool) {
      (self.rows, self.depth, self.columns) = (rows, depth, columns)
      func number() -> Float {
        let x = Float.random(in: -1...1, using: &random)
        return extreme ? (x > 0 ? 1 : -1) : x * x * x
      }
      values = (0..<rows * depth).map { _ in number() * 5 }
      // A column of zeros, and columns of one sign, whose products all add up.
      weights = (0..<columns).flatMap { column in
        (0..<depth).map { _ in column == 1 ? 0 : column % 3 == 2 ? abs(number()) : number() }
      }
      bias = (0..<columns).map { _ in Float.random(in: -1...1, using: &random) }
      codes = [UInt8](repeating: 0, count: rows * depth)
      rowCodes = [fd_i8_row](repeating: fd_i8_row(), count: rows)
      packed = [Float](repeating: 0, count: fd_packed_bytes_i8(columns, depth) / 4)
      fd_pack_weights_i8(weights, bias, columns, depth, &packed)
      fd_quantise_rows_i8(values, rows, depth, &codes, &rowCodes)
    }

    /// Rows of whole panels.
    func result(_ way: Int32) -> [Float] {
      let stride = (columns + 15) / 16 * 16
      var output = [Float](repeating: 7, count: rows * stride)
      fd_multiply_i8_by(way, codes, rowCodes, rows, depth, packed, columns, &output, stride)
      return output
    }
  }

  @Test(arguments: [(1, 8, 1), (4, 24, 17), (5, 56, 48), (13, 384, 32), (170, 64, 16), (3, 1536, 16)])
  func everyWayGivesTheSameBits(_ rows: Int, _ depth: Int, _ columns: Int) {
    var random = SeededRandom(UInt64(rows * depth + columns))
    for extreme in [false, true] {
      let product = Product(rows, depth, columns, &random, extreme: extreme)
      let expected = product.result(Int32(FD_I8_PORTABLE))
      for way in Self.ways {
        #expect(product.result(way).map(\.bitPattern) == expected.map(\.bitPattern), "way \(way)")
      }
    }
  }

  /// Codes are within half a step, so a product is within what half steps of both sides add up to.
  @Test func aProductIsNearThatOfTheFloats() {
    var random = SeededRandom(5)
    for extreme in [false, true] {
      let product = Product(9, 384, 32, &random, extreme: extreme)
      let result = product.result(Int32(FD_I8_PORTABLE))
      for row in 0..<product.rows {
        let values = product.values[row * 384..<(row + 1) * 384]
        let step = Double(product.rowCodes[row].scale)
        for column in 0..<product.columns {
          let weights = product.weights[column * 384..<(column + 1) * 384]
          let exact = zip(values, weights).reduce(Double(product.bias[column])) {
            $0 + Double($1.0) * Double($1.1)
          }
          // The scale of a column lets four products of one sign meet in 16 bits.
          let largest = Double(weights.map(abs).max() ?? 0)
          let weightStep = 4 * largest / 155
          let bound = zip(values, weights).reduce(1e-3) {
            $0 + abs(Double($1.0)) * weightStep / 2 + (abs(Double($1.1)) + weightStep / 2) * step
          }
          #expect(abs(Double(result[row * 32 + column]) - exact) <= bound)
        }
      }
    }
  }

  @Test func aBatchGivesWhatItsRowsGiveAlone() {
    var random = SeededRandom(6)
    let product = Product(70, 64, 48, &random, extreme: false)
    func feedForward(_ rows: Range<Int>) -> [UInt8] {
      var scratch = [Float](repeating: 0, count: Int(FD_I8_BLOCK_ROWS) * 48)
      var output = [UInt8](repeating: 0, count: rows.count * 48)
      var rowCodes = [fd_i8_row](repeating: fd_i8_row(), count: rows.count)
      fd_multiply_gelu_i8(
        Array(product.codes[rows.lowerBound * 64..<rows.upperBound * 64]),
        Array(product.rowCodes[rows]), rows.count, 64, product.packed, 48, &scratch, &output, &rowCodes)
      return output + rowCodes.flatMap { withUnsafeBytes(of: $0) { Array($0) } }
    }
    let all = feedForward(0..<70)
    for row in stride(from: 0, to: 70, by: 7) {
      let alone = feedForward(row..<row + 1)
      #expect(Array(alone.prefix(48)) == Array(all[row * 48..<(row + 1) * 48]))
      let codes = all.dropFirst(70 * 48).dropFirst(row * MemoryLayout<fd_i8_row>.stride)
      #expect(Array(alone.dropFirst(48)) == Array(codes.prefix(MemoryLayout<fd_i8_row>.stride)))
    }
  }

  @Test func zerosAndConstantsKeepTheirValue() {
    for value in [0, 3, -2] as [Float] {
      var codes = [UInt8](repeating: 9, count: 24)
      var row = fd_i8_row()
      fd_quantise_rows_i8([Float](repeating: value, count: 24), 1, 24, &codes, &row)
      #expect(codes.allSatisfy { abs(Float(Int32($0) - row.zero) * row.scale - value) < 1e-6 })
    }
  }
}
