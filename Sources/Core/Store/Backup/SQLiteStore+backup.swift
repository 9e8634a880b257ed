import Domain
import Foundation
import GRDB
import Security

extension SQLiteStore {
  /// Copies both files into a folder while reads and writes go on.
  ///
  /// Each file is of one moment, though not both of the same, as no transaction spans them. The copies hold
  /// no erased content, need no log, and open as they are or by `restore`.
  ///
  /// - Parameter sealed: encrypts them with the master key (`SealedFile`); copies in clear lie in the data folder
  ///   meanwhile.
  /// - Throws: `backup_refused` where the folder exists and is not empty; `storage_full`.
  public func backup(to target: URL, sealed: Bool = false) async throws {
    let folder = folder
    let options = options
    let encryption = encryption
    // Without them nothing that is erased later could be found in the backup.
    try await service.write { _ = try encryption.sealer($0) }
    let startedAt = options.now().column
    let masters = sealed ? try encryption.masters(making: true) : nil
    try await Self.blocking {
      guard try FolderCopy.isVacant(target) else {
        throw StoreError(
          .backupRefused,
          "\(target.path) is not empty. Name a folder that is empty or does not exist yet."
        )
      }
      guard let masters else {
        return try FolderCopy(from: folder, into: target, options: options).run {
          try Self.note(backupAt: startedAt, $0)
        }
      }
      try SealedBackup(masters: masters).write(folder, into: target, options: options) {
        try Self.note(backupAt: startedAt, $0)
      }
    }
  }

  /// What was erased before is not in it.
  private static func note(backupAt time: Int64, _ db: Database) throws {
    try db.run("REPLACE INTO meta (key, value) VALUES ('backup_at', ?)", String(time))
  }

  /// Makes a data folder of a backup, as a new life of the store: indexes of the old one are rebuilt.
  ///
  /// Blocks. Nothing is left in `target` where it fails.
  ///
  /// - Parameters:
  ///   - target: empty but for a master key.
  ///   - masters: open a sealed backup; nil for the key file in `target`.
  ///   - erasures: what was erased since; `finishRestore` erases it once more.
  /// - Throws: `restore_refused` where `target` is not empty, or where `source` holds no backup;
  ///   `master_key_missing`, `store_schema_newer`, `store_corrupt`, `storage_full`.
  public static func restore(
    from source: URL, into target: URL, masters: MasterKeys? = nil, erasures: [ErasureLedger.Entry] = []
  ) throws {
    guard try FolderCopy.isVacant(target, but: [MasterKeyFile.name]) else {
      throw StoreError(
        .restoreRefused,
        "\(target.path) is not empty, and a restore never overwrites. Name an empty folder, or move this one away."
      )
    }
    if SealedBackup.isIn(source) {
      let masters = try EncryptionKeys(folder: target, masters: masters).masters(making: false)
      return try SealedBackup(masters: masters).opening(source, beside: target) {
        try restore(from: $0, into: target, erasures: erasures)
      }
    }
    for schema in schemas {
      guard try schema.check(in: source) ?? 0 > 0 else {
        throw StoreError(
          .restoreRefused,
          "\(source.path) has no \(schema.file). Name a folder that `frontdesk backup` wrote."
        )
      }
    }
    try FolderCopy(from: source, into: target, options: Options()).run { db in
      try db.run("REPLACE INTO meta (key, value) VALUES ('epoch', ?)", UUID().uuidString)
      guard !erasures.isEmpty else { return }
      // Both are there before the store is: what is to be erased is erased before anyone reads.
      try ErasureLedger(folder: target).append(erasures)
      try db.run("REPLACE INTO meta (key, value) VALUES ('reapply_pending', '1')")
    }
  }
}
