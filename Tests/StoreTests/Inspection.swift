import Foundation
import GRDB

/// Looks at a closed store's file from outside.
func integrity(of folder: URL) throws -> String? {
  try inspect(folder) { db in
    let broken = try Row.fetchOne(db, sql: "PRAGMA foreign_key_check")
    return broken == nil ? try String.fetchOne(db, sql: "PRAGMA integrity_check") : "foreign key"
  }
}

func integer(_ sql: String, in folder: URL) throws -> Int? {
  try inspect(folder) { try Int.fetchOne($0, sql: sql) }
}

private func inspect<T>(_ folder: URL, _ body: (Database) throws -> T) throws -> T {
  let file = folder.appendingPathComponent("knowledge.db").path
  var configuration = Configuration()
  // A store that was closed may still hold its lock for a moment.
  configuration.busyMode = .timeout(5)
  return try DatabaseQueue(path: file, configuration: configuration).read(body)
}
