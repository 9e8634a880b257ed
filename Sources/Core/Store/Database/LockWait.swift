import Foundation

/// Waits for another connection's lock, a little at a time, until a time-out.
///
/// SQLite's own handler soon sleeps 100 ms between tries, so that a process which writes now and then can
/// starve beside one that ingests; here a try follows every 1 to 4 ms.
enum LockWait {
  private static let pauseMicroseconds: ClosedRange<UInt32> = 1_000...4_000

  /// A busy handler: told how often it was called for the same lock, says whether to try again.
  ///
  /// It keeps no state, since all connections of a pool share it: elapsed time is the mean pause times the
  /// tries, so that the real wait is a little longer than `timeout`.
  static func handler(timeout: Duration) -> @Sendable (_ tries: Int) -> Bool {
    let mean = Int(pauseMicroseconds.lowerBound + pauseMicroseconds.upperBound) / 2
    let limit = Int(timeout / .microseconds(mean))
    return { tries in
      guard tries < limit else { return false }
      usleep(UInt32.random(in: pauseMicroseconds))
      return true
    }
  }
}
