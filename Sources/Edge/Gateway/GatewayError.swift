import Domain

/// What keeps the gateway from starting.
public struct GatewayError: CodedError {
  public enum Code: String, Sendable, CaseIterable {
    /// Anyone on the network could read, and read along: a key and TLS are needed.
    case insecureListen = "insecure_listen"
    /// The certificate or the private key could not be read.
    case invalidTLSFiles = "invalid_tls_files"
    /// What is configured of an issuer of tokens cannot be used.
    case invalidIssuer = "invalid_issuer"
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
