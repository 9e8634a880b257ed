import Foundation
import GRDB
import Security

/// A backup whose files are encrypted: `knowledge.db.sealed` and `service.db.sealed`.
struct SealedBackup {
  private static let suffix = ".sealed"
  private let file: SealedFile

  init(masters: MasterKeys) { file = SealedFile(masters: masters) }

  static func isIn(_ folder: URL) -> Bool {
    SQLiteStore.schemas.contains { SealedFile.isSealed(sealed($0, in: folder)) }
  }

  /// Copies in clear never leave the data folder's disk.
  func write(
    _ source: URL, into target: URL, options: SQLiteStore.Options, change: (Database) throws -> Void
  ) throws {
    let plain = source.appendingPathComponent(".backup-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: plain) }
    try FolderCopy(from: source, into: plain, options: options).run(change: change)
    let existed = FileManager.default.fileExists(atPath: target.path)
    do {
      try FileManager.default.createDirectory(
        at: target, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      for schema in SQLiteStore.schemas {
        try file.seal(plain.appendingPathComponent(schema.file), into: Self.sealed(schema, in: target))
      }
    } catch {
      for schema in SQLiteStore.schemas {
        try? FileManager.default.removeItem(at: Self.sealed(schema, in: target))
      }
      if !existed { try? FileManager.default.removeItem(at: target) }
      throw Self.translated(error, target)
    }
  }

  /// Calls `body` with a folder of the opened files, which is gone afterwards.
  func opening(_ source: URL, beside target: URL, _ body: (URL) throws -> Void) throws {
    let plain = target.deletingLastPathComponent().appendingPathComponent(".restore-" + UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: plain) }
    do {
      try FileManager.default.createDirectory(
        at: plain, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      for schema in SQLiteStore.schemas {
        try file.open(Self.sealed(schema, in: source), into: plain.appendingPathComponent(schema.file))
      }
    } catch { throw Self.translated(error, source) }
    try body(plain)
  }

  private static func sealed(_ schema: Schema, in folder: URL) -> URL {
    folder.appendingPathComponent(schema.file + suffix)
  }

  private static func translated(_ error: any Error, _ folder: URL) -> StoreError {
    if let failure = error as? SealedFile.Failure {
      return StoreError(.restoreRefused, failure.description, cause: error)
    }
    if let known = error as? StoreError { return known }
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
    if cause.domain == NSPOSIXErrorDomain, cause.code == Int(ENOSPC) || cause.code == Int(EDQUOT) {
      return StoreError(.storageFull, "There is no room left for \(folder.path).", cause: error)
    }
    return StoreError(
      .storeUnavailable, "\(folder.path) cannot be read or written. Check the path and its permissions.",
      cause: error)
  }
}
