import ArgumentParser
import Domain
import Foundation
import Security

extension KeyCommand {
  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create a key; it is shown once and kept only as a hash.",
      discussion: """
        The handbook's page "Roles, keys and tokens" says what each role may; --scope narrows a key to some of it.
        """)
    @Argument(help: "What it is for.") var name: String
    @Option(help: "What its bearer is.") var role: AccessKey.Role = .reader
    @Option(help: "A permission that it is narrowed to; may be repeated; none means those of its role.")
    var scope: [Permission] = []
    @Option(help: "A knowledge base it reaches; may be repeated; none means all.") var kb: [String] = []
    @Option(help: "A group whose documents it sees; may be repeated.") var group: [String] = []
    @Option(help: "Days until it expires; none means never.") var days: Int?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      if let days, !(1...36_500).contains(days) { throw UsageError("--days is 1 to 36500.") }
      let allowed = role.grant.permissions.union(role.grant.onRequest)
      if let wrong = scope.first(where: { !allowed.contains($0) }) {
        let known = Permission.allCases.filter(allowed.contains).map(\.rawValue).joined(separator: ", ")
        throw UsageError(
          "--scope \(wrong.rawValue) is not of the role \(role.rawValue), which has: \(known).")
      }
      let now = Date()
      let (key, secret) = AccessKey.issue(
        name: name, role: role, scopes: scope.isEmpty ? nil : scope, knowledgeBases: kb, groups: group,
        at: now,
        expiresAt: days.map { now.addingTimeInterval(Double($0) * 86_400) })
      let workspace = try await Workspace.open(try await global.settings())
      try await workspace.closing { workspace in
        for name in kb { _ = try await workspace.knowledgeBase(name) }
        try await workspace.record("key.create", key.id)
        try await workspace.store.insert(key)
      }
      if global.json {
        try Console.json(["id": key.id, "key": secret.text, "name": name, "role": role.rawValue])
      } else {
        print(secret.text)
        Console.error("This is the only time it is shown. Send it as 'Authorization: Bearer ...'.")
      }
    }
  }
}

/// A key as `key list` prints it.
struct KeyEntry: Encodable {
  let id: String
  let name: String
  let prefix: String
  let role: String
  /// Nil for those of the role.
  let scopes: [String]?
  let kbs: [String]
  let groups: [String]
  let state: String
  let expiresAt: String?
  let lastUsedAt: String?
  let overlapEndsAt: String?

  enum CodingKeys: String, CodingKey {
    case id, name, prefix, role, scopes, kbs, groups, state
    case expiresAt = "expires_at"
    case lastUsedAt = "last_used_at"
    case overlapEndsAt = "overlap_ends_at"
  }

  init(_ key: AccessKey, at now: Date) {
    id = key.id
    name = key.name
    prefix = key.prefix
    role = key.role.rawValue
    scopes = key.scopes
    kbs = key.knowledgeBases
    groups = key.groups
    state = key.state(at: now).rawValue
    expiresAt = key.expiresAt?.ISO8601Format()
    lastUsedAt = key.lastUsedAt?.ISO8601Format()
    overlapEndsAt = key.overlap.flatMap { now < $0.endsAt ? $0.endsAt.ISO8601Format() : nil }
  }

  var line: String {
    let reach = kbs.isEmpty ? "all" : kbs.joined(separator: ",")
    let used = lastUsedAt.map { "used \($0)" } ?? "never used"
    return "\(id)\t\(prefix)...\t\(role)\t\(reach)\t\(state)\t\(used)\t\(name)"
  }
}
