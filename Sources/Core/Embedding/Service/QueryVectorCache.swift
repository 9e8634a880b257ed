import Synchronization

/// Vectors of the questions asked last; the one not asked for longest goes first.
///
/// Questions repeat: suggestions, paging, and an answer after its search embed the same text again.
final class QueryVectorCache: Sendable {
  private struct Entry {
    let vector: [Float]
    var lastUse: UInt64
  }

  private struct State {
    var entries: [[UInt8]: Entry] = [:]
    var clock: UInt64 = 0
  }

  private let capacity: Int
  private let state = Mutex(State())

  /// - Parameter capacity: vectors held; 0 holds none.
  init(capacity: Int) { self.capacity = capacity }

  subscript(text: String) -> [Float]? {
    let key = Array(text.utf8)
    return state.withLock { state in
      state.clock += 1
      state.entries[key]?.lastUse = state.clock
      return state.entries[key]?.vector
    }
  }

  func add(_ vector: [Float], for text: String) {
    guard capacity > 0 else { return }
    let key = Array(text.utf8)
    state.withLock { state in
      if state.entries.count >= capacity {
        // A quarter at a time, so that a full cache is sorted seldom.
        let oldest = state.entries.sorted { $0.value.lastUse < $1.value.lastUse }
          .prefix(max(1, capacity / 4)).map(\.key)
        for key in oldest { state.entries[key] = nil }
      }
      state.clock += 1
      state.entries[key] = Entry(vector: vector, lastUse: state.clock)
    }
  }
}
