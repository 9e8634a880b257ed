import Foundation
import GRDB
import Security
import Synchronization

/// The data keys of one folder, as the transaction at hand sees them.
final class EncryptionKeys: Sendable {
  private let folder: URL
  /// Nil for the file in the folder.
  private let configured: MasterKeys?
  /// Unwrapped once for each content of the table: what another process, or a transaction that was rolled back, has
  /// changed is not taken for what it was.
  private let cached = Mutex<(rows: [WrappedDataKey], ring: KeyRing)?>(nil)

  init(folder: URL, masters: MasterKeys?) {
    self.folder = folder
    configured = masters
  }

  /// For a transaction that reads. Where there are no keys yet, nothing was ever sealed.
  ///
  /// - Throws: `master_key_missing`, `master_key_wrong`.
  func opener(_ db: Database) throws -> Sealer {
    let rows = try Self.rows(db)
    return Sealer(ring: rows.isEmpty ? nil : try ring(of: rows))
  }

  /// For a transaction that writes: it makes the first keys, and the master key where none is configured.
  ///
  /// - Throws: as `opener`.
  func sealer(_ db: Database, at now: Date = Date()) throws -> Sealer {
    if try !db.exists("SELECT 1 FROM data_keys") {
      let ring = try KeyRing(masters: try masters(making: true))
      try Self.insert(try ring.makeKey(number: 1, purpose: .lookup), db, at: now)
      try Self.insert(try ring.makeKey(number: 2, purpose: .seal), db, at: now)
    }
    return try opener(db)
  }

  /// Seals with a new data key from now on, in every process.
  func rotate(_ db: Database, at now: Date) throws {
    _ = try sealer(db, at: now)
    let rows = try Self.rows(db)
    let next = (rows.map(\.number).max() ?? 0) + 1
    try Self.insert(try ring(of: rows).makeKey(number: next, purpose: .seal), db, at: now)
  }

  /// Wraps every data key with the current master key.
  ///
  /// - Returns: how many were wrapped with another.
  func rewrap(_ db: Database) throws -> Int {
    let rows = try Self.rows(db)
    guard !rows.isEmpty else { return 0 }
    let ring = try ring(of: rows)
    let changed = try rows.compactMap { try ring.rewrapped($0) }
    for key in changed {
      try db.run(
        "UPDATE data_keys SET master = ?, wrapped = ? WHERE number = ?", key.master, key.wrapped,
        Int64(key.number))
    }
    return changed.count
  }

  static func rows(_ db: Database) throws -> [WrappedDataKey] {
    var rows: [WrappedDataKey] = []
    try db.each("SELECT number, purpose, master, wrapped FROM data_keys ORDER BY number", []) { row in
      guard let purpose = WrappedDataKey.Purpose(rawValue: try row.text(1)),
        let number = UInt32(exactly: try row.integer(0))
      else { throw StoreError.corrupt("a data key is of no known kind") }
      rows.append(
        WrappedDataKey(number: number, purpose: purpose, master: try row.data(2), wrapped: try row.data(3)))
    }
    return rows
  }

  private static func insert(_ key: WrappedDataKey, _ db: Database, at now: Date) throws {
    try db.run(
      "INSERT INTO data_keys (number, purpose, master, wrapped, created_at) VALUES (?, ?, ?, ?, ?)",
      Int64(key.number), key.purpose.rawValue, key.master, key.wrapped, now.column)
  }

  private func ring(of rows: [WrappedDataKey]) throws -> KeyRing {
    if let ring = cached.withLock({ $0?.rows == rows ? $0?.ring : nil }) { return ring }
    let masters = try masters(making: false)
    do {
      let ring = try KeyRing(masters: masters, keys: rows)
      cached.withLock { $0 = (rows, ring) }
      return ring
    } catch KeyRing.Failure.masterKeyMissing {
      throw StoreError(
        .masterKeyWrong,
        "This data folder was sealed with another master key. Put that key's line into the file that FRONTDESK_MASTER_KEY names, or into \(MasterKeyFile.name) of the data folder."
      )
    } catch {
      throw StoreError.corrupt("a data key does not open", cause: error)
    }
  }

  /// - Throws: `master_key_missing`.
  func masters(making: Bool) throws -> MasterKeys {
    if let configured { return configured }
    do {
      if making { return try MasterKeyFile.readOrMake(in: folder) }
      if let keys = try MasterKeyFile.read(in: folder) { return keys }
    } catch {
      throw StoreError(.masterKeyMissing, "\(error)", cause: error)
    }
    throw StoreError(
      .masterKeyMissing,
      "There is sealed content, and its master key is missing: set FRONTDESK_MASTER_KEY to its file, or put \(MasterKeyFile.name) back into the data folder."
    )
  }
}

/// Seals and opens values within one transaction.
struct Sealer {
  /// Nil where nothing was ever sealed.
  let ring: KeyRing?

  func seal(_ value: Data, _ context: String) throws -> Data {
    guard let ring else { throw StoreError.corrupt("there is no data key") }
    do { return try ring.seal(value, context: context) } catch { throw Self.translated(error) }
  }

  func open(_ sealed: Data, _ context: String) throws -> Data {
    guard let ring else { throw StoreError.corrupt("there is no data key") }
    do { return try ring.open(sealed, context: context) } catch { throw Self.translated(error) }
  }

  /// Opens what may have been kept before such values were sealed: JSON and NDJSON begin with another byte. Such rows
  /// live for days.
  func openKept(_ value: Data, _ context: String) throws -> Data {
    KeyRing.keyNumber(of: value) == nil ? value : try open(value, context)
  }

  func seal(_ value: some Encodable, _ context: String) throws -> Data {
    try seal(try JSONEncoder().encode(value), context)
  }

  func open<Value: Decodable>(_ type: Value.Type, _ sealed: Data, _ context: String) throws -> Value {
    let bytes = try open(sealed, context)
    do { return try JSONDecoder().decode(type, from: bytes) } catch {
      throw StoreError.corrupt("a sealed value cannot be read", cause: error)
    }
  }

  /// - Returns: what no row has, where nothing was ever sealed.
  func pseudonym(of text: String, _ kind: String) throws -> Data {
    guard let ring else { return Data() }
    do { return try ring.pseudonym(of: text, kind: kind) } catch { throw Self.translated(error) }
  }

  private static func translated(_ failure: KeyRing.Failure) -> StoreError {
    .corrupt("a sealed value does not open: it was changed or moved", cause: failure)
  }
}
