import Foundation
import TestSupport

/// How often randomised tests repeat: 1, or what `FRONTDESK_TEST_EFFORT` says for a long run.
let testEffort = ProcessInfo.processInfo.environment["FRONTDESK_TEST_EFFORT"].flatMap { Int($0) } ?? 1

extension SeededGenerator {
  mutating func chance(_ probability: Double) -> Bool { Double.random(in: 0..<1, using: &self) < probability }

  /// Small numbers often, large ones seldom.
  mutating func skewed(_ limit: Int) -> Int {
    let x = Double.random(in: 0..<1, using: &self)
    return min(limit - 1, Int(x * x * x * Double(limit)))
  }

  mutating func unitVector(_ dimension: Int, near center: [Float]? = nil, spread: Float = 1) -> [Float] {
    var vector = (0..<dimension).map { i in
      (center?[i] ?? 0) + spread * Float.random(in: -1...1, using: &self)
    }
    let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
    if length > 0 { vector = vector.map { $0 / length } }
    return vector
  }
}
