import Foundation
import Security

/// What is known of an issuer: its discovery document, and the keys that this leads to.
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
  private var found: Found?
  private var fetchedAt = Date.distantPast
  private var triedAt = Date.distantPast
  private var fetching: Task<Found, any Error>?

  private struct Found: Sendable {
    let discovery: IssuerDiscovery
    let keys: [IssuerKey]
  }

  init(issuer: String, fetch: @escaping Fetch, clock: @escaping @Sendable () -> Date) {
    self.issuer = issuer
    self.fetch = fetch
    self.clock = clock
  }

  /// - Returns: nil where the issuer has no such key.
  /// - Throws: `issuer_unavailable` where it cannot be asked and nothing is known.
  func key(for token: IssuedToken) async throws -> IssuerKey? {
    let now = clock()
    let known = usable(at: now).flatMap { token.key(among: $0.keys) }
    if let known, now < fetchedAt.addingTimeInterval(Self.lifetime) { return known }
    guard mayFetch(at: now) else {
      if usable(at: now) == nil { throw Problem.issuerUnavailable(nil) }
      return known
    }
    do {
      return token.key(among: try await refreshed(at: now).keys)
    } catch {
      if let known { return known }
      throw Problem.issuerUnavailable(error)
    }
  }

  /// Where its endpoints are.
  ///
  /// - Throws: `issuer_unavailable` where it cannot be asked and nothing is known.
  func discovery() async throws -> IssuerDiscovery {
    let now = clock()
    let known = usable(at: now)?.discovery
    if let known, now < fetchedAt.addingTimeInterval(Self.lifetime) || !mayFetch(at: now) { return known }
    guard mayFetch(at: now) else { throw Problem.issuerUnavailable(nil) }
    do { return try await refreshed(at: now).discovery } catch {
      if let known { return known }
      throw Problem.issuerUnavailable(error)
    }
  }

  private func usable(at now: Date) -> Found? {
    now < fetchedAt.addingTimeInterval(Self.lastResort) ? found : nil
  }

  private func mayFetch(at now: Date) -> Bool {
    fetching != nil || now >= triedAt.addingTimeInterval(Self.refetchPause)
  }

  /// All who wait share one fetch.
  private func refreshed(at now: Date) async throws -> Found {
    if let fetching { return try await fetching.value }
    triedAt = now
    let task = Task { [issuer, fetch] in try await Self.load(issuer, fetch) }
    fetching = task
    defer { fetching = nil }
    let fresh = try await task.value
    found = fresh
    fetchedAt = now
    return fresh
  }

  private static func load(_ issuer: String, _ fetch: Fetch) async throws -> Found {
    guard let discoveryURL = URL(string: issuer + "/.well-known/openid-configuration") else {
      throw IssuerClient.Malformed(what: "issuer")
    }
    let discovery = try JSONDecoder().decode(IssuerDiscovery.self, from: try await fetch(discoveryURL))
    // Else one issuer could speak for another (OpenID Connect Discovery, section 4.3).
    guard discovery.issuer == issuer, let url = URL(string: discovery.jwksURI),
      IssuerConfiguration.isSafe(url)
    else { throw IssuerClient.Malformed(what: "discovery") }
    guard let keys = IssuerKey.keys(ofSet: try await fetch(url)), !keys.isEmpty else {
      throw IssuerClient.Malformed(what: "keys")
    }
    return Found(discovery: discovery, keys: keys)
  }
}
