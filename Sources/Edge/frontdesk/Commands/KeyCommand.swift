import ArgumentParser
import Domain
import Foundation
import Security

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Create, list and revoke API keys.",
    subcommands: [Create.self, List.self, Revoke.self], defaultSubcommand: List.self)

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create a key; it is shown once and kept only as a hash.")
    @Argument(help: "What it is for.") var name: String
    @Option(help: "reader, editor or owner.") var role: AccessKey.Role = .reader
    @Option(help: "A knowledge base it reaches; may be repeated; none means all.") var kb: [String] = []
    @Option(help: "Days until it expires; none means never.") var days: Int?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      if let days, days < 1 { throw UsageError("--days is 1 or more.") }
      let secret = AccessKeySecret()
      let now = Date()
      let key = AccessKey(
        id: UUID().uuidString.lowercased(), name: name, prefix: secret.prefix, secretHash: secret.hash,
        role: role, knowledgeBases: kb, createdAt: now,
        expiresAt: days.map { now.addingTimeInterval(Double($0) * 86_400) }, revokedAt: nil)
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

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All keys, without their secrets.")
    @OptionGroup var global: GlobalOptions

    private struct Entry: Encodable {
      let id: String
      let name: String
      let prefix: String
      let role: String
      let kbs: [String]
      let state: String
    }

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let entries = try await workspace.closing { workspace in
        try await workspace.store.accessKeys().map { key in
          Entry(
            id: key.id, name: key.name, prefix: key.prefix, role: key.role.rawValue, kbs: key.knowledgeBases,
            state: key.revokedAt != nil
              ? "revoked" : key.expiresAt.map { $0 < Date() } == true ? "expired" : "active")
        }
      }
      if global.json { return try Console.json(["keys": entries]) }
      for entry in entries {
        let reach = entry.kbs.isEmpty ? "all" : entry.kbs.joined(separator: ",")
        print("\(entry.id)\t\(entry.prefix)...\t\(entry.role)\t\(reach)\t\(entry.state)\t\(entry.name)")
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End a key; it cannot be taken back.")
    @Argument(help: "The key's id.") var id: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let found = try await workspace.closing { workspace in
        try await workspace.record("key.revoke", id)
        return try await workspace.store.revokeAccessKey(id: id, at: Date())
      }
      guard found else {
        throw CommandError(
          code: "key_not_found", message: "There is no key '\(id)'; `frontdesk key list` shows all.")
      }
      if global.json { try Console.json(["id": id, "state": "revoked"]) } else { print("revoked") }
    }
  }
}

extension AccessKey.Role: ExpressibleByArgument {}
