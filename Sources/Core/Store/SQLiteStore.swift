import Domain
import Foundation
import GRDB
import Logging
import Security

/// The store in two SQLite files of one folder: `knowledge.db` and `service.db`.
///
/// Several processes may open the same folder and write at once. Each write is one transaction, or several
/// where its doc comment says so, and is on disk when it returns. Nothing here runs on the cooperative pool.
/// A cancelled task's write is rolled back and throws `CancellationError`, or has been made whole.
///
/// Architecture invariant: nothing outside this target sees SQL, rows or GRDB.
public final class SQLiteStore: DocumentStore, AccessKeyStore, Sendable {
  public struct Options: Sendable {
    /// Model of the knowledge base `default`, which is made when the folder is first opened.
    public var defaultModel = KnowledgeBase.defaultModel
    /// How long a write waits for another process before `store_busy`.
    public var busyTimeout: Duration = .seconds(5)
    /// How long a purge waits for readers of an older state before `store_busy`.
    public var erasureTimeout: Duration = .seconds(30)
    /// Reads at the same time; further ones wait.
    public var maximumReaders = 5
    /// How often other processes' commits are looked for while someone listens to `changeSignals`.
    public var pollInterval: Duration = .milliseconds(100)
    public var logger = Logger(label: "frontdesk.store")
    /// Links the audit log's entries; nil links them by hashes alone.
    public var auditKey: AuditKey?
    /// Wrap the keys that seal what customers say; nil for a file in the folder, made when it is first needed.
    public var masterKeys: MasterKeys?
    /// Gives documents their times.
    public var now: @Sendable () -> Date = { Date() }

    public init() {}
  }

  public let folder: URL
  let options: Options
  let knowledge: DatabaseFile
  let service: DatabaseFile
  /// Of the change feed.
  let signals: ChangeSignals
  /// Of what is said in conversations.
  let messageLog: ChangeSignals
  let eraser: Eraser
  let serviceEraser: Eraser
  let encryption: EncryptionKeys
  let erasureLedger: ErasureLedger

  /// Opens the store, making or migrating its files as needed. Blocks: call it at start.
  ///
  /// - Throws: `store_schema_newer` (nothing was changed), `store_corrupt`, `store_busy`, `storage_full`,
  ///   `store_unavailable`.
  public init(folder: URL, options: Options = Options()) throws {
    self.folder = folder
    self.options = options
    for schema in Self.schemas { _ = try schema.check(in: folder) }
    do {
      // Customers' words and key hashes: for the owner's eyes.
      try FileManager.default.createDirectory(
        at: folder,
        withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700]
      )
    } catch {
      throw StoreError(
        .storeUnavailable,
        "The data folder \(folder.path) cannot be made. Check its parent's permissions.",
        cause: error
      )
    }
    knowledge = try DatabaseFile(url: folder.appendingPathComponent(Schema.knowledge.file), options: options)
    service = try DatabaseFile(url: folder.appendingPathComponent(Schema.service.file), options: options)
    try Self.prepare(knowledge, Schema.knowledge) { db in
      let now = options.now().column
      try db.run("INSERT INTO meta (key, value) VALUES ('epoch', ?)", UUID().uuidString)
      try db.run(
        "INSERT INTO knowledge_bases (name, model, created_at) VALUES (?, ?, ?)",
        KnowledgeBase.defaultName,
        options.defaultModel,
        now
      )
      _ = try FeedWriter(db).record(.knowledgeBaseCreated, of: db.lastInsertedRowID)
    }
    try Self.prepare(service, Schema.service) { _ in }
    erasureLedger = ErasureLedger(folder: folder)
    encryption = EncryptionKeys(folder: folder, masters: options.masterKeys)
    signals = ChangeSignals(database: knowledge.url, options: options) { try FeedWriter($0).head().rawValue }
    messageLog = ChangeSignals(database: service.url, options: options) { try Self.messageHead($0) }
    eraser = Eraser(database: knowledge.url, options: options)
    serviceEraser = Eraser(database: service.url, options: options)
    try resumeUnfinishedWork()
  }

  deinit {
    stopBackgroundWork()
  }

  /// Closes the files; everything asked of the store afterwards throws `store_closed`.
  ///
  /// Waits for reads and writes that are under way.
  public func close() async throws {
    stopBackgroundWork()
    try await Self.blocking {
      try self.knowledge.close()
      try self.service.close()
    }
  }

  private func stopBackgroundWork() {
    signals.finish()
    messageLog.finish()
    eraser.stop()
    serviceEraser.stop()
  }

  /// Migrates; `onCreate` runs in the same transaction where the file is new.
  private static func prepare(
    _ file: DatabaseFile,
    _ schema: Schema,
    onCreate: (Database) throws -> Void
  ) throws {
    do {
      try file.pool.writeWithoutTransaction { db in
        // Nothing is locked where nothing is to be done: opening must not wait for another's long write.
        guard try Int(db.integer("PRAGMA user_version") ?? 0) != schema.version else { return }
        try db.inTransaction(.immediate) {
          if try schema.migrate(db) == 0 { try onCreate(db) }
          return .commit
        }
      }
    } catch {
      throw StoreError.translating(error)
    }
  }

  /// What a killed process left: erased bytes on disk, documents of deleted knowledge bases.
  private func resumeUnfinishedWork() throws {
    let (erasure, deletion): (Bool, Bool)
    let serviceErasure: Bool
    do {
      (erasure, deletion) = try knowledge.pool.read { db in
        (
          try Eraser.isPending(db),
          try db.exists("SELECT 1 FROM knowledge_bases WHERE name IS NULL")
        )
      }
      serviceErasure = try service.pool.read { try Eraser.isPending($0) }
    } catch {
      throw StoreError.translating(error)
    }
    if deletion {
      Task.detached { [weak self] in try? await self?.removeDeletedKnowledgeBases() }
    } else if erasure {
      eraser.startInBackground()
    }
    if serviceErasure { serviceEraser.startInBackground() }
    Task.detached { [weak self] in try? await self?.withholdPendingQuotes() }
  }

  /// Runs blocking work on a thread that is nobody else's.
  static func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue(label: "frontdesk.store.blocking").async {
        continuation.resume(with: Result(catching: body))
      }
    }
  }
}
