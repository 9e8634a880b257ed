import ArgumentParser
import Domain
import Foundation

/// Synonyms and curations of a knowledge base.
struct RulesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules", abstract: "Show or replace synonyms and pinned or hidden results.",
    discussion: """
      Without an option it prints them as JSON. A file of rules is that JSON: {"synonyms": ["tv, television", \
      "tele => television"], "curations": [{"queries": ["opening hours"], "pinned": ["hours.md"], "hidden": []}]}. \
      A file of synonyms has a line of them each; # begins a comment.
      """)

  @Option(help: "Knowledge base.") var kb = KnowledgeBase.defaultName
  @Option(help: "Replace all rules by those of a JSON file, or - for standard input.") var set: String?
  @Option(help: "Replace the synonyms by those of a text file, or - for standard input.") var synonyms:
    String?
  @OptionGroup var global: GlobalOptions

  func run() async throws {
    guard set == nil || synonyms == nil else { throw UsageError("Give --set or --synonyms, not both.") }
    let file = try set.map(Self.read)
    let lines = try synonyms.map(Self.read).map { SynonymRule.lines(of: String(decoding: $0, as: UTF8.self)) }
    let workspace = try await Workspace.open(try await global.settings())
    let (rules, generation) = try await workspace.closing { workspace in
      let kb = try await workspace.knowledgeBase(kb)
      var rules = try await workspace.store.searchRules(of: kb.id)
      if let file { rules = try Self.rules(in: file) }
      if let lines { rules.synonyms = lines }
      guard file != nil || lines != nil else { return (rules, Generation?.none) }
      try rules.validate()
      try await workspace.record("rules.put", kb.name)
      return (rules, try await workspace.store.setSearchRules(rules, of: kb.id))
    }
    guard let generation else { return try Console.json(rules, pretty: !global.json) }
    if global.json { return try Console.json(["generation": generation.rawValue]) }
    print(
      "\(rules.synonyms.count) lines of synonyms, \(rules.curations.count) curations; generation \(generation)"
    )
  }

  private static func read(_ path: String) throws -> Data {
    if path == "-" { return FileHandle.standardInput.readDataToEndOfFile() }
    do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw UsageError("\(path) cannot be read: \(error.localizedDescription)")
    }
  }

  private static func rules(in file: Data) throws -> SearchRules {
    do {
      return try JSONDecoder().decode(SearchRules.self, from: file)
    } catch {
      throw UsageError("That is no JSON of rules; `frontdesk kb rules` prints what it looks like.")
    }
  }
}
