import ArgumentParser
import Domain
import Foundation
import Security

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Show and check what was done to keys, knowledge bases and documents.",
    subcommands: [List.self, Verify.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Entries, oldest first.")
    @Option(help: "Go on after this sequence number.") var after: Int64 = 0
    @Option(help: "How many at most.") var limit = 1000
    @OptionGroup var global: GlobalOptions

    private struct Line: Encodable {
      let sequence: Int64
      let time: String
      let actor: String
      let action: String
      let target: String
      let hash: String
    }

    func run() async throws {
      guard limit > 0 else { throw UsageError("--limit is 1 or more.") }
      let workspace = try await Workspace.open(try await global.settings())
      let lines = try await workspace.closing {
        try await $0.store.auditEntries(after: after, limit: limit).map { entry in
          Line(
            sequence: entry.sequence, time: entry.time.ISO8601Format(), actor: entry.event.actor,
            action: entry.event.action, target: entry.event.target, hash: Digest.hex(entry.hash))
        }
      }
      if global.json { return try Console.json(["entries": lines]) }
      for line in lines {
        print("\(line.sequence)\t\(line.time)\t\(line.actor)\t\(line.action)\t\(line.target)")
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that no entry was changed, removed or put between; exit 1 where one was.",
      discussion: """
        Prints how many entries there are and the hash of the newest. Keep that hash elsewhere: whoever cuts \
        off the newest entries leaves a shorter chain that is whole.
        """)
    @OptionGroup var global: GlobalOptions

    private struct Result: Encodable {
      let ok: Bool
      let entries: Int64
      let head: String
      /// The first entry that does not follow from the one before.
      let brokenAt: Int64?
      enum CodingKeys: String, CodingKey {
        case ok, entries, head
        case brokenAt = "broken_at"
      }
    }

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let result = try await workspace.closing { try await Self.check($0.store) }
      if global.json {
        try Console.json(result)
      } else if let brokenAt = result.brokenAt {
        print("entry \(brokenAt) does not follow from the one before")
      } else {
        print("ok: \(result.entries) entries, the newest \(result.head)")
      }
      if !result.ok { throw ExitCode(1) }
    }

    private static func check(_ log: any AuditLog) async throws -> Result {
      var (last, count) = (AuditChain.origin, Int64(0))
      while true {
        let entries = try await log.auditEntries(after: count, limit: 1000)
        if let broken = AuditChain.firstBreak(in: entries, after: last, sequence: count) {
          return Result(ok: false, entries: count, head: Digest.hex(last), brokenAt: broken.sequence)
        }
        guard let newest = entries.last else {
          return Result(ok: true, entries: count, head: Digest.hex(last), brokenAt: nil)
        }
        (last, count) = (newest.hash, newest.sequence)
      }
    }
  }
}

extension Workspace {
  /// Puts an act of this machine's user on record, before it is done.
  func record(_ action: String, _ target: String) async throws {
    try await store.record(AuditEvent(actor: author, action: action, target: target), at: Date())
  }

  /// This machine's user.
  var author: String { "operator:" + NSUserName() }
}
