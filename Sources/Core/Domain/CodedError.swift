/// What every public boundary throws: one struct per target, with a stable code.
///
/// `code` is snake_case and part of the contract: clients switch on it. `message` says what went wrong
/// and what to do, and is safe to show to the caller. `cause` is for logs only.
public protocol CodedError: Error, Sendable, CustomStringConvertible {
  var code: String { get }
  var message: String { get }
  var cause: (any Error)? { get }
}

extension CodedError {
  public var description: String {
    guard let cause else { return "\(code): \(message)" }
    return "\(code): \(message) (cause: \(cause))"
  }
}

/// A value that Domain's own initialisers refuse.
public struct ValidationError: CodedError {
  public let code: String
  public let message: String
  public var cause: (any Error)? { nil }
  public init(code: String, message: String) {
    self.code = code
    self.message = message
  }
}
