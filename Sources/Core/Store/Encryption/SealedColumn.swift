import Foundation
import GRDB

/// A column that holds sealed values, and how each one's context is told from its row.
///
/// Every such column is in `all`: what is not there is not sealed again when keys are rotated, and its key would go.
struct SealedColumn: Sendable {
  let table: String
  let column: String
  /// Columns that name a row, and that its context is made of.
  let identity: [String]
  let context: @Sendable (Identity) throws -> String

  /// The values of a row's `identity`.
  struct Identity: Sendable {
    let values: [DatabaseValue]

    func integer(_ index: Int) throws -> Int64 {
      guard let value = Int64.fromDatabaseValue(values[index]) else {
        throw StoreError.corrupt("a row's name is no number")
      }
      return value
    }

    func int(_ index: Int) throws -> Int { Int(try integer(index)) }

    func text(_ index: Int) throws -> String {
      guard let value = String.fromDatabaseValue(values[index]) else {
        throw StoreError.corrupt("a row's name is no text")
      }
      return value
    }

    func data(_ index: Int) throws -> Data {
      guard let value = Data.fromDatabaseValue(values[index]) else {
        throw StoreError.corrupt("a row's name is no bytes")
      }
      return value
    }
  }

  static let all = [
    SealedColumn(table: "messages", column: "body", identity: ["conversation", "sequence"]) { row in
      MessageRow.context(try row.integer(0), try row.int(1))
    },
    SealedColumn(table: "customers", column: "sealed", identity: ["lookup"]) { row in
      CustomerRow.context(try row.data(0))
    },
    SealedColumn(table: "customers", column: "hold", identity: ["lookup"]) { row in
      CustomerRow.holdContext(try row.data(0))
    },
    SealedColumn(table: "job_parts", column: "input", identity: ["job", "part"]) { row in
      SQLiteStore.partContext(try row.integer(0), try row.int(1), "input")
    },
    SealedColumn(table: "job_parts", column: "result", identity: ["job", "part"]) { row in
      SQLiteStore.partContext(try row.integer(0), try row.int(1), "result")
    },
    SealedColumn(table: "webhooks", column: "secret", identity: ["id"]) { row in
      SQLiteStore.secretContext(try row.text(0))
    },
    SealedColumn(table: "webhooks", column: "overlap_secret", identity: ["id"]) { row in
      SQLiteStore.secretContext(try row.text(0))
    },
    SealedColumn(table: "staff_sessions", column: "sealed", identity: ["id"]) { row in
      SQLiteStore.secretContext(try row.text(0))
    },
    SealedColumn(table: "idempotency", column: "body", identity: ["scope"]) { row in
      SQLiteStore.idempotencyContext(try row.data(0))
    },
  ]

  /// Rows whose value is sealed, but not with the key of this number.
  func rows(notSealedWith number: UInt32, _ db: Database) throws -> [Identity] {
    var rows: [Identity] = []
    try db.each(
      """
      SELECT \(identity.joined(separator: ", ")) FROM \(table)
      WHERE substr(\(column), 1, 1) = x'01' AND substr(\(column), 2, 4) <> ?
      """, [Self.bytes(number)]
    ) { row in rows.append(Identity(values: Array(row.databaseValues))) }
    return rows
  }

  /// - Returns: how many values the key of this number has sealed.
  func count(sealedWith number: UInt32, _ db: Database) throws -> Int {
    Int(
      try db.integer(
        "SELECT count(*) FROM \(table) WHERE substr(\(column), 1, 1) = x'01' AND substr(\(column), 2, 4) = ?",
        Self.bytes(number)) ?? 0)
  }

  /// Seals one row's value with the newest key, where it is still there.
  func reseal(_ row: Identity, _ sealer: Sealer, _ db: Database) throws {
    let condition = identity.map { "\($0) = ?" }.joined(separator: " AND ")
    let found = try Row.fetchOne(
      db, sql: "SELECT \(column) FROM \(table) WHERE \(condition)", arguments: StatementArguments(row.values))
    guard let sealed = try found?.dataIfPresent(0) else { return }
    let context = try context(row)
    let value = try sealer.seal(try sealer.openKept(sealed, context), context)
    try db.execute(
      sql: "UPDATE \(table) SET \(column) = ? WHERE \(condition)",
      arguments: StatementArguments([value.databaseValue] + row.values))
  }

  private static func bytes(_ number: UInt32) -> Data {
    withUnsafeBytes(of: number.bigEndian) { Data($0) }
  }
}
