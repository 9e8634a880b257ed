import ArgumentParser
import Domain
import Embedding
import Foundation
import Knowledge

extension KnowledgeBaseCommand {
  struct Model: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "model", abstract: "Show the embedding model, or switch to another.",
      discussion: """
        Searches go on with the old model until every text is embedded by the new one, and then change over at \
        once; a server that runs beside follows. Ctrl-C leaves the old model in place: the same command goes on \
        from there, and the name of the old model ends it. Without MODEL it tells how far a switch is.
        """)
    @Argument(help: "Name of the knowledge base.") var name: String
    @Argument(help: "The new model, or none.") var model: String?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      let settings = try await global.settings()
      let models = ModelCatalogue.embedders.map(\.name) + [KnowledgeBase.noModel]
      if let model, !models.contains(model) {
        throw UsageError("'\(model)' is not one of \(models.joined(separator: ", ")).")
      }
      let workspace = try await Workspace.open(settings)
      let status = try await workspace.closing { workspace in
        if let model { try await change(to: model, workspace) }
        let kb = try await workspace.knowledgeBase(name)
        return Status(kb, try await workspace.store.modelSwitch(of: kb.id))
      }
      if global.json { try Console.json(status) } else { print(status.line) }
      if model != nil, status.progress != nil { throw ExitCode(1) }
    }

    private func change(to model: String, _ workspace: Workspace) async throws {
      let kb = try await workspace.knowledgeBase(name)
      try await workspace.record("kb.model", name)
      try await workspace.yieldToServer(of: name)
      guard case .underWay = try await workspace.switcher.request(model, for: kb, carryingOut: true) else {
        return
      }
      let display = SwitchDisplay(isQuiet: global.json && !Console.errorIsTerminal)
      defer { display.finish() }
      do {
        try await Interruption.cancelling { try await Self.follow(kb, workspace, display) }
      } catch is CancellationError {
        // The status that is printed next says where it stands.
      }
    }

    /// Does the work, or watches whoever does it, such as a server.
    private static func follow(
      _ kb: KnowledgeBase, _ workspace: Workspace, _ display: SwitchDisplay
    ) async throws {
      while true {
        switch try await workspace.switcher.carryOut(
          kb, stopsWhenCancelled: true, onProgress: { display.show($0) })
        {
        case .done: return
        case .failed(let failure): throw CommandError(code: failure.code, message: failure.message)
        case .notOurs:
          guard let found = try await workspace.store.modelSwitch(of: kb.id) else { return }
          if let error = found.error { throw CommandError(code: error.code, message: error.message) }
          guard found.isUnderWay else { return }
          display.show(found)
          try await Task.sleep(for: .milliseconds(500))
        }
      }
    }

    private struct Status: Encodable {
      let name: String
      let model: String
      let progress: ModelSwitch?

      init(_ kb: KnowledgeBase, _ progress: ModelSwitch?) {
        name = kb.name
        model = kb.model
        self.progress = progress
      }

      enum CodingKeys: String, CodingKey {
        case name, model
        case progress = "switch"
      }

      func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(model, forKey: .model)
        try container.encode(progress.map(ModelSwitchStatus.init), forKey: .progress)
      }

      var line: String {
        guard let progress else { return "\(name)\t\(model)" }
        var line = "\(name)\t\(model)\t\(progress.state.rawValue) \(progress.model): "
        line += "\(progress.textsDone) of \(progress.textsTotal) texts"
        if let error = progress.error { line += "; \(error.message)" }
        if progress.state == .stopped || progress.state == .failed {
          line += "\ngo on: frontdesk kb model \(name) \(progress.model)"
        }
        return line
      }
    }
  }
}
