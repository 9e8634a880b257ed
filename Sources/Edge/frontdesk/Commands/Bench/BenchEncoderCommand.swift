import ArgumentParser
import Embedding
import Foundation

struct BenchEncoderCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "encoder", abstract: "Time the embedding of texts; starting the model is not counted.",
    discussion: """
      Prints the milliseconds of each repeat as JSON. 'question' embeds each text by itself, as a search \
      does, and gives milliseconds a text; 'passages' embeds all at once, as ingest does, and gives \
      milliseconds for all; 'pairs' compares the first text with each of the others, by a reranker, and gives \
      milliseconds a pair. Tokenising is part of all.
      """)

  enum Kind: String, ExpressibleByArgument, CaseIterable { case question, passages, pairs }

  @Argument(help: "Texts, or '-' for one a line.") var texts: [String] = ["-"]
  @OptionGroup var global: GlobalOptions
  @Option(help: "Model name.") var model: String?
  @Option(help: "question, passages or pairs.") var kind = Kind.passages
  @Option(help: "Arithmetic: int8 or fp32; unset: the setting.") var precision: EncoderPrecision?
  @Option(help: "How often, after one run that does not count.") var repeats = 5

  private struct Report: Encodable {
    let model: String
    let precision: String
    let kind: String
    let threads: Int
    let texts: Int
    let tokens: Int
    /// Milliseconds of each repeat.
    let ms: [Double]
  }

  func validate() throws {
    guard (1...10_000).contains(repeats) else { throw UsageError("--repeats is 1 to 10000.") }
  }

  func run() async throws {
    let settings = try await global.settings()
    let precision = precision ?? settings.precision
    if kind == .pairs { return try await timePairs(settings, precision) }
    let installed = try ModelCache(folder: settings.models).installedEmbedder(model ?? settings.model)
    // Each repeat asks the same questions: none may be remembered.
    let service = EmbeddingService(
      model: try EncoderModel(installed, precision: precision), threads: settings.threads, cachedQueries: 0)
    defer { service.shutdown() }
    let texts = try Console.texts(texts)
    guard !texts.isEmpty else { throw UsageError("There is no text to embed.") }
    let times =
      kind == .passages
      ? try await milliseconds { _ = try await service.embedPassages(texts) }
      : try await milliseconds(texts.count) { for text in texts { _ = try await service.embedQuery(text) } }
    try Console.json(
      Report(
        model: installed.specification.name, precision: precision.rawValue, kind: kind.rawValue,
        threads: settings.threads,
        texts: texts.count, tokens: texts.reduce(0) { $0 + service.tokenize($1).count }, ms: times))
  }

  /// Milliseconds of each repeat, divided by a count.
  private func milliseconds(_ count: Int = 1, _ body: () async throws -> Void) async throws -> [Double] {
    var times: [Double] = []
    for _ in 0...repeats {
      let start = ContinuousClock.now
      try await body()
      times.append(start.duration(to: .now) / .milliseconds(1) / Double(count))
    }
    return Array(times.dropFirst())
  }

  private func timePairs(_ settings: Settings, _ precision: EncoderPrecision) async throws {
    let name = model ?? ModelCatalogue.rerankers.first?.name ?? ""
    let installed = try ModelCache(folder: settings.models).installedReranker(name)
    let texts = try Console.texts(texts)
    guard let question = texts.first, texts.count > 1 else {
      throw UsageError("Pairs need a question and a passage at least.")
    }
    let passages = Array(texts.dropFirst())
    let service = RelevanceService(
      model: try EncoderModel(installed, precision: precision), threads: settings.threads,
      queueLimit: passages.count)
    defer { service.shutdown() }
    let times = try await milliseconds(passages.count) {
      _ = try await service.scores(of: passages, for: question)
    }
    try Console.json(
      Report(
        model: name, precision: precision.rawValue, kind: kind.rawValue, threads: settings.threads,
        texts: passages.count, tokens: service.tokens(of: passages, with: question), ms: times))
  }
}
