/// What speaks against a sentence. The raw value is a metric's label.
public enum SupportDoubt: String, Sendable, Hashable, CaseIterable, Encodable {
  /// Nothing that could be true or false, or too long to be one sentence.
  case noStatement = "no_statement"
  /// It asks.
  case question
  /// It reads like an instruction to a model, or speaks of being one.
  case instruction
  /// Markup, or characters that cannot be seen.
  case markup
  /// Words that the evidence has not.
  case words
  /// A number, date, address or identifier that the evidence has not, or has of something else.
  case literal
  /// A name that the evidence has not.
  case name
  /// One says yes, the other no.
  case negation
  /// A qualification that the evidence has not, or has and the sentence lost.
  case qualification
  /// The same words in an order that says something else.
  case order
  /// By the cross-encoder it is about something else.
  case relevance
}
