import Foundation

/// Base64 that needs no escaping in URLs and headers (RFC 4648, section 5), without padding.
public enum Base64URL {
  public static func encode(_ bytes: Data) -> String {
    bytes.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// - Returns: nil unless the text is just what `encode` makes of the bytes, so that nothing has two spellings.
  public static func decode(_ text: some StringProtocol) -> Data? {
    let text = String(text)
    let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
    let padding = String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    guard let bytes = Data(base64Encoded: base64 + padding), encode(bytes) == text else { return nil }
    return bytes
  }
}
