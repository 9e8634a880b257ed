import Foundation
import Logging

/// How many files, sockets among them, the system lets this process hold open.
enum OpenFiles {
  /// For what is no connection: the store, index files, calls to other servers, logs.
  private static let reserve = 256
  private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

  /// Raises the limit of this process as far as it may, so that connections find room.
  ///
  /// - Returns: how many connections there is room for, at most those that are wanted.
  static func room(for connections: Int, logger: Logger) -> Int {
    var limit = rlimit()
    guard getrlimit(openFiles, &limit) == 0 else { return connections }
    let wanted = rlim_t(connections + reserve)
    if limit.rlim_cur < wanted {
      var raised = limit
      raised.rlim_cur = min(wanted, limit.rlim_max)
      if setrlimit(openFiles, &raised) == 0 { limit = raised }
    }
    guard limit.rlim_cur < wanted else { return connections }
    let room = max(1, Int(limit.rlim_cur) - reserve)
    logger.warning(
      """
      fewer connections than max_connections: the system gives this process too few open files; raise its limit \
      (ulimit -Hn, or LimitNOFILE in systemd)
      """,
      metadata: [
        "max_connections": "\(connections)", "open_files": "\(limit.rlim_cur)", "connections": "\(room)",
      ])
    return room
  }
}
