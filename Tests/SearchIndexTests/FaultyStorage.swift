import Foundation
import SearchIndex
import Synchronization

/// A folder whose n-th operation fails once, a write after half of its bytes.
final class FaultyStorage: IndexStorage {
  private struct Plan {
    var remaining: Int?
    var hit: String?
    var error: Int32 = ENOSPC
  }

  private let folder: FolderStorage
  private let plan = Mutex(Plan())

  init(_ folder: URL) { self.folder = FolderStorage(folder) }

  /// From now on, fails the operation after `count` others.
  func fail(after count: Int, with error: Int32 = ENOSPC) {
    plan.withLock { $0 = Plan(remaining: count, error: error) }
  }

  /// Fails nothing more.
  ///
  /// - Returns: the operation that failed, nil where there were not that many.
  func disarm() -> String? {
    plan.withLock {
      let hit = $0.hit
      $0 = Plan()
      return hit
    }
  }

  fileprivate func pass(_ operation: String) throws(SearchIndexError) {
    let error: Int32? = plan.withLock { plan in
      guard let remaining = plan.remaining else { return nil }
      plan.remaining = remaining == 0 ? nil : remaining - 1
      guard remaining == 0 else { return nil }
      plan.hit = operation
      return plan.error
    }
    if let error { throw .system(error, operation, "the file of a test") }
  }

  func names() throws(SearchIndexError) -> [String] {
    try pass("names")
    return try folder.names()
  }

  func create(_ name: String) throws(SearchIndexError) -> any StorageFile {
    try pass("create")
    return File(try folder.create(name), self)
  }

  func map(_ name: String) throws(SearchIndexError) -> StoredBytes? {
    try pass("map")
    return try folder.map(name)
  }

  func rename(_ name: String, to newName: String) throws(SearchIndexError) {
    try pass("rename")
    try folder.rename(name, to: newName)
  }

  func remove(_ name: String) throws(SearchIndexError) {
    try pass("remove")
    try folder.remove(name)
  }

  func sync() throws(SearchIndexError) {
    try pass("sync folder")
    try folder.sync()
  }

  private final class File: StorageFile {
    private let file: any StorageFile
    private let storage: FaultyStorage

    init(_ file: any StorageFile, _ storage: FaultyStorage) {
      self.file = file
      self.storage = storage
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(SearchIndexError) {
      do {
        try storage.pass("write")
      } catch {
        try file.write(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count / 2)]))
        throw error
      }
      try file.write(bytes)
    }

    func sync() throws(SearchIndexError) {
      try storage.pass("sync file")
      try file.sync()
    }

    func close() throws(SearchIndexError) {
      try storage.pass("close")
      try file.close()
    }
  }
}
