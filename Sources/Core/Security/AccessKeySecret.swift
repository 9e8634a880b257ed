import Crypto
import Domain
import Foundation

/// An API key in the clear: shown once when it is made, afterwards only its hash is known.
///
/// The description shows the prefix alone, so that a key printed by mistake gives nothing away.
public struct AccessKeySecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  /// `fd_` and 43 characters of base64url: 256 random bits.
  public let text: String

  /// Makes a new key from the system's random source.
  public init() {
    let bits = RandomBytes.key()
    let base64 = bits.base64EncodedString()
      .replacingOccurrences(of: "+", with: "-")
      .replacingOccurrences(of: "/", with: "_")
      .replacingOccurrences(of: "=", with: "")
    text = Self.marker + base64
  }

  /// Begins every key, so that people and secret scanners recognise one.
  public static let marker = "fd_"

  /// The first characters, to recognise the key by in lists; 48 of its 256 bits.
  public var prefix: String { String(text.prefix(Self.marker.count + 8)) }

  public var hash: Data { Self.hash(of: text) }

  /// The hash under which a presented key is looked up, whoever made the key.
  public static func hash(of presented: String) -> Data { Digest.sha256(presented) }

  public var description: String { prefix + "..." }
  public var debugDescription: String { description }
}

extension AccessKey {
  /// Makes a key and its record.
  ///
  /// - Parameters:
  ///   - scopes: nil for all that the role has by itself.
  ///   - knowledgeBases: names it reaches; empty means all.
  ///   - groups: whose documents it sees.
  public static func issue(
    name: String,
    role: Role,
    scopes: [Permission]? = nil,
    knowledgeBases: [String] = [],
    groups: [String] = [],
    at now: Date,
    expiresAt: Date? = nil
  ) -> (key: AccessKey, secret: AccessKeySecret) {
    let secret = AccessKeySecret()
    let key = AccessKey(
      id: UUID().uuidString.lowercased(),
      name: name,
      prefix: secret.prefix,
      secretHash: secret.hash,
      role: role,
      scopes: scopes?.map(\.rawValue),
      knowledgeBases: knowledgeBases,
      groups: groups,
      createdAt: now,
      expiresAt: expiresAt,
      revokedAt: nil
    )
    return (key, secret)
  }

  /// Whether it opens anything at this time: neither revoked nor expired.
  public func isUsable(at now: Date) -> Bool {
    if let revokedAt, revokedAt <= now { return false }
    if let expiresAt, expiresAt <= now { return false }
    return true
  }

  /// Whether this is the key's secret, or the one before it within its overlap; takes the same time wherever
  /// they differ.
  public func matches(_ presented: String, at now: Date) -> Bool {
    let hash = AccessKeySecret.hash(of: presented)
    let isNewest = ConstantTime.equal(secretHash, hash)
    let isBefore = overlap.map { ConstantTime.equal($0.secretHash, hash) && now < $0.endsAt } ?? false
    return isNewest || isBefore
  }
}

extension AccessKey {
  public enum State: String, Sendable, CaseIterable { case active, expired, revoked }

  public func state(at now: Date) -> State {
    if revokedAt != nil { return .revoked }
    return isUsable(at: now) ? .active : .expired
  }
}
