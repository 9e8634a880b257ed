/// Embeddings as arrays of numbers.
extension [Float] {
  /// Scaled to length 1; nil for a vector without a direction.
  var unit: [Float]? {
    let length = reduce(into: Float(0)) { $0 += $1 * $1 }.squareRoot()
    return length > 0 ? map { $0 / length } : nil
  }

  /// The cosine of two vectors of length 1.
  func cosine(with other: [Float]) -> Double {
    Double(zip(self, other).reduce(Float(0)) { $0 + $1.0 * $1.1 })
  }
}
