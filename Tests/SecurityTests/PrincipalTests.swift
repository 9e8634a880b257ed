import Domain
import Foundation
import Security
import Testing

@Suite struct PrincipalTests {
  /// The role table, written out once more so that a slip in either shows; `*` marks what only scopes give.
  static let table: [Permission: String] = [
    .search: "owner editor publisher supervisor agent analyst privacy_officer service customer reader",
    .ask: "owner editor publisher supervisor agent analyst service customer reader",
    .verify: "owner editor publisher supervisor agent reader service*",
    .converse: "owner editor service customer reader",
    .explain: "owner editor publisher supervisor agent analyst reader",
    .embed: "owner editor analyst service reader",
    .readDocuments: "owner editor publisher supervisor agent privacy_officer reader service*",
    .readAllDocuments: "owner editor publisher privacy_officer",
    .writeDocuments: "owner editor service*",
    .publishDocuments: "owner editor publisher service*",
    .deleteDocuments: "owner editor privacy_officer service*",
    .purgeDocuments: "owner privacy_officer",
    .manageRules: "owner editor",
    .manageKnowledgeBases: "owner editor",
    .maintainIndex: "owner editor",
    .attendConversations: "owner supervisor agent",
    .superviseConversations: "owner supervisor",
    .readConversations: "owner editor supervisor agent service customer reader",
    .breakGlass: "owner supervisor* agent*",
    .readTranscripts: "owner supervisor",
    .readMetrics: "owner editor supervisor analyst reader",
    .evaluate: "owner editor analyst",
    .readAudit: "owner auditor",
    .exportPersonalData: "owner privacy_officer",
    .erasePersonalData: "owner privacy_officer",
    .mintTokens: "owner service",
    .manageKeys: "owner",
    .administer: "owner",
  ]

  @Test(arguments: Permission.allCases)
  func roleTable(permission: Permission) throws {
    let names = Set(try #require(Self.table[permission]).split(separator: " ").map(String.init))
    for role in AccessKey.Role.allCases {
      #expect(role.may(permission) == names.contains(role.rawValue), "\(role) \(permission)")
      #expect(
        role.grant.onRequest.contains(permission) == names.contains(role.rawValue + "*"),
        "\(role) \(permission)")
    }
    #expect(
      AccessKey.Role.having(permission).map(\.rawValue)
        == AccessKey.Role.allCases.map(\.rawValue).filter(names.contains))
  }

  /// Whoever watches over others does not do what they watch.
  @Test func dutiesAreApart() {
    for permission: Permission in [.readTranscripts, .search, .writeDocuments, .manageKeys] {
      #expect(!AccessKey.Role.auditor.may(permission))
    }
    for permission: Permission in [.readTranscripts, .readAudit, .exportPersonalData, .readAllDocuments] {
      #expect(!AccessKey.Role.analyst.may(permission))
    }
    #expect(!AccessKey.Role.publisher.may(.writeDocuments))
    #expect(!AccessKey.Role.customer.may(.readDocuments))
  }

  @Test func scopesNarrowAndAskForMore() {
    func permissions(_ role: AccessKey.Role, _ scopes: [String]?) -> Set<Permission> {
      AccessKey(
        id: "k", name: "k", prefix: "", secretHash: Data(), role: role, scopes: scopes, knowledgeBases: [],
        createdAt: Date(), expiresAt: nil, revokedAt: nil
      ).permissions
    }
    #expect(permissions(.editor, nil) == AccessKey.Role.editor.grant.permissions)
    #expect(permissions(.editor, ["search", "write_documents"]) == [.search, .writeDocuments])
    #expect(permissions(.editor, []) == [])
    // Neither what the role has not, nor what nobody knows.
    #expect(permissions(.editor, ["manage_keys", "search", "fly"]) == [.search])
    #expect(permissions(.customer, ["write_documents"]) == [])
    #expect(!permissions(.service, nil).contains(.writeDocuments))
    #expect(permissions(.service, ["search", "write_documents"]) == [.search, .writeDocuments])
  }

  @Test func reach() {
    let all = Principal(role: .reader, viewer: .anonymous)
    #expect(all.mayReach(kb: "anything"))
    let some = Principal(role: .owner, viewer: .all, knowledgeBases: ["shop", "help"])
    #expect(some.mayReach(kb: "shop"))
    #expect(!some.mayReach(kb: "internal"))
    #expect(!some.mayReach(kb: "Shop"))
  }

  @Test func viewerOfAKey() {
    func principal(_ role: AccessKey.Role, _ scopes: [Permission]? = nil) -> Principal {
      Principal(
        key: AccessKey.issue(
          name: "k", role: role, scopes: scopes, knowledgeBases: ["a"], groups: ["staff"], at: Date()
        ).key)
    }
    for role: AccessKey.Role in [.owner, .editor, .publisher, .privacyOfficer] {
      #expect(principal(role).viewer == .all)
    }
    for role: AccessKey.Role in [.supervisor, .agent, .analyst, .auditor, .service, .customer, .reader] {
      #expect(principal(role).viewer == .signedIn(groups: ["staff"]))
    }
    #expect(principal(.editor, [.search]).viewer == .signedIn(groups: ["staff"]))
    // Else a PUT would tell what a GET hides.
    #expect(principal(.service, [.writeDocuments]).viewer == .all)
    #expect(principal(.reader).viewing(as: .anonymous).viewer == .anonymous)
  }

  @Test func noKeyGivesMoreThanItHas() {
    func key(
      _ role: AccessKey.Role, _ scopes: [Permission]? = nil, kbs: [String] = [], groups: [String] = []
    ) -> AccessKey {
      AccessKey.issue(name: "k", role: role, scopes: scopes, knowledgeBases: kbs, groups: groups, at: Date())
        .key
    }
    let owner = Principal(key: key(.owner))
    #expect(AccessKey.Role.allCases.allSatisfy { owner.mayGrant(key($0)) })
    let shop = Principal(key: key(.owner, kbs: ["shop"]))
    #expect(shop.mayGrant(key(.owner, kbs: ["shop"])))
    #expect(!shop.mayGrant(key(.reader)) && !shop.mayGrant(key(.reader, kbs: ["shop", "other"])))
    let narrow = Principal(key: key(.owner, [.manageKeys, .search], groups: ["a"]))
    #expect(narrow.mayGrant(key(.customer, [.search])))
    #expect(!narrow.mayGrant(key(.customer)) && !narrow.mayGrant(key(.owner)))
    #expect(narrow.mayGrant(key(.customer, [.search], groups: ["a"])))
    #expect(!narrow.mayGrant(key(.customer, [.search], groups: ["a", "b"])))
  }

  @Test func viewersWithinOthers() {
    let (a, ab): (Viewer, Viewer) = (.signedIn(groups: ["a"]), .signedIn(groups: ["a", "b"]))
    #expect(a.isWithin(ab) && !ab.isWithin(a) && a.isWithin(a))
    #expect(Viewer.anonymous.isWithin(a) && !a.isWithin(.anonymous))
    #expect(ab.isWithin(.all) && !Viewer.all.isWithin(ab) && Viewer.all.isWithin(.all))
  }
}
