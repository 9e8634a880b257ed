import ArgumentParser
import Embedding
import Foundation

struct RerankCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rerank", abstract: "Print how well passages answer a question, the best first.",
    discussion: """
      A cross-encoder reads the question and each passage together. Numbers are the model's own: above 0 more \
      likely an answer than not. '-' reads a passage per line.
      """)

  @Argument(help: "The question.") var question: String
  @Argument(help: "Passages, or '-'.") var passages: [String] = ["-"]
  @OptionGroup var global: GlobalOptions
  @Option(help: "Model name.") var model: String?

  private struct Line: Encodable {
    let score: Float
    /// Place among the passages, from 0.
    let index: Int
    let passage: String
  }

  func run() async throws {
    let settings = try await global.settings()
    let name = model ?? ModelCatalogue.rerankers.first?.name ?? ""
    let installed = try ModelCache(folder: settings.models).installedReranker(name)
    let texts = try Console.texts(passages)
    let service = RelevanceService(
      model: try EncoderModel(installed, precision: settings.precision), threads: settings.threads,
      queueLimit: Self.window)
    defer { service.shutdown() }
    var lines: [Line] = []
    for start in stride(from: 0, to: texts.count, by: Self.window) {
      let some = Array(texts[start..<min(start + Self.window, texts.count)])
      let scores = try await service.scores(of: some, for: question)
      for (place, score) in scores.enumerated() {
        lines.append(Line(score: score, index: start + place, passage: some[place]))
      }
    }
    for line in lines.sorted(by: { ($1.score, $0.index) < ($0.score, $1.index) }) {
      if global.json {
        try Console.json(line)
      } else {
        print(String(format: "%8.3f  %@", line.score, line.passage as NSString))
      }
    }
  }

  private static let window = 256
}
