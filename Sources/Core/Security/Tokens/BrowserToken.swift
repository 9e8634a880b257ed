import Crypto
import Domain
import Foundation

/// What a site's back end gives to a browser, so that no key ever reaches one: short-lived, for one origin.
///
/// Written `fdt_`, the id of the secret that signs, the claims as JSON and an HMAC-SHA256 of all before it, with dots
/// between, the last two in base64url. There is no field that names an algorithm, so none can be confused.
public struct BrowserToken: Hashable, Sendable, Codable {
  public enum Scope: String, Hashable, Sendable, CaseIterable, Codable {
    case search, chat

    public var permissions: Set<Permission> {
      switch self {
      case .search: [.search]
      case .chat: [.ask, .converse, .readConversations]
      }
    }
  }

  /// Random; tells one token from another.
  public let id: String
  public let scope: Scope
  /// As browsers send it: `https://www.example.com`.
  public let origin: String
  /// The company's own id of whoever is signed in; nil for anyone.
  public let customer: String?
  /// Whose documents the customer sees.
  public let groups: [String]
  /// Never empty.
  public let knowledgeBases: [String]
  /// The key that it was made with: without that key it opens nothing.
  public let keyID: String
  /// Ties it to the secret of that key, where the key has no id of its own; nil for stored keys.
  public let keyMark: String?
  /// Whole seconds since 1970.
  public let issuedAt: Int64
  public let expiresAt: Int64

  public init(
    scope: Scope, origin: String, customer: String?, groups: [String], knowledgeBases: [String],
    keyID: String,
    keyMark: String? = nil, at now: Date, lifetimeSeconds: Int64
  ) {
    id = UUID().uuidString.lowercased()
    self.scope = scope
    self.origin = origin
    self.customer = customer
    self.groups = groups
    self.knowledgeBases = knowledgeBases
    self.keyID = keyID
    self.keyMark = keyMark
    issuedAt = Int64(now.timeIntervalSince1970.rounded(.down))
    expiresAt = issuedAt + lifetimeSeconds
  }

  enum CodingKeys: String, CodingKey {
    case id = "jti"
    case scope, origin, groups
    case customer = "sub"
    case knowledgeBases = "kbs"
    case keyID = "key"
    case keyMark = "mark"
    case issuedAt = "iat"
    case expiresAt = "exp"
  }

  /// Begins every token, so that people, secret scanners and the gateway tell one from a key.
  public static let marker = "fdt_"
  /// Longest life, seconds.
  public static let maxLifetimeSeconds: Int64 = 3600
  /// Longest text that is looked at.
  public static let maxBytes = 8192

  /// Whose eyes a search with it uses.
  public var viewer: Viewer { customer == nil ? .anonymous : .signedIn(groups: Set(groups)) }

  public func hasEnded(at now: Date) -> Bool { Double(expiresAt) <= now.timeIntervalSince1970 }
}

extension BrowserToken {
  func text(signedBy secret: TokenSecrets.Secret) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let signed = "\(Self.marker)\(secret.id).\(Base64URL.encode(try encoder.encode(self)))"
    return "\(signed).\(Base64URL.encode(secret.authenticationCode(of: signed)))"
  }

  /// - Returns: nil where no secret of these signed it, byte for byte; whether it has ended is not looked at.
  public static func verified(_ text: String, by secrets: TokenSecrets) -> BrowserToken? {
    guard text.utf8.count <= maxBytes, text.hasPrefix(marker) else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let code = Base64URL.decode(parts[2]),
      let secret = secrets.secret(id: parts[0].dropFirst(marker.count))
    else { return nil }
    let signed = "\(parts[0]).\(parts[1])"
    // The code first: nothing of what is not ours is parsed.
    guard ConstantTime.equal(code, secret.authenticationCode(of: signed)),
      let claims = Base64URL.decode(parts[1])
    else { return nil }
    return try? JSONDecoder().decode(BrowserToken.self, from: claims)
  }
}
