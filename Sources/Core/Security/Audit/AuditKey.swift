import Crypto
import Foundation

/// What the links of an audit log are made with; kept away from the log.
public struct AuditKey: Sendable {
  public static let leastBytes = 32

  private let key: SymmetricKey

  /// - Parameter secret: at least 32 bytes, else nil.
  public init?(_ secret: Data) {
    guard secret.count >= Self.leastBytes else { return nil }
    key = SymmetricKey(data: Digest.sha256(secret))
  }

  func authenticate(_ bytes: Data) -> Data { Data(HMAC<SHA256>.authenticationCode(for: bytes, using: key)) }
}
