import Domain
import Foundation
import Testing

@testable import Knowledge

/// Input that must give a sane result or one clear diagnostic, soon, and never a crash.
@Suite struct HostileInputTests {
  private static let names = ["a.md", "a.html", "a.txt", "a.rst", "a.csv", "a.tsv", "a.jsonl", "a.docx", "a.pdf", "a"]

  @Test(arguments: names) func emptyFilesHaveNoText(name: String) async {
    for data in [Data(), Data("  \n\n ".utf8), Data([0xEF, 0xBB, 0xBF])] {
      let result = await read(data, name)
      #expect(result.documents.isEmpty)
      #expect(result.codes == ["no_text"], "\(name)")
    }
  }

  @Test func tooLargeIsRefusedUnread() async {
    var limits = ReaderLimits.standard
    limits.maxBytes = 10
    #expect(await read(Data("eleven bytes".utf8), "a.txt", limits: limits).codes == ["too_large"])
  }

  @Test(arguments: names.filter { $0 != "a.pdf" && $0 != "a.docx" }) func timeLimitHolds(name: String) async {
    var limits = ReaderLimits.standard
    limits.time = .zero
    let text = String(repeating: "question,answer\n", count: 5_000)
    let codes = await read(Data(text.utf8), name, limits: limits).codes
    #expect(codes == ["timeout"], "\(name)")
  }

  static let pathological: [(name: String, unit: String, count: Int)] = [
    ("nested quotes", "> ", 10_000), ("nested lists", "- ", 10_000), ("nested numbers", "1. ", 10_000),
    ("brackets", "[", 20_000), ("links", "[a](", 20_000), ("angles", "[a](<b", 20_000), ("images", "![", 20_000),
    ("stars", "*a ", 20_000), ("star runs", "a**b_c*", 20_000), ("underscores", "_", 20_000),
    ("backticks", "`a``b", 20_000), ("tags", "<b ", 20_000), ("quoted tags", "<a href=\"", 20_000),
    ("comments", "<!--", 20_000), ("divs", "<div>", 20_000), ("tables", "<table><tr><td>", 10_000),
    ("lists", "<ul><li>", 10_000), ("ends", "</div>", 20_000), ("scripts", "<script>", 20_000),
    ("references", "&#", 20_000), ("pipes", "|", 20_000), ("quotes", "\"", 20_001), ("commas", ",", 20_000),
    ("json", "[", 20_000), ("objects", "{\"a\":", 20_000), ("fences", "```\n", 20_000), ("rules", "---\n", 20_000),
    ("colons", ":a:`", 20_000), ("directives", ".. x::\n   ", 5_000), ("indents", " a\n  b\n   c\n", 5_000),
    ("definitions", "[a]: b\n", 20_000), ("cdata", "<![CDATA[", 20_000), ("headings", "# a\n", 20_000),
    ("lazy", "> a\nb\n", 10_000), ("marks", "e\u{301}\u{301}", 10_000),
  ]

  @Test(arguments: pathological.map(\.name)) func repetitionIsReadInLinearTime(name: String) async throws {
    let (_, unit, count) = try #require(Self.pathological.first { $0.name == name })
    let text = String(repeating: unit, count: count)
    for file in ["a.md", "a.html", "a.rst", "a.csv", "a.jsonl", "a.txt"] {
      let start = ContinuousClock.now
      let result = await read(text, file)
      #expect(ContinuousClock.now - start < .seconds(20), "\(name) as \(file)")
      for document in result.documents { #expect(document.blocksTileText, "\(name) as \(file)") }
    }
  }

  @Test func indentedNestingIsRead() async {
    let lists = (0..<2_000).map { String(repeating: " ", count: $0 * 2) + "- x" }.joined(separator: "\n")
    #expect(await read(lists, "a.md").documents.count == 1)
    #expect(await read(lists, "a.rst").documents.count == 1)
  }

  /// The size that users report scaled down tenfold, so that a debug build takes seconds.
  @Test func oneEndlessLineIsRead() async {
    let words = String(repeating: "word ", count: 4_000_000)
    for name in ["a.txt", "a.md"] {
      let start = ContinuousClock.now
      let document = await read(words, name).only
      #expect(document?.content.text.utf8.count == words.utf8.count - 1)
      #expect(document?.blocks.count == 1)
      #expect(ContinuousClock.now - start < .seconds(60), "\(name)")
    }
    let solid = String(repeating: "x", count: 20_000_000)
    #expect(await read(solid, "a.txt").only?.blocks.count == 1)
  }

  @Test func randomBytesNeverCrash() async {
    var generator = SeededGenerator(seed: 3)
    let alphabet = Array("<>[](){}|`*_#-+=.:;,&!\"'\\/ \n\tab1é".utf8) + [0xFF, 0xC3]
    for _ in 0..<150 {
      let bytes = (0..<600).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
      for name in ["a.md", "a.html", "a.rst", "a.csv", "a.jsonl"] {
        let result = await read(Data(bytes), name)
        for document in result.documents { #expect(document.blocksTileText, "\(name): \(bytes.string)") }
      }
    }
  }
}
