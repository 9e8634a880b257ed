import Domain

/// What a caller may be asked to be allowed.
public enum Permission: String, Sendable, CaseIterable {
  case search, ask, verify
  /// Hold a conversation as a customer does.
  case converse
  case readMetrics
  case readDocuments, writeDocuments
  case manageKnowledgeBases
  /// Status, rebuild and compaction of indexes.
  case maintainIndex
  /// Accept, answer and close conversations as an agent.
  case attendConversations
  case manageKeys
  /// Backup, restore, audit, configuration.
  case administer
}

extension AccessKey.Role {
  /// The role table: each role may what the one before it may, and more.
  public func may(_ permission: Permission) -> Bool {
    switch permission {
    case .search, .ask, .verify, .converse, .readMetrics: true
    case .readDocuments, .writeDocuments, .manageKnowledgeBases, .maintainIndex, .attendConversations:
      self != .reader
    case .manageKeys, .administer: self == .owner
    }
  }
}
