import Foundation

/// The right to write an index folder, held until the last reference goes.
///
/// An advisory `flock` on a file of its own: it belongs to the open file, so two indexes of one process
/// exclude each other as two processes do, and a killed process leaves none behind.
final class WriterLock: Sendable {
  static let fileName = "writer.lock"
  private let descriptor: Int32

  /// Creates the folder where it is missing.
  ///
  /// - Throws: `index_locked` where someone else holds it.
  init(_ folder: URL) throws(SearchIndexError) {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw SearchIndexError(.io, "Could not create \(folder.path).", cause: error)
    }
    let path = folder.appendingPathComponent(Self.fileName).path
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard opened >= 0 else { throw .system("open", path) }
    // From here on `deinit` closes it, also where this throws.
    descriptor = opened
    guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw .system("lock", path) }
      throw SearchIndexError(
        .locked, "Another process writes the index in \(folder.path); open it read-only, or stop the other.")
    }
  }

  deinit { close(descriptor) }
}
