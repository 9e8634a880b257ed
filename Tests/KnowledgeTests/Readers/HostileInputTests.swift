import Domain
import Foundation
import Testing

@testable import Knowledge
import TestSupport

/// Input that must give a sane result or one clear diagnostic, soon, and never a crash.
@Suite struct HostileInputTests {
  private static let names = [
    "a.md", "a.html", "a.txt", "a.rst", "a.csv", "a.tsv", "a.jsonl", "a.docx", "a.pdf", "a",
  ]

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
    ("brackets", "[", 3_000), ("links", "[a](", 3_000), ("angles", "[a](<b", 3_000), ("images", "![", 3_000),
    ("stars", "*a ", 3_000), ("star runs", "a**b_c*", 3_000), ("underscores", "_", 3_000),
    ("backticks", "`a``b", 3_000), ("tags", "<b ", 3_000), ("quoted tags", "<a href=\"", 3_000),
    ("comments", "<!--", 3_000), ("divs", "<div>", 3_000), ("tables", "<table><tr><td>", 10_000),
    ("lists", "<ul><li>", 10_000), ("ends", "</div>", 3_000), ("scripts", "<script>", 3_000),
    ("references", "&#", 3_000), ("pipes", "|", 3_000), ("quotes", "\"", 3_001), ("commas", ",", 3_000),
    ("json", "[", 3_000), ("objects", "{\"a\":", 3_000), ("fences", "```\n", 3_000),
    ("rules", "---\n", 3_000),
    ("colons", ":a:`", 3_000), ("directives", ".. x::\n   ", 1_000), ("indents", " a\n  b\n   c\n", 1_000),
    ("definitions", "[a]: b\n", 3_000), ("cdata", "<![CDATA[", 3_000), ("headings", "# a\n", 3_000),
    ("lazy", "> a\nb\n", 2_000), ("marks", "e\u{301}\u{301}", 3_000),
  ]

  /// What grows with the square of its input takes minutes here.
  @Test(arguments: pathological.map(\.name)) func repetitionIsReadInLinearTime(name: String) throws {
    let (_, unit, count) = try #require(Self.pathological.first { $0.name == name })
    for file in ["a.md", "a.html", "a.rst", "a.csv", "a.jsonl", "a.txt"] {
      let (result, seconds) = readTimed(String(repeating: unit, count: count), file)
      #expect(seconds < 4, "\(name) as \(file)")
      for document in result.documents { #expect(document.blocksTileText, "\(name) as \(file)") }
    }
  }

  private static func times(_ count: Int, _ unit: String) -> String { String(repeating: unit, count: count) }

  /// Where cmark-gfm 0.29.0.gfm.6 takes the square of its input: some hundred kilobytes would take minutes.
  static let quadratic: [(name: String, text: String)] = [
    ("quotes over lazy lines", times(10_000, "> ") + times(100_000, "a\n")),
    ("lists over blank lines", times(5_000, "- + ") + "a" + times(200_000, "\n")),
    ("images and links", times(80_000, "![[]()")),
    ("instructions", times(100_000, "a <? ")),
    ("heads of tables", times(50_000, "a|b\n|-|\n")),
    ("rows of dashes", times(100_000, "a\n") + times(50_000, "|-|-|\n")),
    ("uses of a definition", "[a]: " + times(50_000, "u") + "\n\n" + times(50_000, "[a] ")),
    ("unwritten cells", times(20_000, "|x") + "|\n" + times(20_000, "|-") + "|\n" + times(50_000, "|a|\n")),
  ]

  @Test(arguments: quadratic.map(\.name)) func whatCmarkCannotBoundIsReadAsPlainText(name: String) throws {
    let (_, text) = try #require(Self.quadratic.first { $0.name == name })
    let (result, seconds) = readTimed("Words.\n\n" + text, "a.md")
    #expect(seconds < 4)
    #expect(result.codes == ["too_much_markup"])
    #expect(result.diagnostics.first?.line == 1)
    #expect(result.only?.content.text.hasPrefix("Words.") == true)
    #expect(result.only?.blocksTileText == true)
  }

  /// libxml2 goes through its open elements at every end tag: the deadline is what ends that.
  @Test func strayEndsOverDeepNestingStopInTime() {
    let tags = Self.times(200_000, "<b>") + Self.times(400_000, "</i>")
    let input = FileInput(path: "a.html", data: Data(("<!DOCTYPE html>x" + tags).utf8))
    let start = ContinuousClock.now
    let result = DocumentReader().readNow(input, deadline: Deadline(.seconds(1)))
    #expect(result.codes == ["timeout"])
    #expect(ContinuousClock.now - start < .seconds(8))
  }

  @Test(arguments: ["a.html", "a.md", "a.csv"]) func cancellingStopsReading(name: String) {
    let deadline = Deadline(.seconds(60))
    deadline.cancel()
    let text = Data(("<p>question,answer</p>\n" + Self.times(10_000, "<p>x</p>\n\n")).utf8)
    #expect(
      DocumentReader().readNow(FileInput(path: name, data: text), deadline: deadline).codes == ["cancelled"])
  }

  /// cmark-gfm's parsers share tables: readers on several threads must not spoil each other's text.
  @Test func markdownIsReadTheSameOnManyThreads() async {
    let text = Self.times(50, "~~a~~ *b* [c](d) ~e~ f~g\n\n| x | y |\n| - | - |\n| ~~1~~ | 2 |\n\n")
    let expected = await read(text, "a.md").only?.content.text
    await withTaskGroup(of: String?.self) { group in
      for _ in 0..<200 { group.addTask { await read(text, "a.md").only?.content.text } }
      for await result in group { #expect(result == expected) }
    }
  }

  /// Each block behind an unknown tag is parsed anew, which must not go on for ever.
  @Test func unknownTagsInEachOtherAreRead() {
    let quotes = (0..<1_000).map { Self.times($0, "> ") + "<x-y>" }.joined(separator: "\n")
    let (result, seconds) = readTimed(quotes, "a.md")
    #expect(seconds < 4)
    #expect(result.only?.blocksTileText == true)
  }

  @Test func indentedNestingIsRead() {
    let lists = (0..<400).map { String(repeating: " ", count: $0 * 2) + "- x" }.joined(separator: "\n")
    for name in ["a.md", "a.rst"] {
      let (result, seconds) = readTimed(lists, name)
      #expect(result.documents.count == 1)
      #expect(seconds < 10, "\(name)")
    }
  }

  /// 200 MB, scaled down to what a debug build reads in a second or two.
  @Test func oneEndlessLineIsRead() {
    for (name, count) in [("a.txt", 4_000_000), ("a.md", 2_000_000), ("a.md", 4_000_000)] {
      let words = String(repeating: "word ", count: count)
      let (result, seconds) = readTimed(words, name)
      #expect(result.only?.content.text.utf8.count == words.utf8.count - 1)
      #expect(result.only?.blocks.count == 1)
      #expect(seconds < 30, "\(name)")
    }
    let solid = String(repeating: "x", count: 10_000_000)
    #expect(readTimed(solid, "a.txt").result.only?.blocks.count == 1)
  }

  @Test func randomBytesNeverCrash() async {
    var generator = SeededGenerator(3)
    let alphabet = Array("<>[](){}|`*_#-+=.:;,&!\"'\\/ \n\tab1é".utf8) + [0xFF, 0xC3]
    for _ in 0..<40 {
      let bytes = (0..<600).map { _ in alphabet[Int(generator.next() % UInt64(alphabet.count))] }
      for name in ["a.md", "a.html", "a.rst", "a.csv", "a.jsonl"] {
        let result = await read(Data(bytes), name)
        for document in result.documents { #expect(document.blocksTileText, "\(name): \(bytes.string)") }
      }
    }
  }
}
