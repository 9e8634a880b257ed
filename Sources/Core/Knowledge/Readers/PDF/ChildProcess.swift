import Foundation

/// Runs a program to its end, or kills it at the deadline.
///
/// The child gets no open file of this process but its own standard streams (a lock held by it would
/// outlive us), bounded memory and processor time (so that it dies even where we cannot kill it), and no
/// pipes: it writes files, which nothing can block on.
enum ChildProcess {
  struct Outcome {
    /// Exit status; negative where a signal ended it.
    let status: Int32
    let errorOutput: String
  }

  private static let maxMemoryKilobytes = 3 << 20
  private static let maxErrorBytes = 4_096

  /// - Parameters:
  ///   - limits: bounds on its output file and time.
  ///   - errorFile: where its standard error goes; removed by whoever made the folder.
  /// - Throws: what the deadline throws, the child being dead and buried.
  static func run(
    _ path: String, _ arguments: [String], errorFile: String, maxOutputBytes: Int, maxSeconds: Int,
    _ deadline: Deadline
  ) throws(ReadFailure) -> Outcome? {
    // A shell sets the bounds and then becomes the program: one process, one id.
    let script =
      "ulimit -v \(maxMemoryKilobytes); ulimit -f \(maxOutputBytes / 512 + 1); ulimit -t \(maxSeconds); "
      + "ulimit -c 0; exec \"$0\" \"$@\""
    guard let child = spawn("/bin/sh", ["sh", "-c", script, path] + arguments, errorFile: errorFile) else {
      return nil
    }
    var pause: UInt32 = 500
    while true {
      var status: Int32 = 0
      let ended = waitpid(child, &status, WNOHANG)
      if ended == child {
        return Outcome(status: exitStatus(status), errorOutput: head(of: errorFile))
      }
      // Someone else has waited for it: it is gone, and its output is all we know.
      if ended == -1, errno != EINTR { return Outcome(status: 0, errorOutput: head(of: errorFile)) }
      do {
        try deadline.check()
      } catch {
        kill(child, SIGKILL)
        waitpid(child, &status, 0)
        throw error
      }
      usleep(pause)
      pause = min(pause * 2, 20_000)
    }
  }

  private static func exitStatus(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : -signal
  }

  private static func head(of file: String) -> String {
    guard let handle = FileHandle(forReadingAtPath: file) else { return "" }
    defer { try? handle.close() }
    return String(decoding: (try? handle.read(upToCount: maxErrorBytes)) ?? Data(), as: UTF8.self)
  }

  private static func spawn(_ program: String, _ arguments: [String], errorFile: String) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    guard posix_spawn_file_actions_init(&actions) == 0 else { return nil }
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor in openDescriptors() where descriptor > 2 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)

    var attributes = posix_spawnattr_t()
    guard posix_spawnattr_init(&attributes) == 0 else { return nil }
    defer { posix_spawnattr_destroy(&attributes) }
    // Signals that a server blocks or ignores must be as usual in the child.
    var none = sigset_t()
    var usual = sigset_t()
    sigemptyset(&none)
    sigemptyset(&usual)
    for signal in [SIGPIPE, SIGTERM, SIGINT, SIGCHLD, SIGXFSZ, SIGXCPU] { sigaddset(&usual, signal) }
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &usual)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
    posix_spawnattr_setflags(&attributes, Int16(flags))

    var child: pid_t = 0
    let failure = withCStrings(arguments) { argv in
      withCStrings(["LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"]) { environment in
        posix_spawn(&child, program, &actions, &attributes, argv, environment)
      }
    }
    return failure == 0 ? child : nil
  }

  private static func openDescriptors() -> [Int32] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return names.compactMap { Int32($0) }
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
  ) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body(UnsafePointer($0.baseAddress!)) }
  }
}
