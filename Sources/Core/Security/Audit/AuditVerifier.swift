import Domain
import Foundation

/// The newest entry of an audit log at some time, kept elsewhere.
public struct AuditHead: Codable, Hashable, Sendable {
  public let sequence: Int64
  /// Of the entry's link, lowercase hexadecimal.
  public let hash: String
  /// When it was taken, RFC 3339.
  public let time: String

  public init(sequence: Int64, hash: Data, at time: Date) {
    self.sequence = sequence
    self.hash = Digest.hex(hash)
    self.time = time.ISO8601Format()
  }

  /// Of a log without entries.
  public static func none(at time: Date) -> AuditHead {
    AuditHead(sequence: 0, hash: AuditChain.origin, at: time)
  }
}

/// Goes through an audit log from its beginning and finds where it is not what was written.
public struct AuditVerifier: Sendable {
  public enum Finding: Hashable, Sendable {
    /// The entry was changed, or does not stand where it was written.
    case broken(at: Int64)
    /// Written without the key, after entries that were written with it.
    case unkeyed(at: Int64)
    /// It was written with a key, and none was given.
    case keyMissing(at: Int64)
    /// An exported head names this entry, and it is another one.
    case replaced(AuditHead)
    /// An exported head names this entry, and the log ends before it.
    case cut(AuditHead)
  }

  private let key: AuditKey?
  private var heads: [AuditHead]
  public private(set) var sequence: Int64 = 0
  public private(set) var hash = AuditChain.origin
  /// The first entry that was written with the key.
  public private(set) var keyedFrom: Int64?

  /// - Parameter heads: that were exported, in any order.
  public init(key: AuditKey? = nil, heads: [AuditHead] = []) {
    self.key = key
    self.heads = heads.filter { $0.sequence > 0 }.sorted { $0.sequence > $1.sequence }
  }

  /// Takes the entries that follow those before.
  ///
  /// - Returns: the first thing that is wrong, or nil.
  public mutating func take(_ entries: [AuditEntry]) -> Finding? {
    for entry in entries {
      let isKeyed = AuditChain.isKeyed(entry.hash)
      if isKeyed, key == nil { return .keyMissing(at: entry.sequence) }
      if !isKeyed, keyedFrom != nil { return .unkeyed(at: entry.sequence) }
      let expected = AuditChain.hash(
        previous: hash, sequence: entry.sequence, time: entry.time, event: entry.event,
        key: isKeyed ? key : nil)
      guard entry.sequence == sequence + 1, ConstantTime.equal(expected, entry.hash) else {
        return .broken(at: entry.sequence)
      }
      (sequence, hash) = (entry.sequence, entry.hash)
      if isKeyed, keyedFrom == nil { keyedFrom = sequence }
      while let head = heads.last, head.sequence == sequence {
        heads.removeLast()
        guard head.hash == Digest.hex(hash) else { return .replaced(head) }
      }
    }
    return nil
  }

  /// Said after the last entry.
  ///
  /// - Returns: a head that the log does not reach, or nil.
  public func finish() -> Finding? { heads.first.map { .cut($0) } }
}
