import Domain
import Testing

@testable import TextAnalysis

private func tokens(_ text: String, _ kind: Token.Kind) -> [String] {
  TextAnalyzer().tokens(of: text, language: .english).filter { $0.kind == kind }.map(\.term)
}

@Suite struct IdentifierTests {
  @Test(arguments: [
    ("Error 0x80070005!", "0x80070005", ["80070005"]),
    ("run New-CsTeam now", "new-csteam", ["new", "csteam", "cs", "team"]),
    ("build 10.0.19041.", "10.0.19041", ["10", "0", "19041"]),
    (
      "see run-hcw-exception-error.md", "run-hcw-exception-error.md", ["run", "hcw", "except", "error", "md"]
    ),
    ("call foo_bar()", "foo_bar", ["foo", "bar"]),
    ("SKU AB-1234/5", "ab-1234/5", ["ab", "1234", "5"]),
    ("write to john.doe@example.com,", "john.doe@example.com", ["john", "doe", "exampl", "com"]),
    ("needs v2.0", "v2.0", ["2.0"]),
    ("in C++.", "c++", ["c"]),
    ("in C# too", "c#", ["c"]),
    ("the .NET runtime", ".net", ["net"]),
    ("the TeamsMeetingPolicy", "teamsmeetingpolici", ["team", "meet", "polici"]),
    ("an XMLParser", "xmlparser", ["xml", "parser"]),
    ("Office365", "office365", ["offic", "365"]),
    ("KB5001330", "kb5001330", ["kb", "5001330"]),
    ("press Ctrl+C", "ctrl+c", ["ctrl", "c"]),
    ("C:\\Users\\me2", "c:\\users\\me2", ["c", "user", "me", "2"]),
    ("std::vector", "std::vector", ["std", "vector"]),
    ("on 2024-01-15", "2024-01-15", ["2024", "01", "15"]),
    ("ＡＢ－１２", "ab-12", ["ab", "12"]),
  ])
  func identifiersComeWholeAndInParts(text: String, whole: String, parts: [String]) {
    #expect(tokens(text, .identifier).contains(whole))
    #expect(tokens(text, .identifierPart) == parts)
  }

  @Test func piecesOfAPathAreIdentifiersThemselves() {
    let text = "(https://learn.microsoft.com/en-us/docs/run-hcw.md?x=1)."
    let found = tokens(text, .identifier)
    #expect(found.first == "https://learn.microsoft.com/en-us/docs/run-hcw.md?x=1")
    #expect(found.contains("learn.microsoft.com"))
    #expect(found.contains("run-hcw.md"))
    #expect(tokens("user@example.com", .identifier) == ["user@example.com", "example.com"])
  }

  @Test func numbers() {
    #expect(tokens("1,234,567 and 3.14 and 42", .number) == ["1234567", "3.14", "42"])
    #expect(tokens("1,23 and 12:30", .number) == ["1,23", "12:30", "12", "30"])
    #expect(tokens("1,234.5", .number) == ["1234.5"])
  }

  @Test func whatIsNoIdentifier() {
    for text in [
      "SKUs and PCs", "and/or", "Note:this", "the end. Then", "sign-in", "a -- b", "____", "...", "+", "#",
    ] {
      #expect(tokens(text, .identifier) == [], "\(text)")
      #expect(tokens(text, .identifierPart) == [], "\(text)")
    }
  }

  @Test func hashesAreNotTornApart() {
    #expect(tokens("9f86d081884c7d659a2feaa0c55ad015", .identifierPart) == [])
  }

  @Test func wholesComeBeforePartsInside() {
    let text = "see docs/run-hcw.md"
    let tokens = TextAnalyzer().tokens(of: text, language: .english)
    let whole = tokens.first { $0.term == "docs/run-hcw.md" }
    #expect(whole?.span == ByteSpan(start: 4, end: 19))
    let parts = tokens.drop { $0.term != "docs/run-hcw.md" }.dropFirst()
    #expect(parts.count == 5)
    #expect(parts.allSatisfy { $0.span.start >= 4 && $0.span.end <= 19 })
  }
}
