import ArgumentParser
import Domain
import Foundation
import Retrieval

struct IndexCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index", abstract: "Look at, rebuild, check or compact an index.",
    subcommands: [Status.self, Rebuild.self, Verify.self, Compact.self], defaultSubcommand: Status.self)

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "How the index stands against the store.")
    @OptionGroup var global: GlobalOptions
    @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let status = try await workspace.closing { try await $0.indexes.status(of: kb) }
      if global.json { return try Console.json(status) }
      print(
        """
        \(status.documents) documents, \(status.chunks) chunks, \(status.segments) segments, \
        \(status.bytes) bytes, model \(status.model)
        generation \(status.generation) of \(status.storeSeq)
        """)
    }
  }

  struct Rebuild: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Build the index anew from the store; searches go on meanwhile.")
    @OptionGroup var global: GlobalOptions
    @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
    func run() async throws { try await maintain(.rebuild, global, kb) }
  }

  struct Compact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Merge all segments and drop what was deleted; searches go on meanwhile.")
    @OptionGroup var global: GlobalOptions
    @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
    func run() async throws { try await maintain(.compact, global, kb) }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Hash the index files against their checksums; exit 1 where one is damaged.")
    @OptionGroup var global: GlobalOptions
    @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName

    private struct Result: Encodable {
      let ok: Bool
      let findings: [String]
    }

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let findings = try await workspace.closing { try await $0.indexes.verify(kb) }
      if global.json {
        try Console.json(Result(ok: findings.isEmpty, findings: findings))
      } else {
        print(findings.isEmpty ? "ok" : findings.joined(separator: "\n"))
        if !findings.isEmpty { Console.error("the next open rebuilds it from the store") }
      }
      if !findings.isEmpty { throw ExitCode(1) }
    }
  }

  /// Asks through the store, so that it works beside a running server: whoever owns the index does it.
  private static func maintain(_ kind: MaintenanceKind, _ global: GlobalOptions, _ kb: String) async throws {
    let workspace = try await Workspace.open(try await global.settings())
    let status = try await workspace.closing { workspace in
      guard let knowledgeBase = try await workspace.store.knowledgeBase(named: kb) else {
        throw RetrievalError(.kbNotFound, "There is no knowledge base '\(kb)'.")
      }
      try await workspace.record("index.\(kind.rawValue)", kb)
      _ = try await workspace.store.requestMaintenance(kind, of: knowledgeBase.id)
      try await workspace.bringIndexUpToDate(kb, finishingMerges: true)
      return try await workspace.indexes.status(of: kb)
    }
    if global.json { try Console.json(status) } else { print("done: generation \(status.generation)") }
  }
}
