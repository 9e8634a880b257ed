/// What words an answer: a language model somewhere else. What it says is believed by nobody until it was checked.
public protocol AnswerGenerator: Sendable {
  /// Has a prompt answered, once.
  ///
  /// - Parameter take: handed each piece of text as it comes, in order; false means that no more is wanted. What it
  ///   throws ends the call and is thrown.
  /// - Throws: `GenerationFailure`, `CancellationError`, what `take` throws.
  func generate(
    from prompt: GenerationPrompt, take: @escaping @Sendable (String) async throws -> Bool
  ) async throws
}

/// Why nothing was generated, or not all of it. The raw value is a metric's label.
public enum GenerationFailure: String, Error, Sendable, CaseIterable {
  /// As many calls as are allowed are under way.
  case busy
  case circuitOpen = "circuit_open"
  case unreachable
  /// The first words did not come in time.
  case slow
  /// The last ones did not.
  case timedOut = "timed_out"
  /// It ended before it said that it was complete.
  case cutOff = "cut_off"
  case tooLarge = "too_large"
  case rateLimited = "rate_limited"
  /// Any other status than 200, a redirect among them.
  case refused
  case serverError = "server_error"
  /// Not what the interface says: another type of content, no JSON, no UTF-8, no end of a sentence.
  case invalid
}

/// How a generation ended. The raw value is a metric's label.
public enum GenerationOutcome: Sendable, Hashable {
  case generated
  /// What came before it failed was enough.
  case generatedPartly(GenerationFailure)
  case failed(GenerationFailure)
  /// The extract is of a document whose text may not leave, or that reads like an instruction to a model.
  case withheld
  /// No sentence that was said stands in the passages, or none that says what the extract says.
  case unsupported

  public var label: String {
    switch self {
    case .generated: "generated"
    case .generatedPartly: "generated_partly"
    case .failed(let failure): failure.rawValue
    case .withheld: "withheld"
    case .unsupported: "unsupported"
    }
  }
}
