import Crypto
import Foundation

/// sha256 of files.
enum FileHash {
  /// - Returns: lowercase hex.
  static func sha256(of url: URL) throws -> String {
    let file = try MappedFile(url)
    var hash = SHA256()
    hash.update(bufferPointer: file.bytes)
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }
}
