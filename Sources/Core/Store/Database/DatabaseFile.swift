import Domain
import Foundation
import GRDB

/// One SQLite file in WAL mode: one writer, a pool of readers, errors in the store's own terms.
///
/// Reads and writes run on SQLite's own dispatch queues, never on the cooperative pool; a read of a caller whose
/// thread may block (`CallerThread`) runs there.
final class DatabaseFile: Sendable {
  let url: URL
  let pool: DatabasePool

  init(url: URL, options: SQLiteStore.Options) throws {
    self.url = url
    let configuration = Self.configuration(options)
    do {
      pool = try Self.retryingWhileBusy(for: options.busyTimeout) {
        let pool = try DatabasePool(path: url.path, configuration: configuration)
        // The pool sets NORMAL, which may lose acknowledged commits on power loss.
        try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        return pool
      }
    } catch {
      throw StoreError.translating(error)
    }
  }

  /// Runs in one transaction that holds the write lock from its beginning (BEGIN IMMEDIATE).
  func write<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
    do {
      return try await pool.writeWithoutTransaction { db in
        do {
          var result: T?
          try db.inTransaction(.immediate) {
            result = try body(db)
            return .commit
          }
          guard let result else { throw StoreError.corrupt("a transaction gave no result") }
          return result
        } catch {
          throw StoreError.translating(error, on: db)
        }
      }
    } catch {
      throw StoreError.translating(error)
    }
  }

  /// As `write`, on the calling thread: for what is part of another file's transaction.
  func writeNow(_ body: (Database) throws -> Void) throws {
    try pool.writeWithoutTransaction { db in
      try db.inTransaction(.immediate) {
        try body(db)
        return .commit
      }
    }
  }

  /// Runs in one read transaction: everything it reads is of one moment.
  func read<T: Sendable>(_ body: @Sendable (Database) throws -> T) async throws -> T {
    let translating: @Sendable (Database) throws -> T = { db in
      do {
        return try body(db)
      } catch {
        throw StoreError.translating(error, on: db)
      }
    }
    do {
      if CallerThread.mayBlock { return try readHere(translating) }
      return try await pool.read(translating)
    } catch {
      throw StoreError.translating(error)
    }
  }

  /// On the calling thread.
  private func readHere<T>(_ body: (Database) throws -> T) throws -> T { try pool.read(body) }

  func close() throws {
    do {
      // Readers first: only a writer that is the last to close empties the log and removes it.
      pool.invalidateReadOnlyConnections()
      try pool.close()
    } catch {
      throw StoreError.translating(error)
    }
  }

  /// What every connection is opened with.
  static func configuration(_ options: SQLiteStore.Options, readOnly: Bool = false) -> Configuration {
    var configuration = Configuration()
    configuration.readonly = readOnly
    configuration.maximumReaderCount = max(1, options.maximumReaders)
    configuration.busyMode = .callback(LockWait.handler(timeout: options.busyTimeout))
    configuration.label = "frontdesk.store"
    configuration.prepareDatabase { db in
      if !readOnly, !db.configuration.readonly {
        // Takes effect only while the file is being created: vectors of 384 and 1,024 dimensions waste
        // less of 8 KiB than of 4.
        try db.execute(sql: "PRAGMA page_size = 8192")
        try db.execute(sql: "PRAGMA journal_size_limit = 67108864")
      }
      // Erased content is overwritten; sorts never spill content into files elsewhere.
      try db.execute(sql: "PRAGMA secure_delete = ON")
      try db.execute(sql: "PRAGMA temp_store = MEMORY")
      try db.execute(sql: "PRAGMA cache_size = -16384")
    }
    return configuration
  }

  /// Switching a new file to WAL mode reports BUSY at once, without waiting, where two processes do it.
  private static func retryingWhileBusy<T>(for timeout: Duration, _ body: () throws -> T) throws -> T {
    let deadline = ContinuousClock.now + timeout
    while true {
      do {
        return try body()
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline
      {
        Thread.sleep(forTimeInterval: 0.02)
      }
    }
  }
}
