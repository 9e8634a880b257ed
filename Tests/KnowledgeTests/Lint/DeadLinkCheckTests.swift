import Domain
import EngineSupport
import Foundation
import TestSupport
import Testing

@testable import Knowledge

@Suite struct DeadLinkCheckTests {
  private func dead(_ documents: [LintDocument]) -> [String] {
    DeadLinkCheck(documents).findings().findings.compactMap(\.document.quote)
  }

  private func dead(_ links: [String], in id: String, besides others: [LintDocument] = []) -> [String] {
    dead([.sample(id, links: links, anchors: ["Own part"])] + others)
  }

  @Test func relativePaths() {
    let others = [
      LintDocument.sample("guide/setup.md", anchors: ["Before you begin", "Step 1: Plug it in"]),
      LintDocument.sample("guide/README.md"), LintDocument.sample("Top Page.html"),
    ]
    let alive = [
      "setup.md", "./setup.md", ".\\setup.md", "../guide/setup.md", "setup", "setup.html", "SETUP.md",
      "setup.md?view=1",
      ".", "../guide/", "../Top%20Page.html", "#own-part", "setup.md#before-you-begin",
      "setup.md#step-1-plug-it-in",
      "setup.md#before-you-begin-1", "setup.md#top", "setup.md#L12", "/guide/setup.md",
    ]
    #expect(dead(alive, in: "guide/a.md", besides: others) == [])
    let missing = [
      "gone.md", "../setup.md", "sub/setup.md", "gone", "setup.md#nowhere", "#nowhere", "/guide/gone.md",
    ]
    #expect(dead(missing, in: "guide/a.md", besides: others) == missing)
  }

  @Test func whatLeadsElsewhereIsNotJudged() {
    let links = [
      "https://example.com/x.md", "//cdn/x.md", "mailto:a@b.c", "javascript:void(0)", "tel:+123",
      "../../out.md",
      "picture.png", "../media/x.svg", "sheet.xlsx", "/other/site", "{{ page }}", "?tab=2", "", "#",
      "#tab/linux",
    ]
    let check = DeadLinkCheck([.sample("guide/a.md", links: links, anchors: [])]).findings()
    #expect(check.findings.isEmpty)
    #expect(check.checked == 0)
  }

  @Test func addresses() {
    let documents = [
      LintDocument.sample(
        "kb-1", url: "https://help.example.com/en/returns", links: ["refunds", "gone", "/en/gone2"]),
      LintDocument.sample(
        "kb-2", url: "https://help.example.com/en/refunds/", links: ["/en/returns", "/shop/x"]),
      // Nothing says what its links are relative to.
      LintDocument.sample("kb-3", links: ["gone"]),
    ]
    #expect(dead(documents) == ["gone", "/en/gone2"])
  }

  /// A site holds more pages than those that were ingested.
  @Test func sitesOfWhichMostIsElsewhere() {
    let pages = ["/faq/one", "/faq/x", "/faq/y", "/faq/z"]
    #expect(
      dead([.sample("faq.csv#one", kind: .faq, url: "https://shop.example/faq/one", links: pages)]) == [])
  }

  @Test func entriesOfAFile() {
    let documents = [
      LintDocument.sample("faq/a.csv#one", kind: .faq, links: ["a.csv#two", "a.csv#three", "b.csv"]),
      LintDocument.sample("faq/a.csv#two", kind: .faq),
    ]
    // What an answer's links are relative to is not known, unless it has an address.
    #expect(dead(documents) == [])
    #expect(DeadLinkCheck(documents).findings().checked == 2)
  }

  @Test func anotherPlaceIsProposed() {
    let findings = DeadLinkCheck([
      .sample("a/one.md", links: ["two.md"]), .sample("b/two.md", title: "Two"),
    ]).findings().findings
    #expect(findings.first?.other?.externalID == "b/two.md")
    #expect(findings.first?.document.line == 3)
  }

  @Test func unknownLinksAndAnchors() {
    #expect(dead([.sample("a.md", links: nil), .sample("b.md", links: ["a.md#x"])]).isEmpty)
    #expect(dead([.sample("a.md", links: [], anchors: nil), .sample("b.md", links: ["a.md#x"])]).isEmpty)
    #expect(dead([]).isEmpty)
  }

  // MARK: what readers keep

  @Test func linksOfMarkdown() async throws {
    let result = await read(
      """
      ---
      title: T
      ---
      # Head *two*

      See [one](one.md#x) and [again](one.md#x), [two][ref], <b id="spot">x</b>
      <a href="three.html">three</a><a name="named"></a>.

      ## Part {#part-id}

      - ![picture](picture.png) `[code](code.md)`

      <p id="para"><a href="four.md">four</a></p>

      [ref]: two.md "Title"
      """, "a.md")
    let links = try #require(result.only?.links)
    #expect(links.outgoing.map(\.target) == ["one.md#x", "two.md", "three.html", "four.md"])
    #expect(links.outgoing.map(\.line) == [6, 15, 7, 13])
    let anchors = try #require(links.anchors)
    for anchor in ["T", "Head two", "Part", "part-id", "named", "para"] { #expect(anchors.contains(anchor)) }
  }

  @Test func includedFilesMayHoldAnchors() async throws {
    let result = await read("# T\n\nText. [!INCLUDE [more](includes/more.md)]\n", "a.md")
    let links = try #require(result.only?.links)
    #expect(links.outgoing.isEmpty && links.anchors == nil)
  }

  @Test func linksOfPages() async throws {
    let text = String(repeating: "Words of the page. ", count: 30)
    let result = await read(
      """
      <html><body><nav><a href="nav.html">n</a></nav><a href="outside.html">o</a>
      <main><h1 id="top-of-it">Title</h1><p>\(text)
      <a href="inside.html?a=1&amp;b=2">i</a></p></main></body></html>
      """, "a.html")
    let links = try #require(result.only?.links)
    #expect(links.outgoing.map(\.target) == ["inside.html?a=1&b=2"])
    #expect(links.anchors?.contains("top-of-it") == true)
  }

  @Test func linksOfRows() async {
    let result = await read(
      "id,question,answer\none,What?,\"See <a href=\"\"guide.md\"\">it</a>.\"\ntwo,Why?,Because.\n", "faq.csv"
    )
    #expect(result.documents.map { $0.links.outgoing.map(\.target) } == [["guide.md"], []])
    #expect(result.documents.first?.links.outgoing.first?.line == 2)
  }

  /// Every target is written otherwise in the source: the search for lines gives up.
  @Test func linesOfTargetsThatStandNowhere() async {
    let text = (0..<5_000).map { "[x](a&amp;\($0).md)" }.joined(separator: " ")
    let result = await read("# T\n\n" + text, "a.md")
    #expect(result.only?.links.outgoing.count == 5_000)
    #expect(result.only?.links.outgoing.last?.line == nil)
  }
}
