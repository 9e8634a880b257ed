import Foundation
import Testing

@testable import Knowledge

@Suite struct ContentSnifferTests {
  private func type(_ bytes: [UInt8], _ name: String = "", _ declared: String? = nil) -> FileType {
    ContentSniffer.type(of: Data(bytes), name: name, declaredType: declared)
  }
  private func type(_ text: String, _ name: String = "", _ declared: String? = nil) -> FileType {
    type(Array(text.utf8), name, declared)
  }

  @Test func contentGoesBeforeTheName() {
    #expect(type("%PDF-1.7\n...", "notes.md") == .pdf)
    #expect(type("<!DOCTYPE html><p>x", "notes.md") == .html)
    #expect(type("  <html><p>x", "page.txt") == .html)
    #expect(type([0x89, 0x50, 0x4E, 0x47, 13, 10], "notes.md") == .unsupported("an image (PNG)"))
    #expect(type("{\"question\":\"a\",\"answer\":\"b\"}\n", "faq.csv") == .jsonl)
    #expect(type("---\ntitle: x\n---\n# H\n", "readme.txt") == .markdown)
    #expect(type("question,answer\na,b\n", "faq.txt") == .csv)
    #expect(type("Title\n=====\n\n.. note:: x\n\n:ref:`y`\n", "index.txt") == .rst)
    #expect(type("Just text about %PDF- files.", "a.txt") == .text)
    #expect(type("Fish, chips\nand more", "a.txt") == .text)
  }

  @Test func nameAndDeclaredTypeDecideBetweenTexts() {
    #expect(type("plain words", "a.md") == .markdown)
    #expect(type("plain words", "a") == .text)
    #expect(type("a,b\n1,2", "a.csv") == .csv)
    #expect(type("a,b\n1,2", "id-7", "text/csv; charset=utf-8") == .csv)
    #expect(type("plain words", "id-7", "text/markdown") == .markdown)
    #expect(type("<p>x</p>", "id-7", "text/html") == .html)
    #expect(type("# x", "id.md", "application/octet-stream") == .markdown)
  }

  @Test func whatHasNoReaderIsDescribed() {
    func isUnsupported(_ type: FileType, _ word: String) -> Bool {
      if case .unsupported(let description) = type { description.contains(word) } else { false }
    }
    #expect(isUnsupported(type("{\\rtf1 x}", "a.doc"), "RTF"))
    #expect(isUnsupported(type("body { }", "a.css"), "source"))
    #expect(isUnsupported(type("<?xml version=\"1.0\"?><rss><a/></rss>"), "XML"))
    #expect(isUnsupported(type("<svg xmlns=''></svg>"), "image"))
    #expect(isUnsupported(type("{\"cells\": [], \"nbformat\": 4}", "a.ipynb"), "notebook"))
    #expect(isUnsupported(type("[1, 2]", "a.json"), "JSON"))
    #expect(isUnsupported(type("From: a@b\nDate: x\nMessage-ID: <1>\n\nHi", "a.txt"), "e-mail"))
    #expect(isUnsupported(type((0..<200).map { UInt8($0 * 7 & 255) }), "binary"))
    var zip = ZipBuilder()
    zip.add("a.txt", "x")
    #expect(isUnsupported(type([UInt8](zip.data), "a.docx"), "archive"))
    zip.add("[Content_Types].xml", "x")
    zip.add("xl/workbook.xml", "x")
    #expect(isUnsupported(type([UInt8](zip.data), "a.docx"), "spreadsheet"))
  }

  @Test func unsupportedIsOneDiagnosticWithARemedy() async {
    let result = await read(Data([0xFF, 0xD8, 0xFF, 0xE0, 1, 2]), "photo.md")
    #expect(result.documents.isEmpty)
    #expect(result.codes == ["unsupported_type"])
    #expect(result.diagnostics.first?.message.contains("JPEG") == true)
    #expect(result.diagnostics.first?.remedy.contains("OCR") == true)
  }
}

@Suite struct TextDecoderTests {
  private func text(_ bytes: [UInt8], _ name: String = "a.txt") async -> (String?, [String]) {
    let result = await read(Data(bytes), name)
    return (result.only?.content.text, result.codes)
  }

  @Test func unicodeEncodingsAreRead() async {
    let expected = "Grüße aus Köln – 東京"
    let utf16 = Array(expected.utf16)
    #expect(await text([0xEF, 0xBB, 0xBF] + Array(expected.utf8)) == (expected, []))
    #expect(
      await text([0xFF, 0xFE] + utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }) == (expected, []))
    #expect(
      await text([0xFE, 0xFF] + utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }) == (expected, []))
    #expect(
      await text("Plain ASCII text.".utf16.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] })
        == ("Plain ASCII text.", []))
    var utf32: [UInt8] = [0xFF, 0xFE, 0, 0]
    for scalar in expected.unicodeScalars {
      for byte in 0..<4 { utf32.append(UInt8(scalar.value >> (byte * 8) & 255)) }
    }
    #expect(await text(utf32) == (expected, []))
  }

  @Test func oldEncodingsAreGuessedWithAWarning() async {
    #expect(
      await text([0x47, 0x72, 0xFC, 0xDF, 0x65, 0x20, 0x80, 0x35]) == ("Grüße €5", ["guessed_encoding"]))
    // "日本語のテスト" in Shift-JIS
    let japanese: [UInt8] = [
      0x93, 0xFA, 0x96, 0x7B, 0x8C, 0xEA, 0x82, 0xCC, 0x83, 0x65, 0x83, 0x58, 0x83, 0x67,
    ]
    #expect(await text(japanese) == ("日本語のテスト", ["guessed_encoding"]))
  }

  @Test func declaredCharsetOfAPageIsUsed() async {
    let page = Array("<html><meta charset=\"koi8-r\"><p>".utf8) + [0xF0, 0xD2, 0xC9] + Array("</p>".utf8)
    #expect(await text(page, "a.html") == ("При", []))
  }

  @Test func badBytesAreReplacedAndTold() async {
    let (result, codes) = await text(Array("Größe, Länge, Höhe, Übung, ".utf8) + [0xFF] + Array(" Ende".utf8))
    #expect(result == "Größe, Länge, Höhe, Übung, \u{FFFD} Ende")
    #expect(codes == ["invalid_utf8"])
  }

  @Test func controlCharactersGoAndLinesStay() async {
    let (result, codes) = await text(
      Array("one\r\ntwo\rthree\u{0}\u{7}four and some more words, enough to be text".utf8))
    #expect(result == "one\ntwo\nthreefour and some more words, enough to be text")
    #expect(codes == ["control_characters"])
  }
}
