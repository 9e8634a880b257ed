import Domain
import Foundation
import GRDB
import GRDBSQLite

extension StoreError {
  /// The store's error for one of SQLite's; errors that are none of SQLite's pass as they are.
  ///
  /// - Parameter systemError: `errno` behind an I/O error, 0 where unknown.
  static func translating(_ error: any Error, systemError: Int32 = 0) -> any Error {
    if error is RowDecodingError { return corrupt("a value has the wrong type", cause: error) }
    guard let error = error as? DatabaseError else { return error }
    let full =
      [.SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_NOMEM].contains(error.resultCode)
      && [ENOSPC, EDQUOT, EFBIG].contains(systemError)
    switch error.resultCode {
    case _ where full || error.resultCode == .SQLITE_FULL:
      return StoreError(
        .storageFull,
        "The disk that holds the data folder is full. Nothing was written; free some space and try again.",
        cause: error
      )
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return StoreError(
        .storeBusy,
        "Another process kept the store locked. Nothing was written; try again shortly.",
        cause: error
      )
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return corrupt("a database file cannot be read", cause: error)
    case .SQLITE_MISUSE:
      return StoreError(.storeClosed, "The store has been closed. Open it again.", cause: error)
    case .SQLITE_INTERRUPT:
      return CancellationError()
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_IOERR:
      let reason = systemError == 0 ? "" : " (\(String(cString: strerror(systemError))))"
      return StoreError(
        .storeUnavailable,
        "A file of the data folder cannot be opened, read or written\(reason). Check the folder, its owner and its permissions.",
        cause: error
      )
    case .SQLITE_CONSTRAINT:
      return corrupt("rows contradict each other", cause: error)
    default:
      return StoreError(
        .storeUnavailable,
        "The store could not do this. Its log names the cause; try again.",
        cause: error
      )
    }
  }

  /// Translates with what the connection knows of the system's reason. Call it where the error was thrown.
  static func translating(_ error: any Error, on db: Database) -> any Error {
    translating(error, systemError: db.sqliteConnection.map { sqlite3_system_errno($0) } ?? 0)
  }
}
