import ArgumentParser
import Domain
import Foundation
import Store

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the store into a folder while it is in use.",
    discussion: "Index files are not copied: a restored store builds them anew.")
  @Argument(help: "A folder that is empty or not there.") var folder: String
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let workspace = try await Workspace.open(try await global.settings())
    try await workspace.closing { workspace in
      try await workspace.record("store.backup", "")
      try await workspace.store.backup(to: URL(fileURLWithPath: folder))
    }
    if global.json { try Console.json(["backup": folder]) } else { print("backup written to \(folder)") }
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup into the data folder, which must be empty.")
  @Argument(help: "The backup's folder.") var folder: String
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let settings = try await global.settings()
    try SQLiteStore.restore(from: URL(fileURLWithPath: folder), into: settings.data)
    let workspace = try await Workspace.open(settings)
    try await workspace.closing { try await $0.record("store.restore", "") }
    if global.json {
      try Console.json(["restored": settings.data.path])
    } else {
      print("restored into \(settings.data.path); the next start builds the index")
    }
  }
}

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Bring the store's schema up to this release.",
    discussion: "Every command does this on opening; this one does only this, and says what the schema is.")
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let workspace = try await Workspace.open(try await global.settings())
    await workspace.close()
    if global.json {
      try Console.json(["schema": SQLiteStore.schemaVersion])
    } else {
      print("schema \(SQLiteStore.schemaVersion)")
    }
  }
}
