import Foundation
import Synchronization

@testable import Store

/// A time that stands until it is moved.
final class ManualClock: Sendable {
  private let time = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
  var now: Date { time.withLock { $0 } }
  func advance(_ seconds: Double) { time.withLock { $0 += seconds } }
  func after(_ seconds: Double) -> Date { now.addingTimeInterval(seconds) }

  var options: SQLiteStore.Options {
    var options = Sample.options
    options.now = { self.now }
    return options
  }
}
