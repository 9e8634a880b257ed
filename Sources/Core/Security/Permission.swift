import Domain

/// What a caller may be asked to be allowed. The raw value is the name of a key's scope, and stays.
public enum Permission: String, Sendable, CaseIterable {
  case search, ask, verify
  /// Hold a conversation as a customer does.
  case converse
  /// Read conversations: one's own, those that one attends, or all, as far as other permissions go.
  case readConversations = "read_conversations"
  /// Learn how a search came about: `explain` and `why_not`.
  case explain
  /// Have texts of one's own embedded.
  case embed
  /// List and read knowledge bases and documents, as far as they are visible to the caller.
  case readDocuments = "read_documents"
  /// Every document whatever its visibility and state: drafts, versions, rules, totals, the past.
  case readAllDocuments = "read_all_documents"
  case writeDocuments = "write_documents"
  /// Decide what readers find: publish, unpublish, archive.
  case publishDocuments = "publish_documents"
  case deleteDocuments = "delete_documents"
  /// Leave no byte of a document.
  case purgeDocuments = "purge_documents"
  /// Synonyms, pinned and hidden results.
  case manageRules = "manage_rules"
  case manageKnowledgeBases = "manage_knowledge_bases"
  /// Status, rebuild and compaction of indexes.
  case maintainIndex = "maintain_index"
  /// Accept, answer and close conversations as an agent.
  case attendConversations = "attend_conversations"
  /// See and reassign the conversations of every agent.
  case superviseConversations = "supervise_conversations"
  /// Read conversations that one took no part in.
  case readTranscripts = "read_transcripts"
  /// Read any conversation in an emergency, for a reason that goes on record.
  case breakGlass = "break_glass"
  case readMetrics = "read_metrics"
  /// Measure search and answers on sets of questions.
  case evaluate
  case readAudit = "read_audit"
  /// Hand out everything that is stored about one customer.
  case exportPersonalData = "export_personal_data"
  /// Rectify, restrict and erase what is stored about one customer.
  case erasePersonalData = "erase_personal_data"
  /// Make short-lived tokens for browsers, on behalf of customers.
  case mintTokens = "mint_tokens"
  case manageKeys = "manage_keys"
  /// Backup, restore, configuration.
  case administer
}

extension AccessKey.Role {
  /// What one role may.
  public struct Grant: Sendable {
    /// What its keys may by themselves.
    public let permissions: Set<Permission>
    /// What a key of the role may besides, where its scopes name it.
    public let onRequest: Set<Permission>

    init(_ permissions: Set<Permission>, onRequest: Set<Permission> = []) {
      self.permissions = permissions
      self.onRequest = onRequest
    }
  }

  /// The one table of what each role may: routes name permissions, `/openapi.json` names roles, and tests walk both.
  public var grant: Grant {
    switch self {
    case .owner: Grant(Set(Permission.allCases))
    case .editor:
      Grant(
        Self.reading.union([
          .embed, .readAllDocuments, .writeDocuments, .publishDocuments, .deleteDocuments, .manageRules,
          .manageKnowledgeBases, .maintainIndex, .evaluate, .readMetrics, .converse, .readConversations,
        ]))
    case .publisher: Grant(Self.reading.union([.readAllDocuments, .publishDocuments]))
    case .supervisor:
      Grant(
        Self.reading.union([
          .attendConversations, .superviseConversations, .readConversations, .readTranscripts, .readMetrics,
        ]), onRequest: [.breakGlass])
    case .agent:
      Grant(Self.reading.union([.attendConversations, .readConversations]), onRequest: [.breakGlass])
    case .analyst: Grant([.search, .ask, .explain, .embed, .readMetrics, .evaluate])
    case .auditor: Grant([.readAudit])
    case .privacyOfficer:
      Grant([
        .search, .readDocuments, .readAllDocuments, .deleteDocuments, .purgeDocuments, .exportPersonalData,
        .erasePersonalData,
      ])
    case .service:
      Grant(
        [.search, .ask, .converse, .readConversations, .embed, .mintTokens],
        onRequest: [.verify, .readDocuments, .writeDocuments, .publishDocuments, .deleteDocuments])
    case .customer: Grant([.search, .ask, .converse, .readConversations])
    case .reader: Grant(Self.reading.union([.embed, .converse, .readConversations, .readMetrics]))
    }
  }

  private static let reading: Set<Permission> = [.search, .ask, .verify, .explain, .readDocuments]

  /// Whether a key of this role may, without scopes.
  public func may(_ permission: Permission) -> Bool { grant.permissions.contains(permission) }

  /// Roles that may by themselves, in the table's order.
  public static func having(_ permission: Permission) -> [AccessKey.Role] {
    allCases.filter { $0.may(permission) }
  }

  /// Roles that may only where a key's scopes say so, in the table's order.
  public static func havingOnRequest(_ permission: Permission) -> [AccessKey.Role] {
    allCases.filter { $0.grant.onRequest.contains(permission) }
  }
}

extension AccessKey {
  /// What its bearer may: of what the role may have, what the scopes name.
  ///
  /// A scope that this Frontdesk does not know grants nothing.
  public var permissions: Set<Permission> {
    guard let scopes else { return role.grant.permissions }
    return role.grant.permissions.union(role.grant.onRequest)
      .intersection(scopes.compactMap(Permission.init(rawValue:)))
  }
}
