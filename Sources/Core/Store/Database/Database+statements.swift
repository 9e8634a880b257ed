import Foundation
import GRDB

/// Cached statements, run with positional arguments.
extension Database {
  func run(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws {
    try cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
  }

  func row(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws -> Row? {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(arguments))
  }

  func integer(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws -> Int64? {
    try Int64.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(arguments))
  }

  func integers(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws -> [Int64] {
    try Int64.fetchAll(cachedStatement(sql: sql), arguments: StatementArguments(arguments))
  }

  func exists(_ sql: String, _ arguments: (any DatabaseValueConvertible)?...) throws -> Bool {
    try Row.fetchOne(cachedStatement(sql: sql), arguments: StatementArguments(arguments)) != nil
  }

  /// Calls `body` with each row, which is valid only during the call.
  func each(
    _ sql: String,
    _ arguments: [(any DatabaseValueConvertible)?],
    _ body: (Row) throws -> Void
  ) throws {
    let rows = try Row.fetchCursor(cachedStatement(sql: sql), arguments: StatementArguments(arguments))
    while let row = try rows.next() { try body(row) }
  }
}
