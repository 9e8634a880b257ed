import Foundation

/// How much of a busy processor a thread gets.
enum ThreadPriority {
  /// The tenth of what others get.
  private static let niceness: Int32 = 10

  /// For the thread that calls it, and for good.
  static func lower() {
    #if os(Linux)
      // Linux knows a niceness of each thread; 0 is the one that calls.
      _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    #endif
  }
}
