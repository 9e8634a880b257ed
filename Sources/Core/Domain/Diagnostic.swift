/// Something wrong with a piece of input that did not stop the rest.
public struct Diagnostic: Hashable, Sendable, Codable {
  public enum Severity: String, Sendable, Codable {
    /// The piece was left out.
    case failure
    /// It went in, but someone should look.
    case warning
  }
  public var path: String
  /// From 1, where a line is known.
  public var line: Int?
  /// snake_case, stable: `unsupported_type`, `too_large`, ...
  public var code: String
  public var message: String
  public var remedy: String
  public var severity: Severity

  public init(
    path: String, line: Int? = nil, code: String, message: String, remedy: String,
    severity: Severity = .failure
  ) {
    self.path = path
    self.line = line
    self.code = code
    self.message = message
    self.remedy = remedy
    self.severity = severity
  }
}
