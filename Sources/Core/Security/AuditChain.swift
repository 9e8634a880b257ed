import Crypto
import Domain
import Foundation

/// Links audit entries by hashes, so that a changed, removed or inserted one shows.
///
/// What a chain cannot show is that its newest entries were cut off: keep the last hash elsewhere for that.
public enum AuditChain {
  /// What the first entry is linked to.
  public static let origin = Data(repeating: 0, count: Digest.byteCount)

  /// - Returns: SHA-256 over the previous hash, the sequence and the microseconds since 1970 (big-endian) and
  ///   the texts, each after its length.
  public static func hash(previous: Data, sequence: Int64, time: Date, event: AuditEvent) -> Data {
    var hash = SHA256()
    hash.update(data: previous)
    let microseconds = Int64((time.timeIntervalSince1970 * 1_000_000).rounded())
    for number in [sequence, microseconds] {
      withUnsafeBytes(of: number.bigEndian) { hash.update(bufferPointer: $0) }
    }
    for text in [event.actor, event.action, event.target] {
      let bytes = Data(text.utf8)
      withUnsafeBytes(of: Int64(bytes.count).bigEndian) { hash.update(bufferPointer: $0) }
      hash.update(data: bytes)
    }
    return Data(hash.finalize())
  }

  /// Goes on from `previous`.
  ///
  /// - Parameter sequence: of the entry before these.
  /// - Returns: the first entry that does not follow from the one before, or nil.
  public static func firstBreak(
    in entries: [AuditEntry], after previous: Data, sequence: Int64
  ) -> AuditEntry? {
    var (previous, sequence) = (previous, sequence)
    for entry in entries {
      let expected = hash(
        previous: previous, sequence: entry.sequence, time: entry.time, event: entry.event)
      guard entry.sequence == sequence + 1, entry.hash == expected else { return entry }
      (previous, sequence) = (entry.hash, entry.sequence)
    }
    return nil
  }
}

/// How targets are named in the audit log.
public enum AuditTarget {
  /// `kb/sha256:` and 16 hexadecimal digits of the external id's SHA-256.
  public static func document(_ externalID: String, in knowledgeBase: String) -> String {
    knowledgeBase + "/sha256:" + Digest.hex(Digest.sha256(externalID).prefix(8))
  }
}
