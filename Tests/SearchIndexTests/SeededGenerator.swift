import Foundation

/// How often randomised tests repeat: 1, or what `FRONTDESK_TEST_EFFORT` says for a long run.
let testEffort = ProcessInfo.processInfo.environment["FRONTDESK_TEST_EFFORT"].flatMap { Int($0) } ?? 1

/// Random numbers that repeat: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

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
