import Domain
import Security

/// Who may read a conversation, and speak in it.
public enum ConversationAccess {
  /// A customer theirs, whoever opened one for nobody in particular that one, and those whose duty it is.
  public static func mayRead(_ conversation: Conversation, _ principal: Principal) -> Bool {
    guard principal.mayReach(kb: conversation.knowledgeBase) else { return false }
    if principal.may(.readTranscripts) || principal.may(.superviseConversations) { return true }
    if principal.may(.attendConversations), isAttended(conversation) { return true }
    return maySpeak(in: conversation, principal)
  }

  /// As the customer.
  public static func maySpeak(in conversation: Conversation, _ principal: Principal) -> Bool {
    guard principal.may(.converse), principal.mayReach(kb: conversation.knowledgeBase) else { return false }
    // A token that names a customer reaches theirs alone. One that names nobody, and the key that it was made with,
    // reach what was opened with that key; the id, which cannot be guessed, tells one nobody from another.
    if let customer = principal.customer { return conversation.customer == customer }
    guard let actor = principal.actor, conversation.opener == actor else { return false }
    return conversation.customer == nil || principal.role != .customer
  }

  private static func isAttended(_ conversation: Conversation) -> Bool {
    [.waiting, .agent].contains(conversation.status)
  }

  static func mayEnd(_ conversation: Conversation, _ principal: Principal) -> Bool {
    if maySpeak(in: conversation, principal) { return true }
    guard principal.mayReach(kb: conversation.knowledgeBase) else { return false }
    return principal.may(.superviseConversations)
      || (principal.may(.attendConversations) && isAttended(conversation))
  }
}
