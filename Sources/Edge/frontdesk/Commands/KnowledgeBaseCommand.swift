import ArgumentParser
import Domain
import Embedding
import Foundation
import Security

struct KnowledgeBaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kb",
    abstract: "List, create, switch, delete and check knowledge bases, and delete single documents.",
    subcommands: [
      List.self, Create.self, Delete.self, Model.self, Documents.self, Remove.self, RulesCommand.self,
      Lint.self, GenerationCommand.self,
    ],
    defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "All knowledge bases.")
    @OptionGroup var global: GlobalOptions

    private struct Entry: Encodable {
      let name: String
      let model: String
      let documents: Int
      let chunks: Int
    }

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let entries = try await workspace.closing { workspace in
        var entries: [Entry] = []
        for kb in try await workspace.store.knowledgeBases() {
          let counts = try await workspace.store.counts(in: kb.id)
          entries.append(
            Entry(name: kb.name, model: kb.model, documents: counts.documents, chunks: counts.chunks))
        }
        return entries
      }
      if global.json { return try Console.json(["kbs": entries]) }
      for entry in entries {
        print("\(entry.name)\t\(entry.documents) documents\t\(entry.chunks) chunks\t\(entry.model)")
      }
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Create a knowledge base.")
    @Argument(help: "1 to 64 of a-z, 0-9, '_' and '-'.") var name: String
    @Option(help: "Embedding model, or none.") var model: String?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let settings = try await global.settings()
      let models = ModelCatalogue.embedders.map(\.name) + [KnowledgeBase.noModel]
      if let model, !models.contains(model) {
        throw UsageError("--model is one of \(models.joined(separator: ", ")).")
      }
      let workspace = try await Workspace.open(settings)
      let made = try await workspace.closing { workspace in
        try await workspace.record("kb.create", name)
        return try await workspace.store.createKnowledgeBase(named: name, model: model ?? settings.model)
      }
      if global.json {
        try Console.json(["name": made.name, "model": made.model])
      } else {
        print("\(made.name) created, model \(made.model)")
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Delete a knowledge base with everything in it.")
    @Argument(help: "Its name.") var name: String
    @Flag(help: "Needed: there is no way back but a backup.") var yes = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      guard yes else { throw UsageError("This deletes every document of '\(name)'; add --yes.") }
      guard name != KnowledgeBase.defaultName else {
        throw UsageError("'\(name)' is always there; delete its documents instead.")
      }
      let workspace = try await Workspace.open(try await global.settings())
      let generation = try await workspace.closing { workspace in
        let kb = try await workspace.knowledgeBase(name)
        try await workspace.record("kb.delete", name)
        return try await workspace.store.deleteKnowledgeBase(kb.id)
      }
      if global.json {
        try Console.json(["generation": generation.rawValue])
      } else {
        print("\(name) deleted")
      }
    }
  }

  struct Documents: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the documents of a knowledge base.")
    @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
    @Option(help: "Go on after this id.") var after: String?
    @Option(help: "How many at most.") var limit = 1000
    @Option(help: "Only those whose newest version is draft, published or archived.") var status:
      DocumentStatus?
    @OptionGroup var global: GlobalOptions

    private struct Entry: Encodable {
      let externalID: String
      let title: String
      let version: Int
      let chunks: Int
      let status: DocumentStatus
      let liveVersion: Int?
      enum CodingKeys: String, CodingKey {
        case externalID = "external_id"
        case title, version, chunks, status
        case liveVersion = "live_version"
      }
    }

    func run() async throws {
      guard limit > 0 else { throw UsageError("--limit is 1 or more.") }
      let workspace = try await Workspace.open(try await global.settings())
      let entries = try await workspace.closing { workspace in
        let kb = try await workspace.knowledgeBase(kb)
        try await workspace.applyDue()
        return try await workspace.store.latestDocuments(
          in: kb.id, status: status, after: after, limit: limit
        ).map {
          Entry(
            externalID: $0.externalID, title: $0.title, version: $0.version, chunks: $0.chunkCount,
            status: $0.publication.status, liveVersion: $0.liveVersion)
        }
      }
      if global.json { return try Console.json(["documents": entries]) }
      for entry in entries {
        let live =
          entry.liveVersion == entry.version ? "" : ", live: \(entry.liveVersion.map(String.init) ?? "none")"
        print(
          "\(entry.externalID)\tversion \(entry.version)\t\(entry.status.rawValue)\(live)\t\(entry.title)")
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "remove", abstract: "Take documents out of a knowledge base.")
    @Argument(help: "External ids.") var ids: [String]
    @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
    @Flag(help: "Erase all versions too: nothing of them stays.") var purge = false
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let workspace = try await Workspace.open(try await global.settings())
      let generation = try await workspace.closing { workspace in
        var generation = Generation.zero
        for id in ids {
          try await workspace.record(
            purge ? "document.purge" : "document.delete", AuditTarget.document(id, in: kb))
          generation =
            purge
            ? try await workspace.ingest.purge(id, from: kb) : try await workspace.ingest.delete(id, from: kb)
        }
        try await workspace.bringIndexUpToDate(kb, finishingMerges: purge)
        return generation
      }
      if global.json {
        try Console.json(["generation": generation.rawValue])
      } else {
        print("generation \(generation)")
      }
    }
  }
}
