import Foundation

/// Runs a program to its end.
///
/// Not by Foundation's `Process`: while it looks for open files it copies a whole directory entry where less of one may
/// be there, and so ends the tests with SIGSEGV now and then (Swift 6.3, Linux).
public enum ChildProgram {
  public struct Failure: Error { public let status: Int32 }

  /// Blocks.
  ///
  /// - Throws: `Failure` where it cannot be started, or ends with another status than 0.
  public static func run(_ path: String, _ arguments: [String], in folder: String? = nil) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in 0...2 {
      posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    // A script that another test is writing cannot be run while a child holds it open.
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
      posix_spawn_file_actions_addclose(&actions, descriptor)
    }
    // A shell goes there, and then becomes the program.
    let words = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder ?? "/", path] + arguments
    var pointers: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    var child: pid_t = 0
    let failure = posix_spawn(&child, words[0], &actions, nil, &pointers, environ)
    guard failure == 0 else { throw Failure(status: failure) }
    var status: Int32 = 0
    while waitpid(child, &status, 0) == -1, errno == EINTR {}
    guard status == 0 else { throw Failure(status: status) }
  }
}
