import ArgumentParser
import Domain
import Embedding
import Foundation
import TextAnalysis

struct EmbedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed", abstract: "Print the vector of each text, a JSON line each.",
    discussion: """
      Texts are embedded as passages, or with --query as questions. '-' reads a text per line. Vectors are \
      those of single precision; ingest and search use the setting 'precision'.
      """)

  @Argument(help: "Texts, or '-'.") var texts: [String] = ["-"]
  @OptionGroup var global: GlobalOptions
  @Option(help: "Model name.") var model: String?
  @Flag(help: "Embed as questions.") var query = false
  @Option(help: "Arithmetic: fp32 or int8.") var precision = EncoderPrecision.single

  private struct Line: Encodable {
    let model: String
    let dimension: Int
    let tokens: [Int32]
    let embedding: [Float]
  }

  func run() async throws {
    let settings = try await global.settings()
    let installed = try ModelCache(folder: settings.models).installedEmbedder(model ?? settings.model)
    let service = EmbeddingService(
      model: try EncoderModel(installed, precision: precision), threads: settings.threads)
    defer { service.shutdown() }
    let texts = try Console.texts(texts)
    for start in stride(from: 0, to: texts.count, by: 256) {
      let window = Array(texts[start..<min(start + 256, texts.count)])
      let vectors =
        query
        ? try await service.embedForQuestion(window, as: .query) : try await service.embedPassages(window)
      for (text, vector) in zip(window, vectors) {
        try Console.json(
          Line(
            model: installed.specification.name, dimension: vector.count,
            tokens: service.tokenize(text), embedding: vector))
      }
    }
  }
}

extension EncoderPrecision: ExpressibleByArgument {}

struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze", abstract: "Print language and terms of each text, a JSON line each.")

  @Argument(help: "Texts, or '-'.") var texts: [String] = ["-"]
  @Flag(help: "Accepted for symmetry: the output is always JSON.") var json = false

  private struct Line: Encodable {
    let language: String?
    let terms: [String]
    enum CodingKeys: CodingKey { case language, terms }
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(language, forKey: .language)
      try container.encode(terms, forKey: .terms)
    }
  }

  func run() throws {
    let analyzer = TextAnalyzer()
    let detector = LanguageDetector()
    for text in try Console.texts(texts) {
      let language = detector.detect(text)?.language
      let terms = analyzer.tokens(of: text, language: language).map(\.term)
      try Console.json(Line(language: language?.rawValue, terms: terms))
    }
  }
}
