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

  /// - Returns: nil for what is not two hexadecimal digits a byte.
  public static func bytes(hex text: some StringProtocol) -> Data? {
    let values = text.utf8.map(hexValue)
    guard values.count.isMultiple(of: 2) else { return nil }
    var bytes = Data()
    for index in stride(from: 0, to: values.count, by: 2) {
      guard let high = values[index], let low = values[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)
}
