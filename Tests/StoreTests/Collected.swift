import Domain
import Store
import Synchronization

/// Values that a callback on another thread hands over.
final class Collected<Value: Sendable>: Sendable {
  private let values = Mutex<[Value]>([])
  func append(_ value: Value) { values.withLock { $0.append(value) } }
  var all: [Value] { values.withLock { $0 } }
}

/// The code of what an operation throws, nil where it throws nothing.
func thrownCode(_ body: () async throws -> Void) async -> String? {
  do {
    try await body()
    return nil
  } catch let error as any CodedError {
    return error.code
  } catch {
    return "\(type(of: error))"
  }
}

/// Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
