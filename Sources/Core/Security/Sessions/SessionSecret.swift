import Crypto
import Foundation

/// What a browser holds of a session: 256 random bits, of which the store knows the hash alone.
public struct SessionSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  /// 43 characters of base64url.
  public let text: String

  /// Makes a new one.
  public init() { text = Base64URL.encode(RandomBytes.key()) }

  /// - Returns: nil for what was never made here, so that nothing else is looked up.
  public init?(presented text: String) {
    guard text.utf8.count == 43, Base64URL.decode(text)?.count == 32 else { return nil }
    self.text = text
  }

  public var hash: Data { Digest.sha256(text) }

  /// What a page of ours sends with each request that may change something: made of the secret, so that it is of this
  /// session and no other, and nothing has to be kept.
  public var csrfToken: String {
    let key = SymmetricKey(data: Data(text.utf8))
    let code = HMAC<SHA256>.authenticationCode(for: Data("frontdesk csrf".utf8), using: key)
    return Base64URL.encode(Data(code))
  }

  /// Takes the same time wherever the two differ.
  public func isCSRFToken(_ presented: String) -> Bool {
    ConstantTime.equal(Data(presented.utf8), Data(csrfToken.utf8))
  }

  public var description: String { "session secret" }
  public var debugDescription: String { description }
}
