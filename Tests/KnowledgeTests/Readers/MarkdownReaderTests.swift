import Domain
import Foundation
import Testing

@testable import Knowledge

@Suite struct MarkdownReaderTests {
  @Test func structureBecomesBlocks() async {
    let result = await read(
      """
      # Reset your password

      Open *Settings* and choose **Security**.
      Then wait.

      ## Steps

      1. Click [Reset](https://example.com/reset "now").
      1. Type the code `A * B`
         - nested _item_

         second paragraph
      1. Done ~~soon~~.

      > [!NOTE]
      > Codes expire.

      ```sh
      echo "**as it is**"
        indented
      ```

      | Plan | Price |
      | :--- | ----: |
      | Free | 0 \\| none |
      | **Pro** | 9 |

      ![A dialog](dialog.png)
      """, "docs/reset.md")
    #expect(result.diagnostics.isEmpty)
    let document = result.only
    #expect(document?.idSuffix == nil)
    #expect(document?.content.title == "Reset your password")
    #expect(
      document?.outline == [
        "P Open Settings and choose Security. Then wait.", "H2 Steps", "L 1. Click Reset.",
        "L 2. Type the code A * B", "L - nested item", "P second paragraph", "L 3. Done soon.",
        "Q Codes expire.",
        "C echo \"**as it is**\"\n  indented", "T Plan: Free; Price: 0 | none", "T Plan: Pro; Price: 9",
        "P A dialog",
      ])
    #expect(document?.blocksTileText == true)
  }

  @Test(arguments: [
    ("a\\*b\\* c", "a*b* c"), ("`` a`b ``", "a`b"), ("*a **b** c*", "a b c"),
    ("snake_case_name", "snake_case_name"),
    ("2 * 3 * 4", "2 * 3 * 4"), ("<https://a.b/c>", "https://a.b/c"), ("x <b>y</b> z", "x y z"),
    ("use <your-name> here", "use <your-name> here"), ("a<br>b", "a\nb"),
    ("&copy; 2024 &amp; on", "© 2024 & on"),
    ("[a][ref] and [ref] and [no]", "a and ref and [no]"), ("[text](a(b)c)", "text"), ("[x](<a b>)", "x"),
    ("[![alt](i.png)](link)", "alt"), ("see [[Page name|this page]] now", "see this page now"),
    ("**「重要」**です", "「重要」です"), ("これは**「重要」**です", "これは「重要」です"), ("`**「a」**`", "**「a」**"),
    ("http://a.b/_c_d*e", "http://a.b/_c_d*e"), ("foot[^1]", "foot"), ("a <!-- hidden --> b", "a  b"),
    ("***both***", "both"), ("**a*", "*a"), ("![INCLUDE]", "![INCLUDE]"),
    ("[!INCLUDE [Disclaimer](../x.md)]Text", "Text"),
    ("Click :::image src=\"a\" alt-text=\"Edit\"::: now", "Click Edit now"),
    ("The\u{A0}**Save.**\u{A0}box", "The\u{A0}Save.\u{A0}box"), ("line  \nbreak", "line\nbreak"),
  ])
  func inlineMarksGo(source: String, expected: String) async {
    let result = await read(source + "\n\n[ref]: https://example.com\n\n[^1]: The note.\n", "a.md")
    let first = result.only.flatMap { document in
      document.blocks.first.flatMap { document.content.text.slice($0.span) }
    }
    #expect(first.map(String.init) == expected)
  }

  @Test func siteDirectivesGo() async {
    let result = await read(
      """
      ::: moniker range=">= 2"
      Text one.

      :::image type="content" source="a.png" alt-text="The settings page.":::<br/>Then go on.
      ::: moniker-end

      {% include note.html %}
      {: .class }

      !!! warning "Take care"
          Inside the admonition.

      [TOC]
      """, "a.md")
    #expect(
      result.only?.outline == [
        "P Text one.", "P The settings page.\nThen go on.", "P Take care", "P Inside the admonition.",
      ])
  }

  @Test func htmlInMarkdownIsRead() async {
    let result = await read(
      """
      Before.

      <details>
      <summary>More</summary>

      Some **bold** text.

      </details>

      <table>
      <tr><th>Key</th><th>Value</th></tr>

      <tr><td>A</td><td>1</td></tr>
      </table>

      <!-- a comment
      over lines -->
      After.
      """, "a.md")
    #expect(
      result.only?.outline == [
        "P Before.", "P More", "P Some bold text.", "T Key: A; Value: 1", "P After.",
      ])
  }

  @Test func headingThatIsTheTitleIsNotRepeated() async {
    let same = await read("---\ntitle: Billing\n---\n# Billing\n\nText.\n", "a.md").only
    #expect(same?.content.title == "Billing")
    #expect(same?.content.text == "Text.")
    let other = await read("---\ntitle: Billing\n---\n# Invoices\n\nText.\n", "a.md").only
    #expect(other?.content.title == "Billing")
    #expect(other?.content.text == "Invoices\n\nText.")
    let none = await read("Text.\n\n## Sub\n\nMore.", "some-file_name.md").only
    #expect(none?.content.title == "some file name")
  }

  @Test func quotesAndLazyLinesStayTogether() async {
    let result = await read("> one\ntwo\n> three\n\n- a\nlazy\n-\n- b\n\n    code\n", "a.md")
    #expect(result.only?.outline == ["Q one two three", "L - a lazy", "L - b", "P code"])
  }

  @Test func footnotesStayWhereTheyStand() async {
    let result = await read(
      """
      ## One

      See[^a] and[^b], not[^c].

      [^a]: https://example.com
      [^b]: Text goes
      on.

          And on.

      ## Two

      End.
      """, "a.md")
    #expect(
      result.only?.outline == [
        "H2 One", "P See and, not[^c].", "P https://example.com", "P Text goes on.", "P And on.", "H2 Two",
        "P End.",
      ])
  }

  @Test func directivesBetweenLinesSplitThem() async {
    let result = await read(
      """
      ::: zone pivot="a_b"
      One
      ::: zone-end
      Two `::: code`

      - item
      :::row-end:::

      | A | B |
      | - | - |
      | 1 | 2 |
      |
      | 3 | 4 |

      `::: code` three

      {{< ref "x" >}}

      ## Head {#anchor}

      line<br/>
      break
      """, "a.md")
    #expect(
      result.only?.outline == [
        "P One", "P Two ::: code", "L - item", "T A: 1; B: 2", "T A: 3; B: 4", "P ::: code three", "H2 Head",
        "P line\nbreak",
      ])
  }

  @Test func includesOverLinesGo() async {
    let result = await read("a\n[!INCLUDE [b\nc](d)]\n\n[!INCLUDE [e\n::: f\ng](h)] i\n", "a.md")
    #expect(result.only?.outline == ["P a", "P [!INCLUDE e", "P g] i"])
  }

  @Test func unknownTagsAreText() async {
    let result = await read(
      "<your-name>\n\nSay <your-name>.\n\n<Tip>\nSome **bold** <b>text</b>\n", "a.md")
    #expect(result.only?.outline == ["P <your-name>", "P Say <your-name>.", "P <Tip> Some bold text"])
  }

  @Test func indentedRowsBelongToTheirTable() async {
    let result = await read(
      "<table>\n<tr><th>A</th><th>B</th></tr>\n\n    <tr><td>1</td><td>2</td></tr>\n</table>\n", "a.md")
    #expect(result.only?.outline == ["T A: 1; B: 2"])
  }

  @Test func tasksAndEmptyItemsAreRead() async {
    let result = await read("- [ ] open\n- [x] done\n- ![](a.png)\n\n3. three\n4. four\n", "a.md")
    #expect(result.only?.outline == ["L - open", "L - done", "L 3. three", "L 4. four"])
  }

  @Test func setextHeadingsAndIndentedCode() async {
    let result = await read("Title\n=====\n\nSub\n---\n\n    let x = 1\n\tlet y = 2\n\n***\n\nEnd\n", "a.md")
    #expect(result.only?.content.title == "Title")
    #expect(result.only?.outline == ["H2 Sub", "C let x = 1\nlet y = 2", "P End"])
  }
}

@Suite struct FrontMatterTests {
  @Test func keysGoWhereTheyBelong() async {
    let document = await read(
      """
      ---
      title: "Slow: sign-in"
      tags: [Login, "Single sign-on"]
      url: https://example.com/slow
      lang: de-AT
      frontdesk_visibility: support, partners
      audience: ITPro
      ms.date: 12/17/2023
      ms.custom:
        - sap:Lists
        - CI 113862
      nested:
        deep: x
      empty:
      ---

      Text.
      """, "a.md"
    ).only
    let content = document?.content
    #expect(content?.title == "Slow: sign-in")
    #expect(content?.tags == ["Login", "Single sign-on"])
    #expect(content?.url == "https://example.com/slow")
    #expect(content?.language == "de")
    #expect(content?.visibility == .groups(["partners", "support"]))
    #expect(
      content?.attributes == [
        "audience": "ITPro", "ms.date": "12/17/2023", "ms.custom": "sap:Lists, CI 113862",
      ])
    #expect(content?.text == "Text.")
  }

  @Test func audienceIsNoVisibility() async {
    #expect(await read("---\naudience: internal\n---\nText.", "a.md").only?.content.visibility == .public)
  }

  @Test func badYAMLIsAWarningAndSingleLinesStillCount() async {
    let result = await read("---\ntitle: A: b: c\nlist: [1, 2\n---\nText.", "a.md")
    #expect(result.codes == ["invalid_front_matter"])
    #expect(result.diagnostics.first?.severity == .warning)
    #expect(result.only?.content.title == "A: b: c")
  }

  /// A document must never become public because its front matter could not be read.
  @Test func visibilityIsNeverLost() async {
    let broken = await read("---\n{a: [\n frontdesk_visibility: staff\nx: y\n---\nSecret.", "a.md")
    #expect(broken.documents.isEmpty)
    #expect(broken.codes.contains("invalid_visibility"))
    let nobody = await read("---\nfrontdesk_visibility: \", ,\"\n---\nSecret.", "a.md")
    #expect(nobody.documents.isEmpty)
    #expect(nobody.codes == ["invalid_visibility"])
    let fallback = await read("---\nfrontdesk_visibility: staff\nx: [\n---\nSecret.", "a.md")
    #expect(fallback.only?.content.visibility == .groups(["staff"]))
  }

  @Test func hostileYAMLIsBounded() async {
    var bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\n"
    for index in 1...9 { bomb += "k\(index): &k\(index) [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" }
    let aliases = await read(bomb + "title: T\n---\nText.", "a.md")
    #expect(aliases.only?.content.title == "T")
    let deep = await read("---\na: " + String(repeating: "[", count: 50_000) + "\n---\nText.", "a.md")
    #expect(deep.documents.count == 1)
  }

  @Test func ruleAboveTextIsNoFrontMatter() async {
    #expect(
      await read("---\n\nHello there.\n\n---\n\nMore.", "a.md").only?.content.text == "Hello there.\n\nMore.")
    #expect(await read("---\ntitle: x\nnever closed", "a.md").only?.content.text.contains("title: x") == true)
  }
}
