import Foundation

/// What a customer and those who answer say to each other.
public struct Conversation: Hashable, Sendable {
  /// Who answers.
  public enum Status: String, Sendable, CaseIterable, Codable { case bot, waiting, agent, closed }

  /// A UUID in lower case.
  public let id: String
  /// By name.
  public let knowledgeBase: String
  /// Where it is held, such as `web`; 1 to 64 bytes of lower-case letters, digits, `-` and `_`.
  public let channel: String
  /// The company's own id; nil for somebody unknown.
  public let customer: String?
  /// Who opened it, as audit entries name them; nil without a key.
  public let opener: String?
  public let status: Status
  /// The number of its newest message, 0 before the first.
  public let lastSequence: Int
  public let createdAt: Date
  public let updatedAt: Date
  /// Whether the customer asked that it is kept but not used.
  public let isRestricted: Bool

  public init(
    id: String, knowledgeBase: String, channel: String, customer: String?, opener: String?, status: Status,
    lastSequence: Int, createdAt: Date, updatedAt: Date, isRestricted: Bool = false
  ) {
    self.isRestricted = isRestricted
    self.id = id
    self.knowledgeBase = knowledgeBase
    self.channel = channel
    self.customer = customer
    self.opener = opener
    self.status = status
    self.lastSequence = lastSequence
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// One thing that was said, or that happened, in a conversation.
public struct Message: Hashable, Sendable {
  public enum Author: String, Sendable, CaseIterable, Codable { case customer, bot, agent, system }

  /// A UUID in lower case.
  public let id: String
  /// From 1, without gaps, within its conversation.
  public let sequence: Int
  public let author: Author
  /// Empty for what only happened.
  public let text: String
  /// JSON: what a bot's message was made from, as `/v1/answers` gives it.
  public let answer: Data?
  /// What the conversation became; of a `system` message.
  public let status: Conversation.Status?
  /// The number of the message that this one answers.
  public let inReplyTo: Int?
  public let createdAt: Date

  public init(
    id: String, sequence: Int, author: Author, text: String, answer: Data? = nil,
    status: Conversation.Status? = nil, inReplyTo: Int? = nil, createdAt: Date
  ) {
    self.id = id
    self.sequence = sequence
    self.author = author
    self.text = text
    self.answer = answer
    self.status = status
    self.inReplyTo = inReplyTo
    self.createdAt = createdAt
  }
}

extension Message {
  /// In the place of an answer whose reader may not see what it quotes, or whose document was erased.
  public static let withheldText = "This answer quotes a document that you may not see, or that was erased."
}

/// A customer as the company knows them.
public struct Customer: Hashable, Sendable, Codable {
  /// The company's own id, 1 to 256 UTF-8 bytes.
  public var id: String
  /// BCP 47, such as `de-AT`.
  public var locale: String?
  /// Of the IANA database, such as `Europe/Vienna`.
  public var timeZone: String?

  public init(id: String, locale: String? = nil, timeZone: String? = nil) {
    self.id = id
    self.locale = locale
    self.timeZone = timeZone
  }
}
