import Domain
import Foundation
import Security

@testable import Gateway

/// Sessions of every role, and of every kind that opens nothing, as the store holds them.
struct WalkSessions {
  /// Whose sessions they are.
  static let user = "walker"
  static let publicURL = "https://desk.example"
  let backend: Backend
  let provider: String

  init(_ backend: Backend, provider: String) {
    self.backend = backend
    self.provider = provider
  }

  /// Each group has the role of its name; `elsewhere` is an owner of another knowledge base.
  static func settings(provider: String) throws -> (mark: String, IssuerConfiguration, SignInConfiguration) {
    let roles =
      AccessKey.Role.allCases.map { "\($0.rawValue)=\($0.rawValue)" } + ["elsewhere=owner:elsewhere"]
    let issuer = try IssuerConfiguration(
      issuer: provider, audience: "api", rules: try IssuerConfiguration.rules(roles.joined(separator: ",")))
    let signIn = try SignInConfiguration(publicURL: publicURL, clientID: "walk")
    return (Digest.hex(Digest.sha256(provider + "\nwalk").prefix(8)), issuer, signIn)
  }

  @discardableResult
  func insert(
    groups: [String], secret: SessionSecret = SessionSecret(), age: TimeInterval = 0,
    unused: TimeInterval = 0,
    mark: String? = nil
  ) async throws -> StaffSession {
    let now = Date()
    let session = StaffSession(
      id: UUID().uuidString.lowercased(), secretHash: secret.hash,
      provider: try mark ?? Self.settings(provider: provider).mark, user: Self.user, groups: groups,
      sealed: Data(), createdAt: now - age, usedAt: now - unused, endsAt: now - age + 43_200, checkedAt: now)
    try await backend.store.insert(session, limit: 20)
    return session
  }

  func callers() -> [RouteWalkTests.Caller] {
    @Sendable func headers(_ secret: SessionSecret, csrf: Bool = true) -> [String: String] {
      ["Cookie": "__Host-frontdesk_session=" + secret.text].merging(
        csrf ? ["X-CSRF-Token": secret.csrfToken] : [:]
      ) { $1 }
    }
    func caller(
      _ name: String, _ group: String, csrf: Bool = true, age: TimeInterval = 0, unused: TimeInterval = 0,
      mark: String? = nil, isEnded: Bool = false,
      _ refusal: @escaping @Sendable (String, RouteWalkTests.Row) -> String?
    ) -> RouteWalkTests.Caller {
      RouteWalkTests.Caller(
        name: "session " + name, key: nil,
        session: {
          let secret = SessionSecret()
          let session = try await insert(
            groups: [group], secret: secret, age: age, unused: unused, mark: mark)
          if isEnded { _ = try await backend.store.removeStaffSession(session.id) }
          return headers(secret, csrf: csrf)
        }, refusal: refusal)
    }
    let refused: @Sendable (String, RouteWalkTests.Row) -> String? = { _, _ in "401 unauthorized" }
    // Only what has a body or changes something is no GET.
    let reading: Set = [
      "listDocuments", "getDocument", "listJobs", "getJob", "getJobResults", "listModels", "getModel",
      "listVersions", "diffVersions", "listKnowledgeBases", "getKnowledgeBase", "getSearchRules", "listKeys",
      "listAudit", "metrics", "getSession", "listSessions", "getConversation", "listMessages", "socket",
      "getPrivacyRequest", "getPrivacyResults", "listWebhooks", "getWebhook", "listDeliveries",
    ]
    return AccessKey.Role.allCases.map { role in
      caller(role.rawValue, role.rawValue) { id, row in
        // A token ends with the key that it was made with; a session has none.
        if id == "createToken" { return "403 forbidden" }
        return row.isForSessions || row.roles.contains(role.rawValue) ? nil : "403 forbidden"
      }
    } + [
      caller("elsewhere", "elsewhere") { id, row in
        if id == "createToken" { return row.elsewhere }
        return row.isForSessions || row.elsewhere == "2xx" ? nil : row.elsewhere
      },
      caller("without a role", "nobody") { _, _ in "403 forbidden" },
      caller("without a token", "owner", csrf: false) { id, _ in
        reading.contains(id) ? nil : "403 csrf_refused"
      },
      caller("idle", "owner", unused: 901, refused), caller("old", "owner", age: 43_201, refused),
      caller("of another provider", "owner", mark: "x", refused),
      caller("ended", "owner", isEnded: true, refused),
    ]
  }
}
