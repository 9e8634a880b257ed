import ArgumentParser
import Domain
import Foundation
import Knowledge

struct IngestCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ingest", abstract: "Bring files and folders into a knowledge base.",
    discussion: """
      A file's id is its path relative to the folder given (a file given by itself: its name); each FAQ \
      row is a document: path, '#', and its id column. What has not changed since the last time is not \
      read again. Hidden files, and what a .frontdeskignore lists, are passed over. '-' reads standard input.
      """)

  @Argument(help: "Files, folders, or '-'.") var paths: [String]
  @OptionGroup var global: GlobalOptions
  @Option(help: "Knowledge base; made if new.") var kb: String?
  @Flag(help: "Remove documents that came from these paths and are gone from them.") var prune = false
  @Flag(help: "Read and compare, write nothing.") var dryRun = false
  @Flag(help: "Go on and bring in what changes, until interrupted.") var watch = false
  @Option(help: "A further ignore pattern, as in .gitignore; may be repeated.") var ignore: [String] = []
  @Option(help: "public, signed_in, or group names, for all that is brought in.") var visibility: String?
  @Option(help: "draft, published or archived, for all that is brought in.") var status: DocumentStatus?

  func run() async throws {
    let settings = try await global.settings()
    let workspace = try await Workspace.open(settings)
    do {
      let report = try await ingest(workspace, settings)
      // One who stopped it does not want to wait.
      await workspace.close(finishingMerges: !watch && !report.isInterrupted)
      if report.isPartial { throw ExitCode(3) }
    } catch {
      await workspace.close()
      throw error
    }
  }

  private func ingest(_ workspace: Workspace, _ settings: Settings) async throws -> IngestReport {
    let name = kb ?? KnowledgeBase.defaultName
    if !dryRun {
      try await workspace.makeKnowledgeBase(name, model: settings.model)
      try await workspace.yieldToServer(of: name)
    }
    let input = try StandardInputFile(paths)
    defer { input?.remove() }
    var request = PathIngest(paths: input?.paths ?? paths, knowledgeBase: name)
    request.prune = prune
    request.dryRun = dryRun
    request.ignoring = ignore
    request.visibility = try visibility.map(Visibility.init(parsing:))
    request.status = status
    var report = try await once(request, workspace)
    try show(report)
    guard watch, !report.isInterrupted else { return report }
    let watcher = PathWatcher(paths: paths, ignoring: ignore)
    try await Interruption.cancelling { [request, global] in
      for await _ in watcher.changes() {
        let again = try await once(request, workspace)
        if global.json { try Console.json(again) } else { Console.error(summary(again)) }
      }
    }
    report.isInterrupted = false
    return report
  }

  private func once(_ request: PathIngest, _ workspace: Workspace) async throws -> IngestReport {
    let display = ProgressDisplay(isQuiet: global.json && !Console.errorIsTerminal)
    let report = try await Interruption.cancelling {
      try await workspace.ingest.ingest(request) { display.show($0) }
    }
    display.finish()
    if !request.dryRun { try await workspace.bringIndexUpToDate(request.knowledgeBase) }
    return report
  }

  private func show(_ report: IngestReport) throws {
    for diagnostic in report.diagnostics { Console.error(Self.line(diagnostic)) }
    if global.json { try Console.json(report) } else { print(summary(report)) }
  }

  private static func line(_ diagnostic: Diagnostic) -> String {
    let place = diagnostic.line.map { "\(diagnostic.path):\($0)" } ?? diagnostic.path
    return "\(place): \(diagnostic.message) \(diagnostic.remedy) [\(diagnostic.code)]"
  }

  private func summary(_ report: IngestReport) -> String {
    let documents = report.documents
    let chunks = report.chunks
    let rate = report.seconds > 0 ? Double(chunks.embedded) / report.seconds : 0
    return """
      documents: \(documents.added) added, \(documents.changed) changed, \(documents.unchanged) unchanged, \
      \(documents.removed) removed, \(documents.failed) failed
      chunks: \(chunks.added) added, \(chunks.kept) kept, \(chunks.removed) removed, \(chunks.embedded) embedded
      generation \(report.generation), \(String(format: "%.1f", report.seconds)) s\
      \(rate > 0 ? String(format: ", %.1f passages/s", rate) : "")\(dryRun ? " (dry run: nothing written)" : "")
      """
  }
}

/// Standard input kept as a file, so that it is read like any other.
struct StandardInputFile {
  let paths: [String]
  private let folder: URL

  /// - Returns: nil where no path is `-`.
  init?(_ paths: [String]) throws {
    guard paths.contains("-") else { return nil }
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("frontdesk-" + UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent("stdin")
    try Console.standardInput().write(to: file)
    self.paths = paths.map { $0 == "-" ? file.path : $0 }
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }
}
