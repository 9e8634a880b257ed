import ArgumentParser
import Domain
import Foundation
import Retrieval

struct SearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Find passages.",
    discussion: "Filters are key=value; keys: tags, language, kind, attributes.NAME; may be repeated.")

  @Argument(help: "What to look for.") var query: String
  @OptionGroup var global: GlobalOptions
  @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
  @Option(help: "hybrid, lexical, dense, or suggest for an unfinished query.") var mode: SearchMode = .hybrid
  @Option(help: "Documents to show, 1 to 1,000.") var limit = SearchRequest.defaultLimit
  @OptionGroup var filtering: FilterOptions
  @Option(help: "Count the values of a key (tags, language, kind, source, updated, attributes.NAME).")
  var facet: [String] = []
  @Option(help: "Say where the document of this external id was lost.") var whyNot: String?
  @Option(help: "Leave out the document of this external id.") var without: [String] = []
  @Option(help: "Search what was found at a generation, a day or an RFC 3339 time.") var asOf: AsOf?
  @Option(help: "document or passage.") var group: SearchGrouping = .document
  @Option(help: "How many of the best hits a cross-encoder compares with the query, 0 to 100.")
  var rerankPairs = 0
  @Flag(help: "Show how each hit came to its place.") var explain = false

  func run() async throws {
    let filter = try filtering.conditions()
    let workspace = try await Workspace.open(try await global.settings())
    var request = SearchRequest(
      query: query, knowledgeBase: kb, limit: limit, mode: mode, filter: filter, grouping: group,
      explain: explain, rerankPairs: rerankPairs, viewer: .all)
    request.facets = facet
    request.whyNot = whyNot
    request.without = without
    request.asOf = asOf
    let response = try await workspace.closing { [request] workspace in
      try await workspace.applyDue()
      return try await workspace.engine.search(request)
    }
    if global.json { return try Console.json(response) }
    for reason in response.degraded { Console.error("note: \(reason)") }
    if response.hits.isEmpty { print("nothing found") }
    for (i, hit) in response.hits.enumerated() { show(hit, rank: i + 1) }
    if let missing = response.missing {
      print("\(missing.externalID): \(missing.rank.map { "place \($0). " } ?? "")\(missing.detail)")
    }
    for (key, counts) in response.facets.sorted(by: { $0.key < $1.key }) {
      print("\(key): " + counts.map { "\($0.value) (\($0.count))" }.joined(separator: ", "))
    }
    if let explanation = response.explanation { try Console.json(explanation, pretty: true) }
  }

  private func show(_ hit: SearchHit, rank: Int) {
    let path = ([hit.title] + hit.headingPath).filter { !$0.isEmpty }.joined(separator: " > ")
    print(
      "\(rank). \(path)  (\(hit.externalID), \(hit.isPinned ? "pinned" : String(format: "%.3f", hit.score)))")
    let text = hit.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    print("   " + (text.count > 240 ? text.prefix(240) + "..." : text[...]))
    if !hit.alsoIn.isEmpty { print("   also in " + hit.alsoIn.map(\.externalID).joined(separator: ", ")) }
    guard let explanation = hit.explanation else { return }
    print(
      "   lexical rank \(explanation.lexicalRank.map(String.init) ?? "-"), "
        + "dense rank \(explanation.denseRank.map(String.init) ?? "-"): \(explanation.arithmetic)")
    for match in explanation.matchedTerms {
      let fields = match.frequencies.sorted { $0.key < $1.key }.map { "\($0.key) x\($0.value)" }
      print(
        "   \(match.term): \(fields.joined(separator: ", ")), in \(match.docFreq) chunks, "
          + "idf \(String(format: "%.2f", match.idf)), \(String(format: "%.3f", match.score))")
    }
  }
}

extension AsOf: ExpressibleByArgument {
  public init?(argument: String) { self.init(parsing: argument) }
}
extension SearchMode: ExpressibleByArgument {}
extension SearchGrouping: ExpressibleByArgument {}

/// Which documents may be found.
struct FilterOptions: ParsableArguments {
  @Option(help: "key=value or key=from..to; OR within a key, AND between keys.") var filter: [String] = []

  func conditions() throws -> SearchFilter {
    var conditions: [String: [String]] = [:]
    for item in filter {
      let parts = item.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw UsageError("--filter takes key=value, not '\(item)'.") }
      conditions[parts[0], default: []].append(parts[1])
    }
    return SearchFilter(conditions)
  }
}

struct AskCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ask", abstract: "Answer a question, with the place of every word of the answer.")

  @Argument(help: "The question.") var question: String
  @OptionGroup var global: GlobalOptions
  @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
  @OptionGroup var filtering: FilterOptions
  @Option(help: "How many of the best hits a cross-encoder compares with the question, 0 to 100.")
  var rerankPairs = 0
  @Option(help: "Leave out the document of this external id: what would be answered without it?")
  var without: [String] = []
  @Option(help: "Answer as it would have been answered at a generation, a day or an RFC 3339 time.")
  var asOf: AsOf?

  func run() async throws {
    let workspace = try await Workspace.open(try await global.settings())
    var request = AnswerRequest(
      question: question, knowledgeBase: kb, filter: try filtering.conditions(), rerankPairs: rerankPairs,
      viewer: .all)
    request.without = without
    request.asOf = asOf
    let response = try await workspace.closing { [request] workspace in
      try await workspace.applyDue()
      return try await workspace.engine.answer(request)
    }
    if global.json { return try Console.json(response) }
    print(response.answer.text)
    for (i, citation) in response.citations.enumerated() {
      print(
        "[\(i + 1)] \(citation.title) (\(citation.externalID), version \(citation.version), "
          + "bytes \(citation.startByte)-\(citation.endByte))"
          + (citation.url.map { " \($0)" } ?? ""))
    }
    if response.answer.kind == .abstain, !response.suggestions.isEmpty {
      print("These may be near:")
      for suggestion in response.suggestions { print("- \(suggestion.title) (\(suggestion.externalID))") }
    }
  }
}
