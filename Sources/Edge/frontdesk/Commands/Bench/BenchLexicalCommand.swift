import ArgumentParser
import Foundation
import Retrieval
import SearchIndex
import TextAnalysis

/// Times the lexical half by itself: no store, no model, one thread.
struct BenchLexicalCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lexical", abstract: "Time building and searching the lexical half of an index.",
    discussion: """
      Reads passages, a JSON object with 'id' and 'text' a line, and queries, one a line. Prints seconds of \
      text analysis and of building (both on one thread), bytes by section, milliseconds of each query in \
      each repeat after one that does not count, and that one's hits, as JSON. So that others can be given \
      the same terms, a word of a query stands for its first stem alone, and every token counts in lengths.
      """)

  @OptionGroup var global: GlobalOptions
  @Option(help: "Passages, JSON Lines.") var texts: String
  @Option(help: "Queries, one a line.") var queries: String
  @Option(help: "Folder of the index, which is made anew.") var work: String
  @Option(help: "Hits a query.") var limit = 100
  @Option(help: "How often each query is timed.") var repeats = 5
  @Option(help: "Write the analysed terms of passages and queries to this folder, and stop.")
  var dumpTerms: String?

  /// Memory for all passages at once, as the peers get it.
  private static var options: IndexOptions {
    var options = IndexOptions()
    options.spillChunks = .max
    options.spillBytes = 2 << 30
    return options
  }

  private struct Line: Decodable {
    let id: UInt64
    let text: String
  }

  private struct DumpedLine: Encodable {
    let id: UInt64
    let terms: String
  }

  private struct Report: Encodable {
    var passages = 0
    var analyseSeconds = 0.0
    var buildSeconds = 0.0
    var bytes = 0
    var sections: [String: Int] = [:]
    var queries = 0
    /// By repeat, then by query.
    var ms: [[Double]] = []
    /// By query: id and score, best first.
    var hits: [[[Double]]] = []

    enum CodingKeys: String, CodingKey {
      case passages, bytes, sections, queries, ms, hits
      case analyseSeconds = "analyse_seconds"
      case buildSeconds = "build_seconds"
    }
  }

  func validate() throws {
    guard (1...10_000).contains(limit), (1...1000).contains(repeats) else {
      throw UsageError("--limit is 1 to 10000 and --repeats 1 to 1000.")
    }
  }

  func run() async throws {
    let analyzer = TextAnalyzer()
    let queryTerms = try Console.lines(ofFile: queries).map {
      analyzer.queryTerms(of: $0, languages: [.english])
    }
    if let dumpTerms { return try dump(queryTerms, to: dumpTerms, analyzer) }
    var report = Report()
    let folder = URL(fileURLWithPath: work, isDirectory: true)
    try? FileManager.default.removeItem(at: folder)
    let index = try SearchIndex.open(
      at: folder,
      identity: IndexIdentity(
        epoch: "bench", analyzer: TextAnalyzer.id, model: "none", dimension: 0,
        fields: IndexField.allCases.map(\.name)), access: .readWrite, options: Self.options
    ).0
    defer { index.close() }
    try build(index, analyzer, &report)
    let snapshot = index.snapshot
    report.passages = snapshot.liveChunks
    report.bytes = snapshot.bytes
    report.sections = snapshot.sectionBytes
    report.queries = queryTerms.count
    let prepared = queryTerms.map { terms in
      LexicalQuery(
        terms: terms.map { LexicalQuery.Term(alternatives: [$0.alternatives[0]]) }, parameters: .passages)
    }
    for pass in 0...repeats {
      var times: [Double] = []
      for query in prepared {
        let start = ContinuousClock.now
        let hits = snapshot.lexical(query, limit: limit)
        times.append(start.duration(to: .now) / .milliseconds(1))
        if pass == 0 { report.hits.append(hits.map { [Double($0.key), $0.score] }) }
      }
      if pass > 0 { report.ms.append(times) }
    }
    try Console.json(report)
  }

  private func build(_ index: SearchIndex, _ analyzer: TextAnalyzer, _ report: inout Report) throws {
    try forEachBatch { lines in
      var lap = ContinuousClock.now
      let entries = lines.map { line in
        ChunkEntry(
          key: line.id, group: line.id, fields: [.empty, .empty, body(line.text, analyzer)], labels: [],
          vectors: [])
      }
      report.analyseSeconds += lap.duration(to: .now) / .seconds(1)
      lap = .now
      try index.apply(IndexUpdate(removedGroups: [], added: entries))
      report.buildSeconds += lap.duration(to: .now) / .seconds(1)
    }
    let lap = ContinuousClock.now
    index.publish(generation: 1)
    try index.compact()
    report.buildSeconds += lap.duration(to: .now) / .seconds(1)
  }

  private func body(_ text: String, _ analyzer: TextAnalyzer) -> FieldTerms {
    var frequencies: [String: Int] = [:]
    let tokens = analyzer.tokens(of: text, language: .english)
    for token in tokens { frequencies[token.term, default: 0] += 1 }
    return FieldTerms(
      terms: frequencies.map { (term: $0.key, frequency: $0.value) },
      length: tokens.count)
  }

  private func forEachBatch(_ body: ([Line]) throws -> Void) throws {
    let decoder = JSONDecoder()
    var batch: [Line] = []
    for line in try Console.lines(ofFile: texts) {
      batch.append(try decoder.decode(Line.self, from: Data(line.utf8)))
      if batch.count == 4096 {
        try body(batch)
        batch.removeAll(keepingCapacity: true)
      }
    }
    try body(batch)
  }

  private func dump(_ queries: [[QueryTerm]], to path: String, _ analyzer: TextAnalyzer) throws {
    let folder = URL(fileURLWithPath: path, isDirectory: true)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var passages = Data()
    try forEachBatch { lines in
      for line in lines {
        let terms = analyzer.tokens(of: line.text, language: .english).map(\.term)
        passages += try encoder.encode(DumpedLine(id: line.id, terms: terms.joined(separator: " ")))
        passages.append(UInt8(ascii: "\n"))
      }
    }
    try passages.write(to: folder.appendingPathComponent("passages.jsonl"))
    let lines = queries.map { $0.map(\.alternatives[0]).joined(separator: " ") + "\n" }
    try Data(lines.joined().utf8).write(to: folder.appendingPathComponent("queries.txt"))
  }
}
