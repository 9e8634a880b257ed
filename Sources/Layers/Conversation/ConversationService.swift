import Domain
import Foundation
import Retrieval
import Security

/// Carries conversations: takes in what is said, has the bot answer it, and hands out what was said.
///
/// A message is on disk before it is answered. Where the process ends in between, sending the message again under the
/// same name brings the answer.
public struct ConversationService: Sendable {
  /// How a question is answered, and who is told of it: metrics, the log.
  public typealias Answering = @Sendable (AnswerRequest) async throws -> AnswerResponse

  /// What of citations a reader may see today, in order.
  public typealias Verifying = @Sendable ([Citation], Principal) async throws -> [CitationStatus]

  public struct Options: Sendable {
    /// Whether e-mail addresses, telephone numbers, accounts and the like are masked in what is stored. Cards always
    /// are.
    public var redactsTranscripts = false
    /// Earlier messages that a question is understood by.
    public var historyMessages = 20
    public init() {}
  }

  public static let maxTextBytes = SearchRequest.maxQueryBytes
  public static let maxClientIDBytes = 255

  let store: any ConversationStore
  private let options: Options
  private let verify: Verifying?
  private let clock: @Sendable () -> Date

  public init(
    store: any ConversationStore, options: Options = Options(), verify: Verifying? = nil,
    clock: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.store = store
    self.options = options
    self.verify = verify
    self.clock = clock
  }

  /// - Throws: `customer_restricted`, and what the store throws.
  public func open(_ conversation: NewConversation) async throws -> Conversation {
    try await store.open(conversation, at: clock())
  }

  /// A conversation that this caller may read.
  ///
  /// - Parameter breakingGlass: whether every one within reach may be read, as an emergency; put on record by whoever
  ///   calls this.
  /// - Throws: `conversation_not_found`, also where it is not theirs: what is out of reach is not there;
  ///   `customer_restricted` where staff may not use it.
  public func conversation(
    _ id: String, for principal: Principal, breakingGlass: Bool = false
  ) async throws -> Conversation {
    guard let id = Self.identifier(id), let found = try await store.conversation(id) else {
      throw ConversationError.notFound
    }
    if breakingGlass, principal.mayReach(kb: found.knowledgeBase) { return found }
    guard ConversationAccess.mayRead(found, principal) else { throw ConversationError.notFound }
    guard !found.isRestricted || ConversationAccess.maySpeak(in: found, principal) else {
      throw ConversationError.restricted
    }
    return found
  }

  /// - Parameter limit: messages at most.
  /// - Throws: `conversation_not_found`.
  public func messages(
    of id: String, after sequence: Int, limit: Int, for principal: Principal, breakingGlass: Bool = false
  ) async throws -> [Message] {
    let conversation = try await conversation(id, for: principal, breakingGlass: breakingGlass)
    let messages = try await store.messages(of: conversation.id, after: sequence, limit: limit)
    return try await shown(messages, to: principal)
  }

  /// What quotes a document that the reader may not see, or that was erased, is withheld.
  private func shown(_ messages: [Message], to principal: Principal) async throws -> [Message] {
    guard let verify else { return messages }
    var shown: [Message] = []
    for message in messages {
      let citations = Self.citations(of: message)
      let statuses = citations.isEmpty ? [] : try await verify(citations, principal)
      let isOpen = statuses.allSatisfy { $0 == .valid || $0 == .changed }
      shown.append(isOpen ? message : message.withheld)
    }
    return shown
  }

  private static func citations(of message: Message) -> [Citation] {
    struct Cited: Decodable { let citations: [Citation] }
    return message.answer.flatMap { try? JSONDecoder().decode(Cited.self, from: $0) }?.citations ?? []
  }

  /// Ends a conversation; nothing is said in it from then on.
  ///
  /// - Throws: `conversation_not_found`.
  public func close(_ id: String, for principal: Principal) async throws -> Conversation {
    let conversation = try await conversation(id, for: principal)
    guard ConversationAccess.mayEnd(conversation, principal),
      let closed = try await store.change(conversation.id, to: .closed, at: clock())
    else { throw ConversationError.notFound }
    return closed
  }

  /// What a customer says, and what the bot says to it.
  ///
  /// - Parameters:
  ///   - text: 1 to `maxTextBytes` UTF-8 bytes.
  ///   - clientID: the sender's own name for the message: under the same name the same message is said once.
  ///   - kept: called when the message is on disk, before it is answered.
  /// - Throws: `conversation_not_found`, `conversation_closed`, `customer_restricted`, `message_conflict`, and what
  ///   `answering` throws: the message is there then, and sending it again under its name asks once more.
  public func say(
    _ text: String, clientID: String?, in id: String, for principal: Principal,
    kept: @Sendable (Message) -> Void = { _ in }, answering: Answering
  ) async throws -> Turn {
    let conversation = try await conversation(id, for: principal)
    guard ConversationAccess.maySpeak(in: conversation, principal) else { throw ConversationError.notFound }
    let message = try await keep(
      NewMessage(author: .customer, text: stored(text), clientID: clientID), in: conversation)
    kept(message)
    if let reply = try await store.reply(to: message.sequence, in: conversation.id) {
      return Turn(message: message, reply: try await shown([reply], to: principal).first)
    }
    guard conversation.status == .bot else { return Turn(message: message, reply: nil) }
    let question = try await question(text, before: message, in: conversation, for: principal)
    let answer = try await answering(question)
    return Turn(message: message, reply: try await say(answer, to: message, in: conversation))
  }

  private func keep(_ new: NewMessage, in conversation: Conversation) async throws -> Message {
    let states: Set<Conversation.Status> = [.bot, .waiting, .agent]
    switch try await store.append(new, to: conversation.id, in: states, at: clock()) {
    case .added(let message), .repeated(let message): return message
    case .differs: throw ConversationError.differs
    case .refused: throw ConversationError.closed
    case .restricted: throw ConversationError.restricted
    case nil: throw ConversationError.notFound
    }
  }

  private func question(
    _ text: String, before message: Message, in conversation: Conversation, for principal: Principal
  ) async throws -> AnswerRequest {
    let from = max(0, message.sequence - 1 - options.historyMessages)
    let earlier = try await store.messages(
      of: conversation.id, after: from, limit: message.sequence - 1 - from)
    return AnswerRequest(
      question: text, knowledgeBase: conversation.knowledgeBase,
      history: earlier.compactMap(HistoryTurn.init), viewer: principal.viewer)
  }

  /// - Returns: nil where somebody else has come to hold the conversation: the bot does not speak in it then.
  private func say(
    _ answer: AnswerResponse, to message: Message, in conversation: Conversation
  ) async throws -> Message? {
    let reply = NewMessage(
      author: .bot, text: answer.answer.text, answer: try Self.json(answer), inReplyTo: message.sequence)
    // The state is looked at once more, in the transaction that says it.
    switch try await store.append(reply, to: conversation.id, in: [.bot], at: clock()) {
    case .added(let said), .repeated(let said): return said
    case .differs, .refused, .restricted, nil: return nil
    }
  }

  private func stored(_ text: String) -> String {
    options.redactsTranscripts
      ? Redactor(maximumLength: Self.maxTextBytes).redact(text) : CardMask.masked(text)
  }

  private static func json(_ answer: AnswerResponse) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(answer)
  }

  /// A UUID in lower case; nil for anything else, which then is no conversation.
  private static func identifier(_ text: String) -> String? {
    text.utf8.count == 36 ? UUID(uuidString: text)?.uuidString.lowercased() : nil
  }
}

/// What was said, and what to it.
public struct Turn: Hashable, Sendable {
  public let message: Message
  /// Nil where the bot does not answer here.
  public let reply: Message?

  public init(message: Message, reply: Message?) {
    self.message = message
    self.reply = reply
  }
}

extension Message {
  fileprivate var withheld: Message {
    Message(
      id: id, sequence: sequence, author: author, text: Self.withheldText, status: status,
      inReplyTo: inReplyTo, createdAt: createdAt)
  }
}

extension HistoryTurn {
  /// - Returns: nil for what only happened.
  init?(_ message: Message) {
    switch message.author {
    case .customer: self.init(role: .customer, text: message.text)
    case .bot: self.init(role: .assistant, text: message.text)
    case .agent: self.init(role: .agent, text: message.text)
    case .system: return nil
    }
  }
}
