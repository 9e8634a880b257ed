import Foundation

/// How much of a busy processor a thread gets.
enum ThreadPriority {
  /// Beside a thread of the process, the tenth of its time.
  private static let niceness: Int32 = 10

  /// For the thread that calls it, and for good.
  static func lower() {
    #if os(Linux)
      // Linux knows a niceness of each thread; 0 is the one that calls.
      let which = __priority_which_t(PRIO_PROCESS.rawValue)
      _ = setpriority(which, 0, min(19, getpriority(which, 0) + niceness))
    #endif
  }
}
