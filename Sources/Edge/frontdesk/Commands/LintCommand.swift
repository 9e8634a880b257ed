import ArgumentParser
import Domain
import Foundation
import Knowledge

extension KnowledgeBaseCommand {
  struct Lint: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Report what an editor should look at; changes nothing.",
      discussion: """
        Codes: \(LintCode.allCases.map(\.rawValue).joined(separator: ", ")). \
        Findings are the output: exit 0 with or without them, and 1 where --fail-on names a code that was found.
        """)

    @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
    @Option(help: "Findings of each code to show; all are counted.") var limit = 50
    @Option(help: "Articles that nobody changed for more days are stale.") var staleAfter = 365
    @Option(help: "Look for these codes alone, separated by commas.") var only: String?
    @Option(help: "Exit 1 where one of these codes is found, separated by commas; or 'all'.") var failOn:
      String?
    @OptionGroup var global: GlobalOptions

    func run() async throws {
      guard limit > 0 else { throw UsageError("--limit is 1 or more.") }
      guard staleAfter > 0 else { throw UsageError("--stale-after is 1 or more days.") }
      var request = LintRequest(knowledgeBase: kb)
      request.limit = limit
      request.staleAfterDays = staleAfter
      if let only { request.codes = try Self.codes(only, option: "--only") }
      let failing = try failOn.map { try Self.codes($0, option: "--fail-on") } ?? []
      let workspace = try await Workspace.open(try await global.settings())
      let report = try await workspace.closing { [request] workspace in
        try await workspace.applyDue()
        let linter = Linter(store: workspace.store, engine: workspace.engine)
        let showsProgress = Console.errorIsTerminal && !global.json
        let report = try await linter.run(request) { if showsProgress { Console.status($0) } }
        if showsProgress { Console.status("") }
        return report
      }
      if global.json { try Console.json(report) } else { show(report) }
      if failing.contains(where: { report.counts[$0, default: 0] > 0 }) { throw ExitCode(1) }
    }

    private static func codes(_ list: String, option: String) throws -> Set<LintCode> {
      if list == "all" { return Set(LintCode.allCases) }
      return Set(
        try list.split(separator: ",").map { name in
          guard let code = LintCode(rawValue: name.trimmingCharacters(in: .whitespaces)) else {
            throw UsageError(
              "\(option) names codes: \(LintCode.allCases.map(\.rawValue).joined(separator: ", ")).")
          }
          return code
        })
    }

    private func show(_ report: LintReport) {
      for finding in report.findings {
        print("\(finding.code.rawValue)\t\(finding.document.named)")
        if let quote = finding.document.quote { print("  \(quote)") }
        if let other = finding.other { print("  with \(other.named)") }
        if let quote = finding.other?.quote { print("  \(quote)") }
        if !finding.also.isEmpty { print("  also \(finding.also.joined(separator: ", "))") }
        print("  \(finding.message) \(finding.remedy)\n")
      }
      for note in report.notes { Console.error("note: \(note)") }
      let counts = LintCode.allCases.compactMap { code in report.counts[code].map { "\($0) \(code.rawValue)" }
      }
      let checked = report.checked
      print(counts.joined(separator: ", "))
      print(
        "checked \(checked.documents) documents, \(checked.passages) passages, \(checked.links) links, "
          + "\(checked.faqEntries) FAQ entries in \(String(format: "%.1f", report.seconds)) s")
    }
  }
}

extension LintPlace {
  /// Id, line and title, as a person reads them.
  fileprivate var named: String {
    let place = line.map { "\(externalID):\($0)" } ?? externalID
    let heading = headingPath?.last.map { " > \($0)" } ?? ""
    return "\(place) (\(title)\(heading))"
  }
}
