import Domain

/// What the store throws; `code` is stable and part of the contract.
public struct StoreError: CodedError {
  public enum Code: String, Sendable, CaseIterable {
    case knowledgeBaseNotFound = "kb_not_found"
    case knowledgeBaseExists = "kb_exists"
    /// The disk or a quota is full; nothing was written, and writes work again once there is room.
    case storageFull = "storage_full"
    /// Another process kept the store locked for longer than the time-out.
    case storeBusy = "store_busy"
    case storeCorrupt = "store_corrupt"
    /// Written by a newer Frontdesk; left as it is.
    case schemaNewer = "store_schema_newer"
    case missingVectors = "missing_vectors"
    case keyExists = "key_exists"
    case webhookLimit = "webhook_limit"
    /// The reader's generation is not one of this store: rebuild.
    case feedTrimmed = "feed_trimmed"
    /// The history does not reach so far.
    case noHistory = "as_of_unavailable"
    case backupRefused = "backup_refused"
    case restoreRefused = "restore_refused"
    case storeClosed = "store_closed"
    case auditKeyMissing = "audit_key_missing"
    case auditKeyWrong = "audit_key_wrong"
    case masterKeyMissing = "master_key_missing"
    case masterKeyWrong = "master_key_wrong"
    /// The customer asked that what is stored about them is used no more.
    case customerRestricted = "customer_restricted"
    /// A file cannot be opened, read or written.
    case storeUnavailable = "store_unavailable"
  }

  public let kind: Code
  public let message: String
  public let cause: (any Error)?

  public var code: String { kind.rawValue }

  public init(_ kind: Code, _ message: String, cause: (any Error)? = nil) {
    self.kind = kind
    self.message = message
    self.cause = cause
  }
}

extension StoreError {
  static func knowledgeBaseNotFound(_ id: KnowledgeBaseID) -> StoreError {
    StoreError(
      .knowledgeBaseNotFound,
      "There is no knowledge base with id \(id). It may have been deleted: list them with `frontdesk kb list`."
    )
  }

  static func knowledgeBaseExists(_ name: String) -> StoreError {
    StoreError(
      .knowledgeBaseExists,
      "A knowledge base named \"\(name)\" exists. Choose another name, or use that one."
    )
  }

  static func noHistory(_ message: String) -> StoreError { StoreError(.noHistory, message) }

  static func corrupt(_ what: String, cause: (any Error)? = nil) -> StoreError {
    StoreError(
      .storeCorrupt,
      "The store is damaged (\(what)). Restore a backup with `frontdesk restore`.",
      cause: cause
    )
  }
}
