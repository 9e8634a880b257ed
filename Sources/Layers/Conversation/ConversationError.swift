import Domain

/// What a conversation refuses; `code` is stable and part of the contract.
public struct ConversationError: CodedError, Hashable {
  public let code: String
  public let message: String
  public var cause: (any Error)? { nil }

  static let notFound = ConversationError(
    code: "conversation_not_found", message: "There is no conversation of that id here.")
  static let closed = ConversationError(
    code: "conversation_closed", message: "This conversation has ended; open another.")
  static let differs = ConversationError(
    code: "message_conflict",
    message: "Another text was sent under this client_id; make a new one for each message.")
  static let restricted = ConversationError(
    code: "customer_restricted",
    message:
      "What is stored about this customer may not be used, as they asked; a privacy officer can lift that.")
}
