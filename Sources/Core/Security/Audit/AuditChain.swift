import Domain
import Foundation

/// Links audit entries, so that a changed, removed, moved or inserted one shows.
///
/// Without a key the links are hashes: they show mistakes, and tampering by those who do not know how they are made.
/// With one they are message authentication codes, which nobody makes who has the log alone. Neither shows that the
/// newest entries were cut off: exported heads do (`AuditVerifier`).
public enum AuditChain {
  /// What the first entry is linked to.
  public static let origin = Data(repeating: 0, count: Digest.byteCount)

  /// Begins the links that were made with a key, so that none is taken for the other.
  static let keyed: UInt8 = 1

  /// Whether a link was made with a key.
  public static func isKeyed(_ hash: Data) -> Bool {
    hash.count == Digest.byteCount + 1 && hash.first == keyed
  }

  /// Over the previous link, the sequence and the microseconds since 1970 (big-endian) and the texts, each after its
  /// length.
  ///
  /// - Returns: 32 bytes of SHA-256; with a key, a byte 1 and 32 bytes of HMAC-SHA-256.
  public static func hash(
    previous: Data, sequence: Int64, time: Date, event: AuditEvent, key: AuditKey? = nil
  ) -> Data {
    var bytes = previous
    let microseconds = Int64((time.timeIntervalSince1970 * 1_000_000).rounded())
    for number in [sequence, microseconds] {
      withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
    for text in [event.actor, event.action, event.target] {
      let utf8 = Data(text.utf8)
      withUnsafeBytes(of: Int64(utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
      bytes.append(utf8)
    }
    guard let key else { return Digest.sha256(bytes) }
    return Data([keyed]) + key.authenticate(bytes)
  }
}

/// How targets are named in the audit log.
public enum AuditTarget {
  /// `kb/sha256:` and 16 hexadecimal digits of the external id's SHA-256.
  public static func document(_ externalID: String, in knowledgeBase: String) -> String {
    knowledgeBase + "/sha256:" + Digest.hex(Digest.sha256(externalID).prefix(8))
  }
}
