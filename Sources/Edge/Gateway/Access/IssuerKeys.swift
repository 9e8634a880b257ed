import Foundation
import Security

/// The keys of an issuer, as its discovery document leads to them.
///
/// Fetched when first needed, again every ten minutes, and once more where a token names a key that is not among them,
/// as after a rotation; whatever tokens come, no more than once in half a minute. Where the issuer does not answer, its
/// last keys hold on for a day.
actor IssuerKeys {
  /// Gives the body of a GET; throws for anything but a 200 of moderate size.
  typealias Fetch = @Sendable (URL) async throws -> Data

  static let lifetime: TimeInterval = 600
  static let refetchPause: TimeInterval = 30
  static let lastResort: TimeInterval = 86_400

  private let issuer: String
  private let fetch: Fetch
  private let clock: @Sendable () -> Date
  private var keys: [IssuerKey] = []
  private var fetchedAt = Date.distantPast
  private var triedAt = Date.distantPast
  private var fetching: Task<[IssuerKey], any Error>?

  struct Malformed: Error { let what: String }

  init(issuer: String, fetch: @escaping Fetch, clock: @escaping @Sendable () -> Date) {
    self.issuer = issuer
    self.fetch = fetch
    self.clock = clock
  }

  /// - Returns: nil where the issuer has no such key.
  /// - Throws: `issuer_unavailable` where it cannot be asked and nothing is known.
  func key(for token: IssuedToken) async throws -> IssuerKey? {
    let now = clock()
    let known = now < fetchedAt.addingTimeInterval(Self.lastResort) ? token.key(among: keys) : nil
    if let known, now < fetchedAt.addingTimeInterval(Self.lifetime) { return known }
    guard fetching != nil || now >= triedAt.addingTimeInterval(Self.refetchPause) else {
      if known == nil, now >= fetchedAt.addingTimeInterval(Self.lastResort) {
        throw Problem.issuerUnavailable(nil)
      }
      return known
    }
    do {
      return token.key(among: try await refreshed(at: now))
    } catch {
      if let known { return known }
      throw Problem.issuerUnavailable(error)
    }
  }

  /// All who wait share one fetch.
  private func refreshed(at now: Date) async throws -> [IssuerKey] {
    if let fetching { return try await fetching.value }
    triedAt = now
    let task = Task { [issuer, fetch] in try await Self.load(issuer, fetch) }
    fetching = task
    defer { fetching = nil }
    let found = try await task.value
    keys = found
    fetchedAt = now
    return found
  }

  private static func load(_ issuer: String, _ fetch: Fetch) async throws -> [IssuerKey] {
    struct Discovery: Decodable {
      let issuer: String
      let jwksURI: String
      enum CodingKeys: String, CodingKey {
        case issuer
        case jwksURI = "jwks_uri"
      }
    }
    guard let discoveryURL = URL(string: issuer + "/.well-known/openid-configuration") else {
      throw Malformed(what: "issuer")
    }
    let discovery = try JSONDecoder().decode(Discovery.self, from: try await fetch(discoveryURL))
    // Else one issuer could speak for another (OpenID Connect Discovery, section 4.3).
    guard discovery.issuer == issuer, let url = URL(string: discovery.jwksURI),
      IssuerConfiguration.isSafe(url)
    else { throw Malformed(what: "discovery") }
    guard let keys = IssuerKey.keys(ofSet: try await fetch(url)), !keys.isEmpty else {
      throw Malformed(what: "keys")
    }
    return keys
  }
}
