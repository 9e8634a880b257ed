import Foundation

/// An index's files in a folder of a POSIX file system.
package struct FolderStorage: IndexStorage {
  private let folder: String

  package init(_ folder: URL) { self.folder = folder.path }

  private func path(_ name: String) -> String { folder + "/" + name }

  package func names() throws(SearchIndexError) -> [String] {
    guard let directory = opendir(folder) else {
      if errno == ENOENT { return [] }
      throw .system("list", folder)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let length = MemoryLayout.size(ofValue: entry.pointee.d_name)
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: length) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  package func create(_ name: String) throws(SearchIndexError) -> any StorageFile {
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("create", path(name)) }
    return FolderFile(descriptor, path: path(name))
  }

  package func map(_ name: String) throws(SearchIndexError) -> StoredBytes? {
    let descriptor = open(path(name), O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw .system("open", path(name))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .system("measure", path(name)) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw SearchIndexError(.io, "\(path(name)) is not a regular file.")
    }
    let count = Int(status.st_size)
    guard count > 0 else { return StoredBytes(copying: []) }
    guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED else {
      throw .system("map", path(name))
    }
    return StoredBytes(mapping: start, count: count)
  }

  package func rename(_ name: String, to newName: String) throws(SearchIndexError) {
    guard Foundation.rename(path(name), path(newName)) == 0 else { throw .system("rename", path(name)) }
  }

  package func remove(_ name: String) throws(SearchIndexError) {
    guard unlink(path(name)) == 0 || errno == ENOENT else { throw .system("remove", path(name)) }
  }

  package func sync() throws(SearchIndexError) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", folder) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("sync", folder) }
  }
}

private final class FolderFile: StorageFile {
  private var descriptor: Int32
  private let path: String

  init(_ descriptor: Int32, path: String) {
    self.descriptor = descriptor
    self.path = path
  }

  deinit { if descriptor >= 0 { _ = Foundation.close(descriptor) } }

  func write(_ bytes: UnsafeRawBufferPointer) throws(SearchIndexError) {
    var written = 0
    while written < bytes.count {
      let count = Foundation.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
      if count > 0 {
        written += count
      } else if count == 0 || errno != EINTR {
        throw .system("write", path)
      }
    }
  }

  func sync() throws(SearchIndexError) {
    guard fsync(descriptor) == 0 else { throw .system("sync", path) }
  }

  func close() throws(SearchIndexError) {
    let closing = descriptor
    descriptor = -1
    guard closing < 0 || Foundation.close(closing) == 0 else { throw .system("close", path) }
  }
}

/// An error of the operating system.
package struct SystemError: Error, Sendable, CustomStringConvertible {
  package let number: Int32
  package init(_ number: Int32) { self.number = number }
  package var description: String { String(cString: strerror(number)) + " (errno \(number))" }
}

extension SearchIndexError {
  /// The error that `errno` now names.
  package static func system(_ operation: String, _ path: String) -> SearchIndexError {
    system(errno, operation, path)
  }

  package static func system(_ number: Int32, _ operation: String, _ path: String) -> SearchIndexError {
    let isFull = number == ENOSPC || number == EDQUOT
    return SearchIndexError(
      isFull ? .storageFull : .io,
      isFull
        ? "No space is left to \(operation) \(path); free some and try again."
        : "Could not \(operation) \(path).",
      cause: SystemError(number))
  }
}
