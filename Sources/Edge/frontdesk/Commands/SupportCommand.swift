import ArgumentParser
import Domain
import Foundation
import Retrieval
import TextAnalysis

struct SupportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "support", abstract: "Say which sentences are supported by which passages.",
    discussion: """
      The check that generated answers go through. Reads JSON lines: {"sentences": ["..."], "passages": [{"title", \
      "text"}], "language": "en"}; prints one line for each sentence, with its doubt or the evidence.
      """)

  @Argument(help: "A file of JSON lines, or - for standard input.") var file = "-"
  @OptionGroup var global: GlobalOptions
  @Option(help: "Of a sentence's words, the share that its evidence must have.") var containment: Double?
  @Option(help: "Neighbouring words that may stand apart there.") var breaks: Int?
  @Option(help: "What the cross-encoder must make of both; unset: it is not asked.") var relevance: Double?

  private struct Entry: Decodable {
    struct Passage: Decodable {
      let title: String?
      let text: String
    }
    let sentences: [String]
    let passages: [Passage]
    let language: String?
  }

  private struct Line: Encodable {
    let sentence: String
    let doubt: SupportDoubt?
    let passage: Int?
    let quote: String?
    let containment: Double
    let breaks: Int
    let relevance: Double?
  }

  func run() async throws {
    let settings = try await global.settings()
    var options = SupportCheck.Options()
    if let containment { options.containment = containment }
    if let breaks { options.breaks = breaks }
    if let relevance { options.relevance = relevance }
    let workspace = try await Workspace.open(settings)
    try await workspace.closing { workspace in
      for text in try file == "-" ? Console.texts(["-"]) : Console.lines(ofFile: file) {
        guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(text.utf8)) else {
          throw UsageError("A line is no JSON with sentences and passages; --help shows what it looks like.")
        }
        let language = entry.language.flatMap { Language(tag: $0) }
        let check = SupportCheck(
          entry.passages.map {
            SupportCheck.Source(title: $0.title ?? "", text: $0.text, language: language)
          },
          reranker: relevance == nil ? nil : workspace.reranker, options: options)
        for sentence in entry.sentences {
          let verdict = try await check.verdict(on: sentence)
          let quote = verdict.source.flatMap { source in
            verdict.span.flatMap { entry.passages[source].text.slice($0).map(String.init) }
          }
          let line = Line(
            sentence: sentence, doubt: verdict.doubt, passage: verdict.source, quote: quote,
            containment: verdict.containment, breaks: verdict.breaks, relevance: verdict.relevance)
          if global.json {
            try Console.json(line)
          } else {
            print("\(verdict.doubt.map { "no  (\($0.rawValue))" } ?? "yes")\t\(sentence)")
          }
        }
      }
    }
  }
}
