import Domain
import Foundation
import Testing

@testable import Knowledge

@Suite struct HTMLReaderTests {
  private func text(_ html: String) async -> [String]? {
    await read("<!DOCTYPE html><html><body>\(html)</body></html>", "a.html").only?.outline
  }

  @Test func pageBecomesBlocks() async {
    let result = await read(
      """
      <!DOCTYPE html>
      <html lang="en-GB"><head><title>Site - Returns &amp; refunds</title>
      <link rel="canonical" href="https://example.com/returns">
      <style>p { color: red }</style><script>if (a < b) { document.write("<p>no</p>") }</script></head>
      <body><nav><ul><li>Home</li></ul></nav>
      <h1>Returns</h1>
      <p>You can   return <b>any</b>thing within
      30&nbsp;days<br>of purchase.</p>
      <ol start="3"><li>Print the label<ul><li>A4</li></ul><li><p>Post it</p></ol>
      <blockquote>Free of charge</blockquote>
      <pre>
      line 1
        line 2</pre>
      <noscript>Turn on JavaScript</noscript><template><p>none</p></template>
      <img src=x alt="The label">
      </body></html>
      """, "a.html")
    let document = result.only
    #expect(document?.content.title == "Returns")
    #expect(document?.content.language == "en")
    #expect(document?.content.url == "https://example.com/returns")
    #expect(
      document?.outline == [
        "P You can return anything within 30 days\nof purchase.", "L 3. Print the label", "L - A4",
        "L 4. Post it",
        "Q Free of charge", "C line 1\n  line 2", "P The label",
      ])
    #expect(document?.blocksTileText == true)
  }

  @Test func titleComesFromTheHeadWhereThereIsNoHeading() async {
    #expect(await read("<html><title>A &lt; B</title><p>x</p>", "a.html").only?.content.title == "A < B")
  }

  @Test func mainTextIsPreferred() async {
    let body = String(repeating: "The main text goes on. ", count: 20)
    #expect(
      await text("<header>Shop</header><div>Menu</div><main><p>\(body)</p></main><footer>Imprint</footer>")
        == ["P " + body.trimmingCharacters(in: .whitespaces)])
    // A main of a few words is a shell around the rest.
    #expect(await text("<main>Hi</main><p>\(body)</p>")?.count == 2)
  }

  @Test func tablesBecomeRows() async {
    #expect(
      await text(
        """
        <table><caption>Fees</caption><thead><tr><th>Country<th>Fee</thead>
        <tr><td rowspan=2>DE<td>1 €<tr><td>2 €<tr><td>FR</td><td></td></table>
        """)
        == ["P Fees", "T Country: DE; Fee: 1 €", "T Country: DE; Fee: 2 €", "T Country: FR"])
    #expect(
      await text("<table><tr><th>Phone</th><td>123</td></tr><tr><th>Mail</th><td>a@b</td></tr></table>")
        == ["T Phone: 123", "T Mail: a@b"])
    // Layout tables are read as the text they lay out.
    #expect(
      await text(
        "<table><tr><td><h2>Left</h2><p>One</p></td><td><table><tr><td>Two</td></tr></table></td></tr></table>"
      )
        == ["H2 Left", "P One", "P Two"])
  }

  @Test func brokenMarkupIsRead() async {
    #expect(
      await text("<p>a < b and <c>d</e> &unknown; &#0; &#x1F600;") == ["P a < b and d &unknown; \u{FFFD} 😀"])
    #expect(await text("<div title=\"a > b\">x</div><p unclosed") == ["P x"])
    #expect(await text("x<!-- <p>y</p> --><![CDATA[z]]>") == ["P xz"])
    #expect(await text("<script>var a = '</p>';</script>ok<script>never closed") == ["P oknever closed"])
    #expect(await text("<ul><li>a<li>b</ul></li></ul>c") == ["L - a", "L - b", "P c"])
  }

  @Test(arguments: [
    ("&check; &hellip; &ccaron;", "✓ … č"), ("&amp;check; &amp;lt;b&gt;", "&check; &lt;b>"),
    ("&copy 2024 &eacutex ?a=1&copy=2", "© 2024 &eacutex ?a=1&copy=2"),
    ("&#150; &#x80; &#7;", "– € \u{FFFD}"),
    ("&nope; AT&T &", "&nope; AT&T &"), ("<![CDATA[a <b> & c]]>", "a <b> & c"),
  ])
  func referencesAreThoseOfBrowsers(source: String, expected: String) async {
    #expect(await text("<p>\(source)</p>") == ["P " + expected])
  }

  @Test func whatStandsBehindThePageIsRead() async {
    #expect(await read("<html><body>a</body></html>b<p>c", "a.html").only?.outline == ["P a", "P b", "P c"])
    #expect(await text("<style>p {} <p>x") == ["P p {}", "P x"])
  }

  @Test func declaredEncodingIsNotAppliedTwice() async {
    let page = "<html><head><meta charset=\"iso-8859-1\"><title>é</title></head><body><p>Größe"
    let bytes = page.unicodeScalars.map { UInt8($0.value) }
    #expect(await read(Data(bytes), "a.html").only?.content.text == "Größe")
  }

  /// 200 MB, scaled down as above.
  @Test func endlessTextIsRead() {
    let words = String(repeating: "word ", count: 4_000_000)
    let (result, seconds) = readTimed("<!DOCTYPE html><p>" + words, "a.html")
    #expect(result.only?.content.text.utf8.count == words.utf8.count - 1)
    #expect(seconds < 10)
  }

  @Test func fragmentsOfCellsAreDetected() {
    for html in ["<p>x</p>", "a<br/>b", "x &nbsp; y", "<B>x</B>", "</div>"] {
      #expect(HTMLText.isLikely(Array(html.utf8)), "\(html)")
    }
    for plain in ["a < b", "<your name>", "R&D; x", "x <- y", "Fish & chips", "&"] {
      #expect(!HTMLText.isLikely(Array(plain.utf8)), "\(plain)")
    }
  }
}
