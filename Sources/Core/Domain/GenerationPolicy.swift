/// Which texts of a knowledge base may leave for another's language model, so that it words answers.
public enum GenerationPolicy: String, Sendable, Codable, CaseIterable {
  /// None: answers are quotes.
  case off
  /// Documents that everyone may see; of a conversation the customer's own words, with what identifies people masked.
  case `public`
  /// Every document that the caller may see, and all turns of a conversation, masked likewise.
  case all

  public func mayLeave(_ visibility: Visibility) -> Bool {
    switch self {
    case .off: false
    case .public: visibility == .public
    case .all: true
    }
  }
}
