import Crypto
import Foundation

/// Signs what webhooks send, after Standard Webhooks 1.0.0 (symmetric, `v1`).
public struct SigningSecret: Sendable, CustomStringConvertible, CustomReflectable {
  /// Begins every secret.
  public static let marker = "whsec_"
  let key: Data

  /// 256 random bits.
  public init() { key = RandomBytes.key() }

  /// - Parameter text: `whsec_` and base64.
  public init?(_ text: String) {
    guard text.hasPrefix(Self.marker),
      let key = Data(base64Encoded: String(text.dropFirst(Self.marker.count))), !key.isEmpty
    else { return nil }
    self.key = key
  }

  /// As it is shown once.
  public var text: String { Self.marker + key.base64EncodedString() }

  /// HMAC-SHA256 over `id.timestamp.body`, as `v1,` and base64.
  ///
  /// - Parameter timestamp: seconds since 1970.
  public func signature(id: String, timestamp: Int64, body: Data) -> String {
    let signed = Data("\(id).\(timestamp).".utf8) + body
    let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
    return "v1," + Data(code).base64EncodedString()
  }

  public var description: String { "signing secret" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
