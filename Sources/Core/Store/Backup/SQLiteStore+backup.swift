import Domain
import Foundation
import GRDB

extension SQLiteStore {
  /// Copies both files into a folder while reads and writes go on.
  ///
  /// Each file is of one moment, though not both of the same, as no transaction spans them. The copies hold
  /// no erased content, need no log, and open as they are or by `restore`.
  ///
  /// - Throws: `backup_refused` where the folder exists and is not empty; `storage_full`.
  public func backup(to target: URL) async throws {
    let folder = folder
    let options = options
    try await Self.blocking {
      guard try FolderCopy.isVacant(target) else {
        throw StoreError(
          .backupRefused,
          "\(target.path) is not empty. Name a folder that is empty or does not exist yet."
        )
      }
      try FolderCopy(from: folder, into: target, options: options).run { _ in }
    }
  }

  /// Makes a data folder of a backup, as a new life of the store: indexes of the old one are rebuilt.
  ///
  /// Blocks. Nothing is left in `target` where it fails.
  ///
  /// - Throws: `restore_refused` where `target` is not empty, or where `source` holds no backup;
  ///   `store_schema_newer`, `store_corrupt`, `storage_full`.
  public static func restore(from source: URL, into target: URL) throws {
    guard try FolderCopy.isVacant(target) else {
      throw StoreError(
        .restoreRefused,
        "\(target.path) is not empty, and a restore never overwrites. Name an empty folder, or move this one away."
      )
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
    }
  }
}
