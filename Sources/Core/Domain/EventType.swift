/// What webhooks can tell of. The raw value is part of the interface, and stays.
public enum EventType: String, Sendable, CaseIterable, Codable {
  case documentCreated = "document.created"
  /// Another version, or another state that changes nothing for readers.
  case documentUpdated = "document.updated"
  case documentDeleted = "document.deleted"
  case documentPurged = "document.purged"
  /// An act or a date let readers find it.
  case documentPublished = "document.published"
  /// An act or a date took it from readers.
  case documentUnpublished = "document.unpublished"
  case knowledgeBaseCreated = "knowledge_base.created"
  case knowledgeBaseDeleted = "knowledge_base.deleted"
  case modelSwitchFinished = "model_switch.finished"
  /// Also of a job that was cancelled.
  case jobFinished = "job.finished"
  case jobFailed = "job.failed"
  case conversationOpened = "conversation.opened"
  /// Another holds it, or it has ended.
  case conversationChanged = "conversation.changed"
  /// By whom and where; never what was said.
  case messageCreated = "message.created"
  case accessKeyCreated = "access_key.created"
  case accessKeyRotated = "access_key.rotated"
  case accessKeyRevoked = "access_key.revoked"
  /// Sent where a test is asked for, whatever the endpoint wants.
  case webhookTest = "webhook.test"

  /// Types that an endpoint may ask for.
  public static let wanted = allCases.filter { $0 != .webhookTest }
}

/// Which events someone wants.
public struct EventInterest: Hashable, Sendable, Codable {
  /// Types, or `document.*` for all that begin so; empty means all.
  public let types: [String]
  /// Names of knowledge bases; empty means all, and what belongs to none.
  public let knowledgeBases: [String]

  public init(types: [String], knowledgeBases: [String]) {
    self.types = types
    self.knowledgeBases = knowledgeBases
  }

  /// - Parameter knowledgeBase: nil for what belongs to none.
  public func includes(_ type: String, of knowledgeBase: String?) -> Bool {
    guard knowledgeBases.isEmpty || knowledgeBase.map(knowledgeBases.contains) ?? false else { return false }
    return types.isEmpty
      || types.contains { $0 == type || ($0.hasSuffix(".*") && type.hasPrefix($0.dropLast())) }
  }

  /// Whether a pattern fits any type that there is.
  public static func isKnown(_ pattern: String) -> Bool {
    EventType.wanted.contains {
      EventInterest(types: [pattern], knowledgeBases: []).includes($0.rawValue, of: nil)
    }
  }

  /// All that either of the two includes, and perhaps more.
  public func union(_ other: EventInterest) -> EventInterest {
    EventInterest(
      types: types.isEmpty || other.types.isEmpty ? [] : types + other.types,
      knowledgeBases: knowledgeBases.isEmpty || other.knowledgeBases.isEmpty
        ? [] : knowledgeBases + other.knowledgeBases)
  }
}
