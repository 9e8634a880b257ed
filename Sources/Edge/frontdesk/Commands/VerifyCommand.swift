import ArgumentParser
import Domain
import Foundation
import Retrieval

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check citations against the store.",
    discussion: """
      Reads JSON as answers give it: an answer, {"citations":[...]}, or a list of citations. \
      Exit 0 where all are valid, 3 where some are not.
      """)

  @Argument(help: "A file, or '-'.") var file: String
  @OptionGroup var global: GlobalOptions

  private struct Envelope: Decodable { let citations: [Citation] }
  private struct Checked: Encodable {
    let citation: Citation
    let status: CitationStatus
  }

  func run() async throws {
    let data = try file == "-" ? Console.standardInput() : Data(contentsOf: URL(fileURLWithPath: file))
    let decoder = JSONDecoder()
    guard
      let citations = (try? decoder.decode(Envelope.self, from: data))?.citations
        ?? (try? decoder.decode([Citation].self, from: data))
    else {
      throw UsageError("'\(file)' holds no citations: give the JSON of an answer or of its citations.")
    }
    let workspace = try await Workspace.open(try await global.settings())
    let statuses = try await workspace.closing { try await $0.engine.verify(citations) }
    if global.json {
      try Console.json(["citations": zip(citations, statuses).map { Checked(citation: $0, status: $1) }])
    } else {
      for (citation, status) in zip(citations, statuses) {
        print(
          "\(status.rawValue)\t\(citation.externalID) version \(citation.version) "
            + "bytes \(citation.startByte)-\(citation.endByte)")
      }
    }
    if statuses.contains(where: { $0 != .valid }) { throw ExitCode(3) }
  }
}
