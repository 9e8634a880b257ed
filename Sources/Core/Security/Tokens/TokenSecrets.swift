import Crypto
import Foundation

/// The secrets that sign browser tokens. The newest signs; those before it verify until all that they signed has
/// ended.
public struct TokenSecrets: Hashable, Sendable, Codable {
  public struct Secret: Hashable, Sendable, Codable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Random, and no secret.
    let id: String
    /// 256 random bits.
    let key: Data
    let createdAt: Date

    init(at now: Date) {
      id = Base64URL.encode(SymmetricKey(size: .bits128).withUnsafeBytes { Data($0.prefix(6)) })
      key = RandomBytes.key()
      createdAt = now
    }

    func authenticationCode(of text: String) -> Data {
      Data(HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: SymmetricKey(data: key)))
    }

    public var description: String { "token secret \(id)" }
    public var debugDescription: String { description }
  }

  /// Newest first; never empty.
  public private(set) var secrets: [Secret]

  public init(at now: Date) { secrets = [Secret(at: now)] }

  /// Puts a new secret before the others.
  ///
  /// - Parameter endingTokens: whether what was signed before ends at once, as after a leak.
  public mutating func rotate(at now: Date, endingTokens: Bool) {
    // A secret has signed nothing since the next one was made.
    let life = TimeInterval(BrowserToken.maxLifetimeSeconds)
    let replaced = [now] + secrets.map(\.createdAt)
    let alive = zip(secrets, replaced).filter { now < $1.addingTimeInterval(life) }.map(\.0)
    secrets = [Secret(at: now)] + (endingTokens ? [] : alive)
  }

  public func sign(_ token: BrowserToken) throws -> String { try token.text(signedBy: secrets[0]) }

  func secret(id: Substring) -> Secret? { secrets.first { $0.id == id } }

  /// A mark of something secret that only the holder of these secrets can compare.
  public func marks(of bytes: Data) -> [String] {
    secrets.map { Base64URL.encode($0.authenticationCode(of: "mark " + Digest.hex(bytes))) }
  }
}
