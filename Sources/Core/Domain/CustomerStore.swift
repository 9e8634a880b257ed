import Foundation

/// What is known of a customer, and what may be done with it.
public struct CustomerRecord: Hashable, Sendable {
  public let customer: Customer
  /// Stands for the customer in the audit log and in receipts: 16 hexadecimal digits that tell nothing by themselves.
  public let pseudonym: String
  /// Since when it is kept but not used.
  public let restrictedAt: Date?
  /// Why it must not be erased; nil where it may.
  public let hold: String?
  public let conversations: Int
  public let messages: Int
  public let createdAt: Date
  public let updatedAt: Date

  public init(
    customer: Customer, pseudonym: String, restrictedAt: Date?, hold: String?, conversations: Int,
    messages: Int, createdAt: Date, updatedAt: Date
  ) {
    self.customer = customer
    self.pseudonym = pseudonym
    self.restrictedAt = restrictedAt
    self.hold = hold
    self.conversations = conversations
    self.messages = messages
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }
}

/// What an erasure took away.
public struct ErasureReceipt: Hashable, Sendable {
  public let conversations: Int
  public let messages: Int
  /// What was handed out about the customer, and was still kept.
  public let exports: Int

  public init(conversations: Int, messages: Int, exports: Int) {
    self.conversations = conversations
    self.messages = messages
    self.exports = exports
  }
}

/// What came of an erasure.
public enum ErasureOutcome: Hashable, Sendable {
  case erased(ErasureReceipt)
  /// Nothing was erased: the law, or a claim, keeps it.
  case held(reason: String)
}

/// Everything that is stored about one customer, for those who answer for it (the service half of the store).
public protocol CustomerStore: Sendable {
  /// - Returns: nil where nothing is stored about them.
  func customer(_ id: String) async throws -> CustomerRecord?
  /// Stands for a customer, known or not, as `CustomerRecord.pseudonym`.
  func pseudonym(ofCustomer id: String) async throws -> String
  /// The customer's conversations, oldest first.
  func conversations(ofCustomer id: String, after: Conversation?, limit: Int) async throws -> [Conversation]
  /// Puts another profile in the place of the one that is stored.
  ///
  /// - Returns: false where nothing is stored about them, as of the next two.
  func rectify(_ customer: Customer, at now: Date) async throws -> Bool
  /// - Parameter isRestricted: whether it is kept but not used from now on.
  func restrict(_ id: String, _ isRestricted: Bool, at now: Date) async throws -> Bool
  /// - Parameter reason: nil lifts the hold.
  func hold(_ id: String, reason: String?, at now: Date) async throws -> Bool
  /// Leaves no byte of what is stored about a customer, and remembers that, so that a restored backup forgets it too.
  ///
  /// - Parameter job: the one that does it, which stays to tell of it.
  func erase(customer id: String, by job: String?, at now: Date) async throws -> ErasureOutcome
  /// Erases conversations that nothing was said in since, but of customers on hold.
  ///
  /// - Returns: how many.
  func eraseConversations(idleSince: Date, limit: Int) async throws -> Int
}
