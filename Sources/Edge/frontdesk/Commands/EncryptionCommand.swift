import ArgumentParser
import Domain
import Foundation
import Store

struct EncryptionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encryption",
    abstract: "Keys of what is sealed in the store: conversations, customers, secrets.",
    discussion: """
      Values are sealed with data keys (AES-256-GCM), and these are wrapped by a master key, which master_key names. \
      A server goes on while keys are changed.
      """,
    subcommands: [Status.self, Rotate.self, Rewrap.self], defaultSubcommand: Status.self)

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the data keys and how much each has sealed.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let keys = try await workspace.closing { try await $0.store.dataKeys() }
      if global.json {
        try Console.json(["data_keys": keys.map(KeyLine.init)])
      } else if keys.isEmpty {
        print("nothing is sealed yet")
      } else {
        for key in keys.map(KeyLine.init) {
          print(
            "\(key.number)  \(key.purpose)\(key.current ? ", current" : "")  \(key.createdAt)  \(key.values) values"
          )
        }
      }
    }
  }

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a new data key, seal everything again with it, and forget the old ones.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let count = try await workspace.closing { workspace in
        try await workspace.record("encryption.rotate", "")
        return try await workspace.store.rotateDataKey(at: Date())
      }
      if global.json {
        try Console.json(["sealed_again": count])
      } else {
        print("a new data key seals; \(count) values were sealed again")
      }
    }
  }

  struct Rewrap: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Wrap the data keys with the current master key: the first line of its file.",
      discussion:
        "Put the new key's line before the old one's, run this, restart servers, take the old line out.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let count = try await workspace.closing { workspace in
        try await workspace.record("encryption.rewrap", "")
        return try await workspace.store.rewrapDataKeys()
      }
      if global.json {
        try Console.json(["wrapped_again": count])
      } else {
        print("\(count) data keys were wrapped again")
      }
    }
  }

  private struct KeyLine: Encodable {
    let number: Int
    let purpose: String
    let current: Bool
    let createdAt: String
    let values: Int

    enum CodingKeys: String, CodingKey {
      case number, purpose, current, values
      case createdAt = "created_at"
    }

    init(_ key: SQLiteStore.DataKeyStatus) {
      number = key.number
      purpose = key.purpose.rawValue
      current = key.isCurrent
      createdAt = key.createdAt.formatted(.iso8601)
      values = key.values
    }
  }
}
