import ArgumentParser
import Domain
import Foundation
import Security

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Show and check what was done to keys, knowledge bases and documents.",
    subcommands: [List.self, Verify.self, Head.self], defaultSubcommand: List.self)

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

  struct Head: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print the newest entry's link, to be kept on another machine.",
      discussion: "A server with audit_heads set appends one such line to that file every hour.")
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      try Console.json(try await workspace.closing { try await AuditHead.newest(of: $0.store) })
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Check that no entry was changed, moved, removed or put between; exit 1 where one was.",
      discussion: """
        With --heads also that the log was not cut or made anew: the file has lines as `audit head` prints them and \
        the server exports them.
        """)
    @Option(help: "A file of exported heads, one a line.") var heads: String?
    @OptionGroup var global: GlobalOptions

    private struct Result: Encodable {
      let ok: Bool
      let entries: Int64
      let head: String
      let keyedFrom: Int64?
      let heads: Int
      let brokenAt: Int64?
      let problem: String?
      enum CodingKeys: String, CodingKey {
        case ok, entries, head, heads, problem
        case keyedFrom = "keyed_from"
        case brokenAt = "broken_at"
      }
    }

    func run() async throws {
      let heads = try heads.map(Self.read) ?? []
      let workspace = try await Workspace.open(try await global.settings())
      let (verifier, finding) = try await workspace.closing {
        try await Self.check($0.store, AuditVerifier(key: $0.auditKey, heads: heads))
      }
      let (place, problem) = finding.map(Self.described) ?? (nil, nil)
      let result = Result(
        ok: finding == nil, entries: verifier.sequence, head: Digest.hex(verifier.hash),
        keyedFrom: verifier.keyedFrom, heads: heads.count, brokenAt: place, problem: problem)
      if global.json {
        try Console.json(result)
      } else if let problem {
        print(problem)
      } else {
        let key = verifier.keyedFrom.map { ", with a key from entry \($0) on" } ?? ", without a key"
        print("ok: \(result.entries) entries\(key), \(result.heads) heads found, the newest \(result.head)")
      }
      if !result.ok { throw ExitCode(1) }
    }

    private static func check(
      _ log: any AuditLog, _ verifier: AuditVerifier
    ) async throws -> (AuditVerifier, AuditVerifier.Finding?) {
      var verifier = verifier
      while true {
        let entries = try await log.auditEntries(after: verifier.sequence, limit: 1000)
        if let finding = verifier.take(entries) { return (verifier, finding) }
        if entries.isEmpty { return (verifier, verifier.finish()) }
      }
    }

    private static func described(_ finding: AuditVerifier.Finding) -> (Int64, String) {
      switch finding {
      case .broken(let place):
        (place, "entry \(place) does not follow from the one before, or was written with another key")
      case .unkeyed(let place): (place, "entry \(place) was written without the key, those before with it")
      case .keyMissing(let place):
        (place, "entry \(place) was written with a key: set FRONTDESK_AUDIT_KEY to its file")
      case .replaced(let head):
        (head.sequence, "entry \(head.sequence) is not the one that was exported at \(head.time)")
      case .cut(let head):
        (head.sequence, "the log ends before entry \(head.sequence), which was exported at \(head.time)")
      }
    }

    private static func read(_ path: String) throws -> [AuditHead] {
      let text: String
      do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
        throw UsageError("The file of heads '\(path)' cannot be read: \(error.localizedDescription)")
      }
      return try text.split(separator: "\n").enumerated().map { number, line in
        do { return try JSONDecoder().decode(AuditHead.self, from: Data(line.utf8)) } catch {
          throw UsageError("Line \(number + 1) of '\(path)' is no head as `frontdesk audit head` prints it.")
        }
      }
    }
  }
}

extension AuditHead {
  static func newest(of log: any AuditLog) async throws -> AuditHead {
    let now = Date()
    return try await log.auditHead().map { AuditHead(sequence: $0.sequence, hash: $0.hash, at: now) }
      ?? .none(at: now)
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
