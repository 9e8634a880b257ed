import Crypto
import Foundation

/// Hashes texts under a key that lives as long as this value, and nowhere else.
///
/// Equal texts have equal hashes; who has only hashes cannot try texts against them.
public struct KeyedHash: Sendable {
  private let key = SymmetricKey(size: .bits256)

  public init() {}

  /// The first bytes of HMAC-SHA-256 over the UTF-8 bytes, as lowercase hexadecimal.
  public func hex(of text: String, bytes: Int = 8) -> String {
    Digest.hex(Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)).prefix(bytes))
  }
}
