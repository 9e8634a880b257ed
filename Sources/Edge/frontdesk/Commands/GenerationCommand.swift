import ArgumentParser
import Domain

/// Which texts of a knowledge base may leave for a language model.
struct GenerationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generation", abstract: "Show or set what may leave for the model that words answers.",
    discussion: """
      off: nothing. public: documents that everyone may see. all: every document that who asks may see. With either, \
      what a customer typed leaves, too, but for what identifies people. A server words answers where generation_url \
      is set.
      """)

  @Argument(help: "Its name.") var name: String
  @Argument(help: "off, public or all.") var policy: GenerationPolicy?
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    let workspace = try await Workspace.open(try await global.settings())
    let inForce = try await workspace.closing { workspace in
      let kb = try await workspace.knowledgeBase(name)
      guard let policy else { return try await workspace.store.generationPolicy(of: kb.id) }
      try await workspace.record("kb.generated_answers.\(policy.rawValue)", kb.name)
      _ = try await workspace.store.setGenerationPolicy(policy, of: kb.id)
      return policy
    }
    if global.json { return try Console.json(["name": name, "generated_answers": inForce.rawValue]) }
    print("\(name): \(inForce.rawValue)")
  }
}

extension GenerationPolicy: ExpressibleByArgument {}
