import Foundation

/// What the system knows of this process, under the names that Prometheus clients share.
enum ProcessFacts {
  private static let started = Date().timeIntervalSince1970

  /// By name; what cannot be read is left out. Linux's `/proc`.
  static func gauges() -> [String: Double] {
    var gauges = ["process_start_time_seconds": started.rounded()]
    // Fields: total, resident, ... in pages.
    if let statm = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = statm.split(separator: " ").dropFirst().first.flatMap({ Double($0) })
    {
      gauges["process_resident_memory_bytes"] = pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
    if let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd") {
      gauges["process_open_fds"] = Double(descriptors.count)
    }
    return gauges
  }
}
