import Domain
import Logging
import Synchronization

extension ConversationService {
  /// What is said in all conversations, as it is said; it runs when it is told to.
  public func makeFeed(logger: Logger) -> ConversationFeed { ConversationFeed(store: store, logger: logger) }
}

/// Tells listeners of what is said, as it is said: by this process or by another one.
///
/// One tail of the store's log of messages serves everyone who listens, so that a listener costs nothing while nothing
/// is said to it. What a listener is told of is never the only way to a message: the store has them all, by number.
public final class ConversationFeed: Sendable {
  public enum Event: Sendable {
    /// The next messages of the conversation come in order. One may come twice.
    case message(Message)
    /// Something may have been said that was not told of: read on in the store.
    case behind
  }
  /// Called by the feed's task, which waits for it; so it only hands over.
  public typealias Listener = @Sendable (Event) -> Void

  private struct State {
    var listeners: [String: [UInt64: Listener]] = [:]
    var nextID: UInt64 = 0
  }

  /// Positions that are read at one time.
  static let pageSize = 500

  private let store: any ConversationStore
  private let logger: Logger
  private let state = Mutex(State())

  public init(store: any ConversationStore, logger: Logger) {
    self.store = store
    self.logger = logger
  }

  /// Hears of one conversation until it is cancelled or let go.
  public final class Subscription: Sendable {
    private let feed: ConversationFeed
    private let conversation: String
    private let id: UInt64

    fileprivate init(_ feed: ConversationFeed, _ conversation: String, _ id: UInt64) {
      self.feed = feed
      self.conversation = conversation
      self.id = id
    }
    deinit { cancel() }

    public func cancel() { feed.remove(id, from: conversation) }
  }

  /// Listens from now on. Whoever then reads the store up to its newest message has missed nothing.
  ///
  /// - Parameter conversation: its id, in lower case.
  public func listen(to conversation: String, _ listener: @escaping Listener) -> Subscription {
    let id = state.withLock { state in
      state.nextID += 1
      state.listeners[conversation, default: [:]][state.nextID] = listener
      return state.nextID
    }
    return Subscription(self, conversation, id)
  }

  private func remove(_ id: UInt64, from conversation: String) {
    // Let go outside of the lock: what a listener holds may listen itself.
    let removed: Listener? = state.withLock { state in
      let removed = state.listeners[conversation]?.removeValue(forKey: id)
      if state.listeners[conversation]?.isEmpty == true { state.listeners[conversation] = nil }
      return removed
    }
    _ = removed
  }

  /// Listeners, over all conversations.
  public var listenerCount: Int { state.withLock { $0.listeners.values.reduce(0) { $0 + $1.count } } }

  // MARK: The tail

  /// Follows the log until it is cancelled. A store that fails is asked again.
  public func run() async {
    var position: Int64?
    for await _ in store.messageSignals() {
      while !Task.isCancelled {
        do {
          try await follow(&position)
          break
        } catch {
          logger.warning("the feed of conversations waits for the store", metadata: ["error": "\(error)"])
          try? await Task.sleep(for: .seconds(1))
        }
      }
      if Task.isCancelled { return }
    }
  }

  /// - Parameter position: of the last message that was told of; nil before the first look.
  private func follow(_ position: inout Int64?) async throws {
    guard var reached = position else {
      position = try await store.messageHead()
      // Whoever listened before this may have read the store before what is skipped here was said.
      for listener in state.withLock({ $0.listeners.values.flatMap(\.values) }) { listener(.behind) }
      return try await follow(&position)
    }
    while true {
      let page = try await store.messagePositions(after: reached, limit: Self.pageSize)
      guard let last = page.last else { return }
      try await tell(of: page)
      reached = last.position
      position = reached
    }
  }

  private func tell(of page: [MessagePosition]) async throws {
    var spans: [String: ClosedRange<Int>] = [:]
    for entry in page {
      let known = spans[entry.conversation] ?? entry.sequence...entry.sequence
      spans[entry.conversation] =
        min(known.lowerBound, entry.sequence)...max(known.upperBound, entry.sequence)
    }
    for (conversation, span) in spans {
      // Nobody listens to most: they are not even decrypted.
      guard state.withLock({ $0.listeners[conversation] != nil }) else { continue }
      // One that cannot be read keeps nobody from the others: whoever follows it is told by their own look.
      let messages = try? await store.messages(
        of: conversation, after: span.lowerBound - 1, limit: span.count)
      for listener in state.withLock({ $0.listeners[conversation]?.values.map { $0 } }) ?? [] {
        if let messages { for message in messages { listener(.message(message)) } } else { listener(.behind) }
      }
    }
  }
}
