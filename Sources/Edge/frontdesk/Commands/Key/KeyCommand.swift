import ArgumentParser
import Domain
import Foundation
import Security

struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Create, list, rotate and revoke API keys.",
    subcommands: [Create.self, List.self, Rotate.self, Revoke.self, RotateTokens.self],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "All keys, without their secrets, and when each was last used.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let now = Date()
      let entries = try await workspace.closing { workspace in
        try await workspace.store.accessKeys().map { KeyEntry($0, at: now) }
      }
      if global.json { return try Console.json(["keys": entries]) }
      for entry in entries { print(entry.line) }
    }
  }

  struct Rotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a key a new secret, shown once; its id, role and reach stay.",
      discussion: """
        With --overlap the secret before it works on for so long, so that no program stands still meanwhile. Without, \
        it ends at once. A secret from an earlier rotation always ends at once.
        """)
    @Argument(help: "The key's id.") var id: String
    @Option(help: "How long the secret before it works on, such as 30m, 24h or 7d; up to 90d.")
    var overlap: Overlap?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let now = Date()
      let secret = AccessKeySecret()
      let workspace = try await Workspace.open(try await global.settings())
      let endsAt = overlap.map { now.addingTimeInterval($0.seconds) }
      try await workspace.closing { workspace in
        guard let key = try await workspace.store.accessKey(id: id) else { throw KeyCommand.notFound(id) }
        guard key.isUsable(at: now) else {
          throw CommandError(
            code: "key_ended", message: "The key '\(id)' is expired or revoked; create a new one.")
        }
        try await workspace.record("key.rotate", id)
        let isDone = try await workspace.store.rotateAccessKey(
          id: id, prefix: secret.prefix, secretHash: secret.hash, overlapEndsAt: endsAt)
        guard isDone else { throw KeyCommand.notFound(id) }
      }
      if global.json {
        var result = ["id": id, "key": secret.text]
        result["overlap_ends_at"] = endsAt?.ISO8601Format()
        return try Console.json(result)
      }
      print(secret.text)
      let end =
        endsAt.map { "the one before it works until \($0.ISO8601Format())" } ?? "the one before it ended"
      Console.error("This is the only time it is shown; \(end).")
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End a key, and the tokens that were made with it; it cannot be taken back.")
    @Argument(help: "The key's id.") var id: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let found = try await workspace.closing { workspace in
        try await workspace.record("key.revoke", id)
        return try await workspace.store.revokeAccessKey(id: id, at: Date())
      }
      guard found else { throw KeyCommand.notFound(id) }
      if global.json { try Console.json(["id": id, "state": "revoked"]) } else { print("revoked") }
    }
  }

  struct RotateTokens: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "rotate-tokens", abstract: "Change the secret that signs browsers' tokens.",
      discussion: """
        Tokens made before go on until they end by themselves, within an hour; with --end-tokens at once, as \
        after the data folder was read by others. A running server sees it within a second.
        """)
    @Flag(help: "Tokens made before end at once.") var endTokens = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      try await workspace.closing { workspace in
        try await workspace.record("token.rotate", endTokens ? "ended" : "kept")
        do { try workspace.tokenSecrets.rotate(endingTokens: endTokens) } catch let failure
          as TokenSecretsFile.Failure
        {
          throw CommandError(code: "store_unavailable", message: failure.description)
        }
      }
      if global.json {
        try Console.json(["state": "rotated", "tokens": endTokens ? "ended" : "kept"])
      } else {
        print("rotated")
      }
    }
  }

  static func notFound(_ id: String) -> CommandError {
    CommandError(code: "key_not_found", message: "There is no key '\(id)'; `frontdesk key list` shows all.")
  }
}

/// A time span as people write it: `30m`, `24h`, `7d`.
struct Overlap: ExpressibleByArgument {
  let seconds: TimeInterval

  init?(argument: String) {
    let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
    guard let last = argument.last, let unit = units[last], let count = Int(argument.dropLast()), count > 0,
      count <= 90 * 86_400 / unit
    else { return nil }
    seconds = TimeInterval(count * unit)
  }
}

extension AccessKey.Role: ExpressibleByArgument {
  public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}
extension Permission: ExpressibleByArgument {
  public static var allValueStrings: [String] { allCases.map(\.rawValue) }
}
