import Domain
import Foundation
import GRDB
import GRDBSQLite
import Logging
import Synchronization

/// Removes erased content from the database file and its write-ahead log, after the transaction that
/// deleted it.
///
/// Deleting is not enough. The log keeps old pages until it is truncated; and although `secure_delete`
/// overwrites what is deleted, SQLite leaves old copies of cells in a page's unallocated bytes when it moves
/// them between pages (about 1 purged document in 100, in an experiment with random writes). So the log is
/// truncated, and unallocated bytes of all pages are overwritten, see `PageScrubber`.
///
/// Work runs on a dispatch queue of its own. A mark in `meta` outlives a killed process.
final class Eraser: Sendable {
  private struct State {
    /// Requests are numbered; one run serves all that were made before it began.
    var requested = 0
    var served = 0
    var isStopped = false
  }

  private let state = Mutex(State())
  private let queue = DispatchQueue(label: "frontdesk.store.eraser")
  private let database: URL
  private let options: SQLiteStore.Options
  /// How long the write lock is held at a time.
  private static let slice: Duration = .milliseconds(250)

  init(database: URL, options: SQLiteStore.Options) {
    self.database = database
    self.options = options
  }

  /// To be called in the transaction that deletes. The token tells one deletion from a later one.
  static func markPending(_ db: Database) throws {
    try db.run("REPLACE INTO meta (key, value) VALUES ('erasure_pending', ?)", UUID().uuidString)
  }

  /// Whether a killed process left something to erase.
  static func isPending(_ db: Database) throws -> Bool {
    try db.exists("SELECT 1 FROM meta WHERE key = 'erasure_pending'")
  }

  /// Returns when nothing is left of what was deleted before the call.
  ///
  /// - Throws: `store_busy` where a reader holds an older state for too long; it is then tried again in the
  ///   background until it is done.
  func run() async throws {
    let request = state.withLock { state in
      state.requested += 1
      return state.requested
    }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      queue.async { [self] in
        continuation.resume(with: Result { try serve(request) })
      }
    }
  }

  func startInBackground() { retry(after: .zero) }

  /// What is left to do is done at the next opening.
  func stop() { state.withLock { $0.isStopped = true } }

  private func serve(_ request: Int) throws {
    let through = state.withLock { $0.served >= request ? nil : $0.requested }
    guard let through else { return }
    do {
      try erase(until: .now + options.erasureTimeout)
      state.withLock { $0.served = through }
    } catch {
      options.logger.warning("erased content is still on disk", metadata: ["error": "\(error)"])
      retry(after: .seconds(1))
      throw error
    }
  }

  private func retry(after delay: Duration) {
    queue.asyncAfter(deadline: .now() + delay / .seconds(1)) { [weak self] in
      guard let self, !state.withLock({ $0.isStopped }) else { return }
      do {
        try erase(until: .now + options.busyTimeout)
      } catch {
        retry(after: min(.seconds(30), max(.seconds(1), delay * 2)))
      }
    }
  }

  private func erase(until deadline: ContinuousClock.Instant) throws {
    do {
      var configuration = DatabaseFile.configuration(options)
      // Truncating holds the write lock while it waits for readers: better to try often than to wait long.
      configuration.busyMode = .timeout(0.05)
      let connection = try DatabaseQueue(path: database.path, configuration: configuration)
      var next: UInt32? = 1
      // What is marked now will be gone at the end; what is marked later will not.
      let token = try connection.read { db in
        try db.row("SELECT value FROM meta WHERE key = 'erasure_pending'").map { try $0.text(0) }
      }
      while let page = next {
        switch try connection.inDatabase({ db in try Self.eraseSlice(from: page, token, db) }) {
        case .erased(let following): next = following
        case .blocked:
          guard ContinuousClock.now < deadline, !state.withLock({ $0.isStopped }) else { throw Self.busy }
          Thread.sleep(forTimeInterval: 0.01)
        }
      }
    } catch {
      throw StoreError.translating(error)
    }
  }

  private enum Progress {
    /// Done before this page; nil where all is done.
    case erased(before: UInt32?)
    case blocked
  }

  private static func eraseSlice(from first: UInt32, _ token: String?, _ db: Database) throws -> Progress {
    do {
      guard try db.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0 else { return .blocked }
      var progress = Progress.blocked
      try db.inTransaction(.immediate) {
        let scrubber = try PageScrubber(db)
        // Someone may have written since the truncation.
        guard try scrubber.logIsEmpty() else { return .rollback }
        let next = try scrubber.scrub(from: first, for: slice)
        // This connection has read pages before they were scrubbed, and must not write those back.
        if let connection = db.sqliteConnection { sqlite3_db_release_memory(connection) }
        // A write of our own makes every other connection drop its cached pages, with their old bytes.
        try db.run("REPLACE INTO meta (key, value) VALUES ('erasure_slice', ?)", UUID().uuidString)
        if next == nil {
          try db.run("DELETE FROM meta WHERE key = 'erasure_pending' AND value = ?", token)
        }
        progress = .erased(before: next)
        return .commit
      }
      return progress
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      return .blocked
    }
  }

  private static let busy = StoreError(
    .storeBusy,
    """
    What was to be erased is deleted, but a long read still holds the log that contains it. Its bytes leave the \
    disk as soon as that read ends.
    """
  )
}
