import Domain
import Foundation
import Testing

@testable import Knowledge
import TestSupport

@Suite struct WordReaderTests {
  private static let styles = """
    <w:style w:styleId="T"><w:name w:val="Title"/></w:style>
    <w:style w:styleId="berschrift2"><w:name w:val="heading 2"/></w:style>
    <w:style w:styleId="Mine"><w:name w:val="My heading"/><w:basedOn w:val="berschrift2"/></w:style>
    <w:style w:styleId="Listenabsatz"><w:name w:val="List Bullet"/><w:pPr><w:numPr><w:numId w:val="2"/>\
    </w:numPr></w:pPr></w:style>
    <w:style w:styleId="TOC1"><w:name w:val="toc 1"/></w:style>
    <w:style w:styleId="A"><w:name w:val="a"/><w:basedOn w:val="A"/></w:style>
    """
  private static let numbering = """
    <w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/></w:lvl>\
    <w:lvl w:ilvl="1"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
    <w:abstractNum w:abstractNumId="1"><w:lvl w:ilvl="0"><w:numFmt w:val="bullet"/></w:lvl></w:abstractNum>
    <w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>
    """

  private func paragraph(_ text: String, style: String? = nil, properties: String = "") -> String {
    let style = style.map { "<w:pStyle w:val=\"\($0)\"/>" } ?? ""
    return
      "<w:p><w:pPr>\(style)\(properties)</w:pPr><w:r><w:t xml:space=\"preserve\">\(text)</w:t></w:r></w:p>"
  }

  private func item(_ text: String, level: Int) -> String {
    paragraph(
      text, properties: "<w:numPr><w:ilvl w:val=\"\(level)\"/><w:numId w:val=\"1\"/></w:numPr>")
  }

  @Test func structureBecomesBlocks() async {
    let body =
      paragraph("User guide", style: "T") + paragraph("Contents", style: "TOC1")
      + paragraph("Setting up", style: "Mine")
      + "<w:p><w:r><w:t>Plug </w:t></w:r><w:del><w:r><w:delText>out</w:delText><w:t>gone</w:t></w:r></w:del>"
      + "<w:ins><w:r><w:t>it in</w:t></w:r></w:ins><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r>"
      + "<w:hyperlink><w:r><w:t> &amp; wait</w:t></w:r></w:hyperlink><w:r><w:br/><w:t>next</w:t></w:r></w:p>"
      + item("One", level: 0) + item("Inner", level: 1) + item("Two", level: 0)
      + paragraph("Bullet", style: "Listenabsatz") + paragraph("Circle", style: "A")
      + "<w:tbl><w:tr><w:trPr><w:tblHeader/></w:trPr>" + cell("Plan") + cell("Price") + "</w:tr><w:tr>"
      + cell("Pro") + cell("9") + "</w:tr></w:tbl>"
      + "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val=\"Table of Contents\"/></w:docPartObj></w:sdtPr>"
      + "<w:sdtContent>\(paragraph("1 Setup"))</w:sdtContent></w:sdt>"
      + "<w:p><w:r><mc:AlternateContent><mc:Choice><w:txbxContent>\(paragraph("Boxed"))</w:txbxContent></mc:Choice>"
      + "<mc:Fallback><w:txbxContent>\(paragraph("Boxed"))</w:txbxContent></mc:Fallback></mc:AlternateContent>"
      + "</w:r><w:r><w:t>Around</w:t></w:r></w:p>"
    let notes =
      "<w:footnote w:type=\"separator\"><w:p><w:r><w:t>---</w:t></w:r></w:p></w:footnote>"
      + "<w:footnote><w:p><w:r><w:t>A note.</w:t></w:r></w:p></w:footnote>"
    let result = await read(
      wordDocument(body, styles: Self.styles, numbering: Self.numbering, title: "Ignored", footnotes: notes),
      "guide.docx")
    #expect(result.diagnostics.isEmpty)
    #expect(result.only?.content.title == "User guide")
    #expect(
      result.only?.outline == [
        "H2 Setting up", "P Plug it in & wait\nnext", "L 1. One", "L - Inner", "L 2. Two", "L - Bullet",
        "P Circle",
        "T Plan: Pro; Price: 9", "P Boxed", "P Around", "P A note.",
      ])
    #expect(result.only?.blocksTileText == true)
  }

  private func cell(_ text: String) -> String { "<w:tc>\(paragraph(text))</w:tc>" }

  @Test func titleComesFromTheProperties() async {
    let named = await read(wordDocument(paragraph("Text."), title: "Warranty terms"), "x.docx")
    #expect(named.only?.content.title == "Warranty terms")
    let machine = await read(
      wordDocument(paragraph("Text."), title: "Microsoft Word - x.doc"), "my-file.docx")
    #expect(machine.only?.content.title == "my file")
  }

  @Test func emptyDocumentHasNoText() async {
    #expect(await read(wordDocument("<w:p/>"), "x.docx").codes == ["no_text"])
  }

  @Test func bombIsRefused() async {
    var zip = ZipBuilder()
    zip.add("[Content_Types].xml", "<Types/>")
    let zeros = Data(repeating: UInt8(ascii: " "), count: 24 << 20)
    zip.add("word/document.xml", zeros)
    let honest = zip.data
    #expect(honest.count * 100 < zeros.count)
    // The size that a member claims is not believed.
    var modest = honest
    let claim = withUnsafeBytes(of: UInt32(zeros.count).littleEndian) { Data($0) }
    while let range = modest.range(of: claim) { modest.replaceSubrange(range, with: [10, 0, 0, 0]) }
    for data in [honest, modest] {
      let result = await read(data, "bomb.docx")
      #expect(result.documents.isEmpty)
      #expect(result.codes == ["expands_too_much"])
    }
  }

  @Test func encryptedPartsAreTold() async {
    var zip = ZipBuilder()
    zip.add("[Content_Types].xml", "<Types/>")
    zip.add("word/document.xml", "<w:document/>", password: "secret")
    let result = await read(zip.data, "locked.docx")
    #expect(result.codes == ["encrypted"])
    #expect(result.diagnostics.first?.remedy.contains("without a password") == true)
  }

  @Test func changedPartsAreFoundByTheirChecksum() async throws {
    var data = wordDocument(paragraph(String(repeating: "Text. ", count: 500)))
    let name = try #require(data.range(of: Data("word/document.xml".utf8)))
    data[name.upperBound + 40] ^= 0xFF
    let result = await read(data, "x.docx")
    #expect(result.documents.isEmpty)
    #expect(result.codes == ["unreadable_docx"])
  }

  @Test func brokenXMLIsReadAsFarAsItGoes() async {
    let result = await read(wordDocument(paragraph("One.") + "<w:p><w:r><w:t>Two</w:r>"), "x.docx")
    #expect(result.only?.content.text.hasPrefix("One.") == true)
    #expect(result.codes == ["damaged_docx"])
  }

  private func document(_ xml: String) -> Data {
    var zip = ZipBuilder()
    zip.add("[Content_Types].xml", "<Types/>")
    zip.add("word/document.xml", xml)
    return zip.data
  }

  @Test func entitiesAreNotExpanded() async {
    var laughs = "<!DOCTYPE w [<!ENTITY a0 \"ha\">"
    for level in 1...20 {
      laughs += "<!ENTITY a\(level) \"" + String(repeating: "&a\(level - 1);", count: 10) + "\">"
    }
    let file = "<!DOCTYPE w [<!ENTITY a20 SYSTEM \"/etc/passwd\">"
    for types in [laughs, file] {
      let xml = types + "]><w:document><w:p><w:r><w:t>Text &a20;.</w:t></w:r></w:p></w:document>"
      #expect(await read(document(xml), "x.docx").only?.content.text == "Text .")
    }
  }

  @Test func deepTablesAreRead() async {
    let cells = String(repeating: "<w:tbl><w:tr><w:tc>", count: 10_000)
    let xml = "<w:document>\(cells)<w:p><w:r><w:t>Deep.</w:t></w:r></w:p>"
    #expect(await read(document(xml), "x.docx").only?.content.text == "Deep.")
  }

  @Test func damagedArchivesAreTold() async {
    let whole = wordDocument(paragraph("Text."))
    for length in stride(from: 30, to: whole.count, by: 101) {
      let result = await read(whole.prefix(length), "cut.docx")
      #expect(result.documents.isEmpty && result.diagnostics.count == 1)
    }
  }

  /// No flipped byte may crash a reader or make it hang.
  @Test func flippedBytesNeverCrash() async {
    let whole = wordDocument(
      paragraph("Text.") + item("a", level: 0), styles: Self.styles, numbering: Self.numbering)
    var generator = SeededGenerator(7)
    for _ in 0..<150 {
      var data = whole
      for _ in 0..<3 {
        data[Int(generator.next() % UInt64(data.count))] = UInt8(truncatingIfNeeded: generator.next())
      }
      let result = await read(data, "x.docx")
      #expect(!result.documents.isEmpty || !result.diagnostics.isEmpty)
    }
  }
}
