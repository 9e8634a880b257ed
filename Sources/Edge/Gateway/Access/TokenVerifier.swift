import Domain
import Foundation
import Security
import Synchronization

/// Tells whose browser a token comes from, without a look into the store for each request.
final class TokenVerifier: Sendable {
  /// How long a key is taken to be as it was: so long may a token outlive its revocation.
  static let keyLifetime: TimeInterval = 5
  private static let maxKnownKeys = 10_000

  private let keys: any AccessKeyStore
  private let secrets: TokenSecretsFile
  private let ownerKeyHash: Data?
  private let clock: @Sendable () -> Date
  private let known = Mutex<[String: (key: AccessKey?, until: Date)]>([:])

  init(
    keys: any AccessKeyStore, secrets: TokenSecretsFile, ownerKeyHash: Data?,
    clock: @escaping @Sendable () -> Date
  ) {
    self.keys = keys
    self.secrets = secrets
    self.ownerKeyHash = ownerKeyHash
    self.clock = clock
  }

  /// - Parameter origins: what the Origin headers of the request say; a browser sends just one.
  /// - Throws: `unauthorized`, `origin_mismatch`.
  func principal(presenting text: String, origins: [String]) async throws -> Principal {
    let now = clock()
    guard let secrets = try secrets.secrets(), let token = BrowserToken.verified(text, by: secrets),
      !token.hasEnded(at: now), let maker = try await maker(of: token, secrets, at: now),
      maker.may(.mintTokens)
    else {
      throw Problem.invalidCredential(
        "The token is unknown or has ended; ask your site's back end for a new one.")
    }
    guard origins == [token.origin] else { throw Problem.originMismatch }
    // Never more than its key has now.
    let permissions = token.scope.permissions.intersection(maker.permissions)
    return Principal(
      role: .customer, permissions: permissions,
      viewer: token.viewer.isWithin(maker.viewer) ? token.viewer : .anonymous,
      knowledgeBases: token.knowledgeBases, keyID: token.keyID, customer: token.customer)
  }

  /// Whoever made a token, as they are now; nil where their key opens nothing any more.
  private func maker(
    of token: BrowserToken, _ secrets: TokenSecrets, at now: Date
  ) async throws -> Principal? {
    if let mark = token.keyMark {
      guard let ownerKeyHash, secrets.marks(of: ownerKeyHash).contains(mark) else { return nil }
      return .keyOwner
    }
    guard let key = try await key(token.keyID, at: now), key.isUsable(at: now),
      token.knowledgeBases.allSatisfy({ key.knowledgeBases.isEmpty || key.knowledgeBases.contains($0) })
    else { return nil }
    return Principal(key: key)
  }

  private func key(_ id: String, at now: Date) async throws -> AccessKey? {
    if let entry = known.withLock({ $0[id] }), now < entry.until { return entry.key }
    let key = try await keys.accessKey(id: id)
    known.withLock { known in
      if known.count >= Self.maxKnownKeys { known.removeAll() }
      known[id] = (key, now.addingTimeInterval(Self.keyLifetime))
    }
    return key
  }
}
