import Domain
import Foundation
import GRDB
import Security

extension SQLiteStore {
  /// One data key, and what it has sealed.
  public struct DataKeyStatus: Hashable, Sendable {
    public let number: Int
    public let purpose: WrappedDataKey.Purpose
    /// Whether new values are sealed with it.
    public let isCurrent: Bool
    public let createdAt: Date
    /// Values that only this key opens; 0 for the key of pseudonyms.
    public let values: Int
  }

  /// Rows that are sealed again in one transaction.
  private static let resealBatch = 200

  /// Tells early whether the master key at hand opens this folder.
  ///
  /// - Throws: `master_key_missing`, `master_key_wrong`.
  public func requireMasterKey() async throws {
    let encryption = encryption
    _ = try await service.read { try encryption.opener($0) }
  }

  /// In the order of their making.
  public func dataKeys() async throws -> [DataKeyStatus] {
    let encryption = encryption
    return try await service.read { db in
      let newest = try encryption.opener(db).ring?.newest
      return try EncryptionKeys.rows(db).map { key in
        let created = try db.integer("SELECT created_at FROM data_keys WHERE number = ?", Int64(key.number))
        return DataKeyStatus(
          number: Int(key.number), purpose: key.purpose, isCurrent: key.number == newest,
          createdAt: Date(column: created ?? 0),
          values: try SealedColumn.all.map { try $0.count(sealedWith: key.number, db) }.reduce(0, +))
      }
    }
  }

  /// Seals with a new data key from now on, and everything there is as well.
  ///
  /// Readers and writers of every process go on meanwhile. Killed half-way, it is taken up by the next call.
  ///
  /// - Returns: how many values were sealed again.
  /// - Throws: as `requireMasterKey`; `store_busy`, `storage_full`.
  public func rotateDataKey(at now: Date) async throws -> Int {
    let encryption = encryption
    try await service.write { try encryption.rotate($0, at: now) }
    var count = 0
    for column in SealedColumn.all { count += try await reseal(column) }
    return count
  }

  private func reseal(_ column: SealedColumn) async throws -> Int {
    let encryption = encryption
    let rows = try await service.read { db -> [SealedColumn.Identity] in
      guard let ring = try encryption.opener(db).ring else { return [] }
      return try column.rows(notSealedWith: ring.newest, db)
    }
    for start in stride(from: 0, to: rows.count, by: Self.resealBatch) {
      let batch = rows[start..<min(start + Self.resealBatch, rows.count)]
      try await service.write { db in
        let sealer = try encryption.sealer(db)
        for row in batch { try column.reseal(row, sealer, db) }
      }
    }
    return rows.count
  }

  /// Forgets data keys that seal nothing any more.
  ///
  /// - Parameter supersededBefore: a key in whose place another came later is kept: a secret that was sealed with it may
  ///   be on its way into the store (`Sealing`).
  public func forgetDataKeys(supersededBefore: Date) async throws {
    let forgot = try await service.write { db -> Bool in
      let recent = try db.integer(
        "SELECT min(number) FROM data_keys WHERE purpose = 'seal' AND created_at >= ?",
        supersededBefore.column)
      let keys = try EncryptionKeys.rows(db).filter { $0.purpose == .seal }
      let newest = keys.map(\.number).max()
      let unused = try keys.filter { key in
        // Where the next key is recent, this one was in use until then.
        let next = keys.first { $0.number > key.number }
        guard key.number != newest, Int64(next?.number ?? 0) < recent ?? .max else { return false }
        return try SealedColumn.all.allSatisfy { try $0.count(sealedWith: key.number, db) == 0 }
      }
      for key in unused { try db.run("DELETE FROM data_keys WHERE number = ?", Int64(key.number)) }
      if !unused.isEmpty { try Eraser.markPending(db) }
      return !unused.isEmpty
    }
    if forgot { try await serviceEraser.run() }
  }

  /// Wraps every data key with the current master key: the first line of its file.
  ///
  /// - Returns: how many were wrapped with another. The other lines are not needed any more then.
  public func rewrapDataKeys() async throws -> Int {
    let encryption = encryption
    return try await service.write { try encryption.rewrap($0) }
  }
}

/// For secrets of others' tables; `SealedColumn` names where they stand.
extension SQLiteStore: Sealing {
  static func secretContext(_ context: String) -> String { "secret " + context }

  /// - Throws: `master_key_missing`, `master_key_wrong`, `storage_full`, `store_busy`.
  public func seal(_ plain: Data, context: String) async throws -> Data {
    let encryption = encryption
    // The first one makes the keys.
    return try await service.write { db in
      try encryption.sealer(db).seal(plain, Self.secretContext(context))
    }
  }

  public func open(_ sealed: Data, context: String) async throws -> Data? {
    let encryption = encryption
    return try await service.read { db in
      do { return try encryption.opener(db).open(sealed, Self.secretContext(context)) } catch let error
        as StoreError where error.kind == .storeCorrupt
      {
        return nil
      }
    }
  }
}
