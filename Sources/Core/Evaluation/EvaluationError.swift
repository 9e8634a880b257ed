import Domain

/// What Evaluation throws.
public struct EvaluationError: CodedError {
  public enum Code: String, Sendable, CaseIterable {
    case setNotFound = "evaluation_set_not_found"
    case setInvalid = "evaluation_set_invalid"
    case runInvalid = "run_invalid"
  }
  public let kind: Code
  public let message: String
  public let cause: (any Error)?
  public var code: String { kind.rawValue }
  public init(_ kind: Code, _ message: String, cause: (any Error)? = nil) {
    self.kind = kind
    self.message = message
    self.cause = cause
  }
}
