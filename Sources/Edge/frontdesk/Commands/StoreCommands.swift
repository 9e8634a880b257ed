import ArgumentParser
import Domain
import Foundation
import Store

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Copy the store into a folder while it is in use.",
    discussion: "Index files are not copied: a restored store builds them anew.")
  @Argument(help: "A folder that is empty or not there.") var folder: String
  @Flag(help: "Encrypt it with the master key, which is then needed to restore it.") var encrypt = false
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let workspace = try await Workspace.open(try await global.settings())
    try await workspace.closing { workspace in
      try await workspace.record("store.backup", "")
      try await workspace.store.backup(to: URL(fileURLWithPath: folder), sealed: encrypt)
    }
    if global.json {
      try Console.json(["backup": folder])
    } else {
      print("backup written to \(folder); keep the master key apart from it, and erasures.jsonl beside it")
    }
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore", abstract: "Put a backup into the data folder, which must be empty.",
    discussion: """
      What was erased since the backup was taken comes back with it, unless --erasures names the ledger of the folder \
      that it was taken from: then it is erased once more. Keys are not in a backup: put master.key, or the file that \
      master_key names, in its place first.
      """)
  @Argument(help: "The backup's folder.") var folder: String
  @Option(help: "The ledger of erasures, erasures.jsonl of the old data folder.") var erasures: String?
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let settings = try await global.settings()
    let entries = try erasures.map { try ErasureLedger.entries(of: URL(fileURLWithPath: $0)) } ?? []
    let masters = try settings.masterKeyFile.map { try MasterKeySetting.read($0, notWithin: settings.data) }
    try SQLiteStore.restore(
      from: URL(fileURLWithPath: folder), into: settings.data, masters: masters, erasures: entries)
    let workspace = try await Workspace.open(settings, finishingRestore: false)
    let (erased, held) = try await workspace.closing { workspace in
      try await workspace.record("store.restore", "")
      return try await workspace.store.finishRestore() ?? (0, 0)
    }
    if global.json {
      try Console.json(Result(restored: settings.data.path, erasedAgain: erased, held: held))
    } else {
      print("restored into \(settings.data.path); the next start builds the index")
      if !entries.isEmpty {
        print("\(erased) customers and documents were erased once more, \(held) are on hold")
      }
    }
  }

  private struct Result: Encodable {
    let restored: String
    let erasedAgain: Int
    let held: Int
    enum CodingKeys: String, CodingKey {
      case restored, held
      case erasedAgain = "erased_again"
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
