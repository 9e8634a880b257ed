import Domain
import Foundation
import HTTPTypes
import Security
import Synchronization

/// Tells who a request comes from.
final class Authenticator: Sendable {
  /// What a route asks of whoever calls it.
  enum Requirement: Sendable, Hashable {
    /// Anyone, with or without a key.
    case open
    /// Keyless too, where `readsAreOpen`.
    case read(Permission)
    /// Always with a key, or by somebody who is signed in.
    case keyed(Permission)
    /// By somebody who is signed in with a browser, whatever their role.
    case session

    /// Nil where none is needed.
    var permission: Permission? {
      switch self {
      case .open, .session: nil
      case .read(let permission), .keyed(let permission): permission
      }
    }
  }

  /// When keys were used, on its way to the store.
  let uses: KeyUses
  private let keys: any AccessKeyStore
  private let tokens: TokenVerifier
  /// Nil where no issuer is trusted.
  private let issuer: IssuerVerifier?
  /// Nil where nobody signs in.
  private let sessions: SessionKeeper?
  private let ownerKeyHash: Data?
  /// Without any key at all, whoever sits at this machine may read.
  private let trustsLoopback: Bool
  private let clock: @Sendable () -> Date
  private let keysExist = Mutex<(known: Bool, until: Date)>((false, .distantPast))

  init(
    keys: any AccessKeyStore, tokenSecrets: TokenSecretsFile, configuration: GatewayConfiguration,
    issuer: IssuerVerifier? = nil, sessions: SessionKeeper? = nil,
    clock: @escaping @Sendable () -> Date = { Date() }
  ) {
    self.keys = keys
    uses = KeyUses(store: keys)
    ownerKeyHash = configuration.ownerKey.map(AccessKeySecret.hash)
    tokens = TokenVerifier(keys: keys, secrets: tokenSecrets, ownerKeyHash: ownerKeyHash, clock: clock)
    self.issuer = issuer
    self.sessions = sessions
    trustsLoopback = configuration.isLoopback && !configuration.behindProxy
    self.clock = clock
  }

  /// - Throws: `unauthorized`, `forbidden`, `origin_mismatch`, `csrf_refused`, `issuer_unavailable`, or what the key store throws: a store that cannot
  ///   tell opens nothing.
  func principal(
    for head: HTTPRequest, requirement: Requirement, countsAsUse: Bool = true
  ) async throws -> Principal {
    if requirement == .open { return .anonymousReader }
    guard let presented = try Self.bearer(head.headerFields) else {
      if let sessions, sessions.isPresented(head) {
        let principal = try await sessions.principal(
          for: head, countsAsUse: countsAsUse && requirement != .session)
        if let permission = requirement.permission { try principal.require(permission) }
        return principal
      }
      if requirement == .session { throw Problem.sessionOver }
      if case .read = requirement, try await readsAreOpen(to: head) { return .anonymousReader }
      throw Problem.unauthorized("Send a key as 'Authorization: Bearer KEY'.")
    }
    let principal = try await self.principal(
      presenting: presented, origins: head.headerFields[values: .origin])
    // Whoever sends a key is its bearer, and not whoever else is signed in with that browser.
    guard let permission = requirement.permission else {
      throw Problem("forbidden", "Keys and tokens have no session; this is for browsers that signed in.")
    }
    try principal.require(permission)
    return principal
  }

  private func principal(presenting secret: String, origins: [String]) async throws -> Principal {
    if secret.hasPrefix(BrowserToken.marker) {
      return try await tokens.principal(presenting: secret, origins: origins)
    }
    let hash = AccessKeySecret.hash(of: secret)
    if let ownerKeyHash, ConstantTime.equal(hash, ownerKeyHash) { return .keyOwner }
    if let issuer, IssuerVerifier.mayBeToken(secret) { return try await issuer.principal(presenting: secret) }
    let now = clock()
    // One message for unknown, expired and revoked: a guesser learns nothing.
    guard let key = try await keys.accessKey(secretHash: hash), key.matches(secret, at: now),
      key.isUsable(at: now)
    else { throw Problem.invalidCredential("The key is unknown, expired or revoked.") }
    uses.note(key.id, at: now)
    return Principal(key: key)
  }

  private func readsAreOpen(to head: HTTPRequest) async throws -> Bool {
    guard trustsLoopback, ownerKeyHash == nil else { return false }
    // A web page can point a name of its own at 127.0.0.1 and read as this machine's user would; it cannot
    // make the browser send another Host.
    guard let authority = head.authority, LoopbackName.matches(authority: authority) else { return false }
    return try await !anyKeyExists()
  }

  /// Remembered for a second: only the keyless ask, and each time.
  private func anyKeyExists() async throws -> Bool {
    let now = clock()
    if let known = keysExist.withLock({ now < $0.until ? $0.known : nil }) { return known }
    let exists = try await keys.accessKeys().contains { $0.isUsable(at: now) }
    keysExist.withLock { $0 = (exists, now.addingTimeInterval(1)) }
    return exists
  }

  /// Whether a browser asks, with a token that a site's back end made for it.
  static func hasToken(_ head: HTTPRequest) -> Bool {
    ((try? bearer(head.headerFields)) ?? nil)?.hasPrefix(BrowserToken.marker) ?? false
  }

  /// Whether a browser asks in which somebody of the staff signed in.
  static func hasSession(_ head: HTTPRequest, _ principal: Principal) -> Bool {
    head.headerFields[.authorization] == nil && principal.userID != nil
  }

  /// - Returns: nil without an Authorization header.
  static func bearer(_ headers: HTTPFields) throws(Problem) -> String? {
    let values = headers[values: .authorization]
    guard let value = values.first else { return nil }
    let parts = value.split(separator: " ", maxSplits: 1)
    guard values.count == 1, parts.count == 2, parts[0].lowercased() == "bearer" else {
      throw Problem.unauthorized("Authorization must be 'Bearer KEY', once.")
    }
    return parts[1].trimmingCharacters(in: .whitespaces)
  }
}

extension Principal {
  /// Whoever reads without a key, where that is allowed.
  static let anonymousReader = Principal(role: .reader, viewer: .anonymous)
  /// The bearer of the configured owner's key.
  static let keyOwner = Principal(role: .owner, viewer: .all, keyID: "owner")

  /// Whether totals of a knowledge base may be shown: to those who see all of it, and at the machine itself.
  var mayCount: Bool { viewer == .all || actor == nil }

  /// - Throws: `forbidden`.
  func require(_ permission: Permission) throws(Problem) {
    if !may(permission) { throw .lacking(permission, self) }
  }
}
