import ArgumentParser
import Domain
import Foundation

/// The `frontdesk` command: parses, runs, and turns every ending into the contract's exit codes.
///
/// 0 done, 1 failed, 2 usage, 3 partly done.
@main
enum Main {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    do {
      var command = try Frontdesk.parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      exit(end(with: error))
    }
  }

  /// Prints what ended the run where it belongs.
  private static func end(with error: any Error) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    if let coded = error as? any CodedError {
      Console.error("error: \(coded.message) [\(coded.code)]")
      return 1
    }
    let status = Frontdesk.exitCode(for: error)
    let text = Frontdesk.fullMessage(for: error)
    if status == .success {
      print(text)
      return 0
    }
    Console.error(text)
    return status == .validationFailure ? 2 : 1
  }
}

struct Frontdesk: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "frontdesk",
    abstract: "Answers customers' questions from your own documents, and shows where each answer comes from.",
    discussion: """
      A first run:
        frontdesk model install all-MiniLM-L6-v2
        frontdesk ingest docs/
        frontdesk ask "How do I reset my password?"
        frontdesk serve

      Settings are flags, else FRONTDESK_... environment variables, else the file named by --config; \
      `frontdesk config` prints what is in force.
      Exit codes: 0 done, 1 failed, 2 usage, 3 partly done.
      """,
    version: Release.version,
    subcommands: [
      IngestCommand.self, SearchCommand.self, AskCommand.self, ServeCommand.self, IndexCommand.self,
      EvalCommand.self, VerifyCommand.self, SupportCommand.self, EmbedCommand.self, RerankCommand.self,
      AnalyzeCommand.self,
      BenchCommand.self,
      ModelCommand.self, KnowledgeBaseCommand.self, DocumentCommand.self, KeyCommand.self, BackupCommand.self,
      RestoreCommand.self,
      MigrateCommand.self, ConfigCommand.self, AuditCommand.self, EncryptionCommand.self,
    ])
}

enum Release {
  static let version = "0.1.0"
}
