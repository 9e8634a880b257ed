import Domain
import Foundation
import Synchronization

/// Remembers when keys were used, to the minute, and writes it down now and then: no request waits for that, and
/// however many there are, a key costs one row a minute at most.
final class KeyUses: Sendable {
  private struct State {
    /// Minutes since 1970, by key; those written, too, so that nothing is written twice.
    var noted: [String: Int64] = [:]
    var pending: [String: Date] = [:]
  }
  private let store: any AccessKeyStore
  private let state = Mutex(State())

  init(store: any AccessKeyStore) { self.store = store }

  func note(_ id: String, at time: Date) {
    let minute = Int64(time.timeIntervalSince1970 / 60)
    state.withLock { state in
      guard state.noted[id, default: .min] < minute else { return }
      state.noted[id] = minute
      state.pending[id] = Date(timeIntervalSince1970: Double(minute) * 60)
    }
  }

  /// Writes what is not written yet; where that fails, the next time tries again.
  func flush() async {
    let pending = state.withLock { state in
      defer { state.pending = [:] }
      return state.pending
    }
    guard !pending.isEmpty else { return }
    do { try await store.noteUses(pending) } catch {
      state.withLock { $0.pending.merge(pending) { newer, _ in newer } }
    }
  }

  /// Until it is cancelled.
  func keepFlushing(every interval: Duration) async {
    while (try? await Task.sleep(for: interval)) != nil { await flush() }
  }
}
