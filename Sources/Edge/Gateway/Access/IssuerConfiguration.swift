import Domain
import Foundation
import Security

/// An external issuer of bearer JWTs, such as the company's identity provider.
public struct IssuerConfiguration: Sendable, Hashable {
  /// What a member of one group is here.
  public struct Rule: Sendable, Hashable {
    public let group: String
    public let role: AccessKey.Role
    /// Names; empty means all.
    public let knowledgeBases: [String]

    public init(group: String, role: AccessKey.Role, knowledgeBases: [String] = []) {
      self.group = group
      self.role = role
      self.knowledgeBases = knowledgeBases
    }
  }

  /// As `iss` says it, without a slash at its end; discovery is below it.
  public let issuer: String
  /// What `aud` must name.
  public let audience: String
  /// Claims that list groups, the main one first.
  public let groupsClaims: [String]
  /// The first whose group a user is in counts.
  public let rules: [Rule]
  /// Ways of signing in, one of which `acr` or `amr` must name; empty asks for none.
  public let signIn: [String]

  /// - Parameter groupsClaim: one, or several with commas between.
  /// - Throws: `GatewayError` with `invalid_issuer`.
  public init(
    issuer: String, audience: String, groupsClaim: String = "groups", rules: [Rule], signIn: [String] = []
  ) throws {
    self.issuer = issuer
    self.audience = audience
    groupsClaims = groupsClaim.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    self.rules = rules
    self.signIn = signIn
    guard let url = URL(string: issuer), Self.isSafe(url), !issuer.hasSuffix("/") else {
      throw GatewayError(
        .invalidIssuer, "oidc_issuer is an https URL without a slash at its end (http on this machine alone)."
      )
    }
    guard !audience.isEmpty, !groupsClaims.isEmpty, !groupsClaims.contains(""), !rules.isEmpty else {
      throw GatewayError(
        .invalidIssuer, "An issuer needs oidc_audience and oidc_roles, such as 'support=agent'.")
    }
  }

  /// Reads `group=role` and `group=role:kb+kb`, with commas between.
  ///
  /// - Throws: `GatewayError` with `invalid_issuer`.
  public static func rules(_ text: String) throws -> [Rule] {
    try text.split(separator: ",").map { part in
      let halves = part.trimmingCharacters(in: .whitespaces).split(separator: "=", maxSplits: 1)
      let words =
        halves.count == 2
        ? halves[1].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        : []
      guard let name = words.first, let role = AccessKey.Role(rawValue: name) else {
        let roles = AccessKey.Role.allCases.map(\.rawValue).joined(separator: ", ")
        throw GatewayError(
          .invalidIssuer,
          "oidc_roles is 'group=role' or 'group=role:kb+kb', with commas between; roles: \(roles).")
      }
      let names = words.count == 2 ? words[1].split(separator: "+").map(String.init) : []
      guard words.count == 1 || !names.isEmpty else {
        throw GatewayError(.invalidIssuer, "oidc_roles: '\(part)' names no knowledge base after the colon.")
      }
      return Rule(group: String(halves[0]), role: role, knowledgeBases: names)
    }
  }

  /// Whether what is fetched from it cannot be changed on its way.
  static func isSafe(_ url: URL) -> Bool {
    guard let host = url.host(), url.user() == nil else { return false }
    return url.scheme == "https" || (url.scheme == "http" && LoopbackName.matches(host))
  }

  /// Who a user with these groups is; nil where no rule names one of them.
  ///
  /// - Parameter user: a pseudonym.
  func principal(user: String, groups: [String]) -> Principal? {
    guard let rule = rules.first(where: { groups.contains($0.group) }) else { return nil }
    let asKey = AccessKey(
      id: "", name: "", prefix: "", secretHash: Data(), role: rule.role, knowledgeBases: rule.knowledgeBases,
      groups: groups, createdAt: .distantPast, expiresAt: nil, revokedAt: nil)
    return Principal(user: user, like: asKey)
  }

  /// What counts as groups: people have theirs in one claim, programs often in `scope`.
  func groups(in claims: IssuedToken.Claims) -> [String] { groupsClaims.flatMap(claims.strings) }

  /// Whether the claims say at all in which groups somebody is.
  func tellsGroups(_ claims: IssuedToken.Claims) -> Bool { claims.has(groupsClaims[0]) }

  /// Names a user in the audit log and in sessions: the same for ever, and nothing else of them.
  func pseudonym(of subject: String) -> String {
    Digest.hex(Digest.sha256(issuer + "\n" + subject).prefix(8))
  }

  /// Whether the way of signing in is one of those that are asked for.
  func isStrong(_ claims: IssuedToken.Claims) -> Bool {
    signIn.isEmpty || !Set(claims.strings("acr") + claims.strings("amr")).isDisjoint(with: signIn)
  }
}
