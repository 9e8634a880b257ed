import Foundation
import GRDB

/// The migrations of one database file; `PRAGMA user_version` says how many have been applied.
///
/// Migrations are only ever appended: a released one is never edited, and Tests/Fixtures/store/vN holds a
/// database of each released version.
struct Schema: Sendable {
  /// File name in the data folder.
  let file: String
  let migrations: [String]

  var version: Int { migrations.count }

  /// Brings a database to the newest version, in the transaction that is open.
  ///
  /// - Returns: the version it had.
  @discardableResult
  func migrate(_ db: Database) throws -> Int {
    let found = try Int(db.integer("PRAGMA user_version") ?? 0)
    guard found < version else {
      if found > version { throw newer(found) }
      return found
    }
    for migration in migrations[found...] { try db.execute(sql: migration) }
    try db.execute(sql: "PRAGMA user_version = \(version)")
    return found
  }

  /// Looks at a file without changing a byte of it.
  ///
  /// - Returns: its version, nil where there is no file.
  /// - Throws: `store_schema_newer`, `store_corrupt`.
  func check(in folder: URL) throws -> Int? {
    let url = folder.appendingPathComponent(file)
    guard FileManager.default.fileExists(atPath: url.path) else { return nil }
    do {
      var configuration = Configuration()
      configuration.readonly = true
      configuration.busyMode = .timeout(5)
      let found = try DatabaseQueue(path: url.path, configuration: configuration).read { db in
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        let tables = try Int.fetchOne(db, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
        guard version > 0 || tables == 0 else {
          throw StoreError.corrupt("\(file) is a database of another program")
        }
        return version
      }
      if found > version { throw newer(found) }
      return found
    } catch {
      throw StoreError.translating(error)
    }
  }

  private func newer(_ found: Int) -> StoreError {
    StoreError(
      .schemaNewer,
      "\(file) has schema version \(found), and this Frontdesk knows up to \(version). It was left as it is; use the newer Frontdesk."
    )
  }
}
