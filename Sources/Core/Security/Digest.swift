import Crypto
import Foundation

/// SHA-256, as the store's addresses, citations and keys use it.
public enum Digest {
  public static let byteCount = 32

  /// - Returns: 32 bytes.
  public static func sha256(_ bytes: some DataProtocol) -> Data {
    var hash = SHA256()
    hash.update(data: bytes)
    return Data(hash.finalize())
  }

  /// Hashes the UTF-8 bytes.
  public static func sha256(_ text: some StringProtocol) -> Data {
    var text = String(text)
    return text.withUTF8 { Data(SHA256.hash(data: UnsafeRawBufferPointer($0))) }
  }

  /// SHA-1 of the UTF-8 bytes: for the handshake of WebSockets, which protects nothing by it, and for nothing else.
  public static func sha1(_ text: String) -> Data { Data(Insecure.SHA1.hash(data: Data(text.utf8))) }

  /// Lowercase hexadecimal, two digits a byte.
  public static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var digits: [UInt8] = []
    for byte in bytes {
      digits.append(hexDigits[Int(byte >> 4)])
      digits.append(hexDigits[Int(byte & 15)])
    }
    return String(decoding: digits, as: UTF8.self)
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)
}
