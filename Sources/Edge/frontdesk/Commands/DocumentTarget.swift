import ArgumentParser
import Domain
import Security

/// Which document a command is about.
struct DocumentTarget: ParsableArguments {
  @Argument(help: "External id.") var id: String
  @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName

  var audited: String { AuditTarget.document(id, in: kb) }

  var notFound: CommandError {
    CommandError(
      code: "document_not_found",
      message: "There is no such document in '\(kb)'; `frontdesk kb documents` lists all.")
  }

  func workspace(_ global: GlobalOptions) async throws -> Workspace {
    try await Workspace.open(try await global.settings())
  }
}
