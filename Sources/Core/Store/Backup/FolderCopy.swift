import Domain
import Foundation
import GRDB

/// Copies a store's files into a vacant folder, durably, all or nothing.
struct FolderCopy {
  private let source: URL
  private let target: URL
  private let options: SQLiteStore.Options

  init(from source: URL, into target: URL, options: SQLiteStore.Options) {
    self.source = source
    self.target = target
    self.options = options
  }

  /// Whether a folder is absent or empty.
  static func isVacant(_ folder: URL, but names: Set<String> = []) throws -> Bool {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder) else { return true }
    guard isFolder.boolValue else { return false }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy(names.contains)
    } catch {
      throw unavailable(folder, error)
    }
  }

  /// - Parameter change: applied to the copy of `knowledge.db` before it gets its name.
  func run(change: (Database) throws -> Void) throws {
    let existed = FileManager.default.fileExists(atPath: target.path)
    do {
      try FileManager.default.createDirectory(
        at: target,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
    } catch {
      throw Self.unavailable(target, error)
    }
    do {
      // Who is signed in here is not signed in there, and what a provider gave is nobody else's.
      try copy(Schema.service) { db in
        guard try db.tableExists("staff_sessions") else { return }
        try db.run("DELETE FROM staff_sessions")
      }
      // Last, so that a folder that has it has all.
      try copy(Schema.knowledge, change: change)
    } catch {
      removeWhatWasWritten(folderToo: !existed)
      throw StoreError.translating(error)
    }
  }

  private func copy(_ schema: Schema, change: (Database) throws -> Void) throws {
    let partial = target.appendingPathComponent(schema.file + ".partial")
    let reader = try DatabaseQueue(
      path: source.appendingPathComponent(schema.file).path,
      configuration: DatabaseFile.configuration(options, readOnly: true)
    )
    do {
      // One read of the whole file: consistent, compact, and free of what was erased. Every row is read and
      // every index built anew, so that damage shows.
      try reader.inDatabase { db in
        do {
          try db.execute(sql: "VACUUM INTO ?", arguments: [partial.path])
        } catch {
          throw StoreError.translating(error, on: db)
        }
      }
      let writer = try DatabaseQueue(path: partial.path, configuration: DatabaseFile.configuration(options))
      try writer.write(change)
      try writer.close()
    } catch {
      throw StoreError.translating(error)
    }
    try Self.synchronise(partial)
    let final = target.appendingPathComponent(schema.file)
    do {
      try FileManager.default.moveItem(at: partial, to: final)
    } catch {
      throw Self.unavailable(final, error)
    }
    try Self.synchronise(target)
  }

  private func removeWhatWasWritten(folderToo: Bool) {
    let files = SQLiteStore.schemas.flatMap { [$0.file, $0.file + ".partial", $0.file + ".partial-journal"] }
    for file in files + [ErasureLedger.name] {
      try? FileManager.default.removeItem(at: target.appendingPathComponent(file))
    }
    if folderToo { try? FileManager.default.removeItem(at: target) }
  }

  /// Forces a file's or folder's content to disk.
  private static func synchronise(_ url: URL) throws {
    let descriptor = open(url.path, O_RDONLY)
    guard descriptor >= 0 else { throw unavailable(url, nil) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw unavailable(url, nil) }
  }

  private static func unavailable(_ url: URL, _ cause: (any Error)?) -> StoreError {
    StoreError(
      .storeUnavailable,
      "\(url.path) cannot be read or written. Check the path and its permissions.",
      cause: cause
    )
  }
}
