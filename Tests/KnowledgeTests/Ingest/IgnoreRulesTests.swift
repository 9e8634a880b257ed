import Testing

@testable import Knowledge

@Suite struct IgnoreRulesTests {
  @Test(arguments: [
    ("*.tmp", "a/b.tmp", false, true), ("*.tmp", "a/b.md", false, false),
    ("build/", "x/build", true, true), ("build/", "x/build", false, false),
    ("/docs", "docs", true, true), ("/docs", "x/docs", true, false),
    ("a/*.md", "a/x.md", false, true), ("a/*.md", "a/b/x.md", false, false),
    ("a/**/x.md", "a/b/c/x.md", false, true), ("a/**/x.md", "a/x.md", false, true),
    ("**/secret", "a/b/secret", false, true), ("?.md", "a.md", false, true), ("?.md", "ab.md", false, false),
    ("# comment", "# comment", false, false), ("", "x", false, false),
  ])
  func patterns(_ pattern: String, _ path: String, _ isFolder: Bool, _ ignored: Bool) {
    #expect(IgnoreRules(patterns: [pattern]).ignores(path, isFolder: isFolder) == ignored)
  }

  @Test func theLastMatchDecides() {
    let rules = IgnoreRules(patterns: ["*.md", "!keep.md"])
    #expect(rules.ignores("a.md", isFolder: false))
    #expect(!rules.ignores("keep.md", isFolder: false))
  }

  @Test func hiddenFilesArePassedOver() {
    #expect(IgnoreRules().ignores(".git", isFolder: true))
    #expect(IgnoreRules().ignores("a/.env", isFolder: false))
  }

  @Test func aNestedFileHoldsForItsFolder() {
    var rules = IgnoreRules()
    rules.add(["draft.md"], base: "a")
    #expect(rules.ignores("a/b/draft.md", isFolder: false))
    #expect(!rules.ignores("c/draft.md", isFolder: false))
  }

  /// A pattern of many stars must not take exponential time.
  @Test func manyStarsEnd() {
    let rules = IgnoreRules(patterns: [String(repeating: "a*", count: 200) + "b"])
    #expect(!rules.ignores(String(repeating: "a", count: 2000), isFolder: false))
  }
}
