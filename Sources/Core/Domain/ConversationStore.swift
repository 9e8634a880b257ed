import Foundation

/// A conversation that is about to be opened.
public struct NewConversation: Hashable, Sendable {
  public var knowledgeBase: String
  public var channel: String
  public var customer: Customer?
  public var opener: String?

  public init(knowledgeBase: String, channel: String, customer: Customer?, opener: String?) {
    self.knowledgeBase = knowledgeBase
    self.channel = channel
    self.customer = customer
    self.opener = opener
  }
}

/// A message that is about to be said. Cards are masked by then.
public struct NewMessage: Hashable, Sendable {
  public var author: Message.Author
  public var text: String
  public var answer: Data?
  /// The sender's own name for it, within its conversation: the same name again adds nothing.
  public var clientID: String?
  /// The number of the message that this one answers: a second reply to it adds nothing.
  public var inReplyTo: Int?

  public init(
    author: Message.Author, text: String, answer: Data? = nil, clientID: String? = nil, inReplyTo: Int? = nil
  ) {
    self.author = author
    self.text = text
    self.answer = answer
    self.clientID = clientID
    self.inReplyTo = inReplyTo
  }
}

/// What came of a message.
public enum MessageOutcome: Hashable, Sendable {
  case added(Message)
  /// It was there already, as this one.
  case repeated(Message)
  /// The client's name for it belongs to another text.
  case differs
  /// The conversation is not in a state where this author may speak.
  case refused(Conversation.Status)
  /// The customer asked that what is stored about them is used no more.
  case restricted
}

/// A message's place among all of a store's messages.
public struct MessagePosition: Hashable, Sendable {
  /// Grows with every message of the store.
  public let position: Int64
  public let conversation: String
  public let sequence: Int

  public init(position: Int64, conversation: String, sequence: Int) {
    self.position = position
    self.conversation = conversation
    self.sequence = sequence
  }
}

/// Where conversations are kept (the service half of the store). What is said in them is encrypted there.
public protocol ConversationStore: Sendable {
  func open(_ conversation: NewConversation, at now: Date) async throws -> Conversation
  /// - Returns: nil where there is none of that id.
  func conversation(_ id: String) async throws -> Conversation?
  /// - Parameter states: those in which this message may be said.
  /// - Returns: nil where there is no such conversation.
  func append(
    _ message: NewMessage, to conversation: String, in states: Set<Conversation.Status>, at now: Date
  ) async throws -> MessageOutcome?
  /// Changes the state, and says so in a `system` message.
  ///
  /// - Returns: the conversation then, nil where there is none. One that is in the state already stays as it is.
  func change(_ conversation: String, to status: Conversation.Status, at now: Date) async throws
    -> Conversation?
  /// - Returns: messages with a number above `sequence`, oldest first.
  func messages(of conversation: String, after sequence: Int, limit: Int) async throws -> [Message]
  /// - Returns: the newest messages, oldest first.
  func latestMessages(of conversation: String, limit: Int) async throws -> [Message]

  /// - Returns: what answers a message, nil where nothing does yet.
  func reply(to sequence: Int, in conversation: String) async throws -> Message?

  /// The newest message's position, 0 where there is none.
  func messageHead() async throws -> Int64
  /// - Returns: what was said after a position, of all conversations, in order.
  func messagePositions(after position: Int64, limit: Int) async throws -> [MessagePosition]
  /// Yields when something was said, by this process at once, by another within moments; now and then for nothing.
  func messageSignals() -> AsyncStream<Void>
}
