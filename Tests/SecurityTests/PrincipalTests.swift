import Domain
import Foundation
import Security
import Testing

@Suite struct PrincipalTests {
  /// The role table, written out once more so that a slip in either shows.
  static let table: [Permission: Set<AccessKey.Role>] = [
    .search: [.reader, .editor, .owner], .ask: [.reader, .editor, .owner],
    .verify: [.reader, .editor, .owner], .converse: [.reader, .editor, .owner],
    .readMetrics: [.reader, .editor, .owner], .readDocuments: [.editor, .owner],
    .writeDocuments: [.editor, .owner], .manageKnowledgeBases: [.editor, .owner],
    .maintainIndex: [.editor, .owner], .attendConversations: [.editor, .owner], .manageKeys: [.owner],
    .administer: [.owner],
  ]

  @Test(arguments: Permission.allCases)
  func roleTable(permission: Permission) throws {
    let allowed = try #require(Self.table[permission])
    for role in AccessKey.Role.allCases {
      #expect(role.may(permission) == allowed.contains(role))
    }
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
    let (reader, _) = AccessKey.issue(name: "r", role: .reader, at: Date())
    #expect(Principal(key: reader).viewer == .anonymous)
    #expect(Principal(key: reader).keyID == reader.id)
    let (editor, _) = AccessKey.issue(name: "e", role: .editor, knowledgeBases: ["a"], at: Date())
    #expect(Principal(key: editor).viewer == .all)
    let signedIn = Principal(key: reader).viewing(as: .signedIn(groups: ["staff"]))
    #expect(signedIn.viewer == .signedIn(groups: ["staff"]))
    #expect(signedIn.role == .reader)
  }
}
