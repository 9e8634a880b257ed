import Domain
import Foundation
import TestSupport
import Testing

@testable import Knowledge

@Suite struct PDFReaderTests {
  private static let hasTool = ["/usr/bin/pdftotext", "/usr/local/bin/pdftotext"]
    .contains { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: hasTool)) func textIsReadFromPages() async {
    let pages = (1...4).map { page in
      "Warranty terms\nThis is the text of page number \(["one", "two", "three", "four"][page - 1]).\nPage \(page)"
    }
    let result = await read(pdf(pages), "terms.pdf")
    #expect(result.diagnostics.isEmpty)
    let text = result.only?.content.text ?? ""
    for word in ["one", "two", "three", "four"] { #expect(text.contains("page number \(word)")) }
    // Lines that head and foot every page are not text.
    #expect(!text.contains("Page 3"))
    #expect(!text.contains("Warranty"))
    #expect(result.only?.blocksTileText == true)
  }

  @Test(.enabled(if: hasTool)) func scansAndDamageAreTold() async {
    #expect(await read(pdf([""]), "scan.pdf").codes == ["no_text"])
    #expect(await read(Data("%PDF-1.4\nnothing".utf8), "broken.pdf").codes == ["unreadable_pdf"])
  }

  @Test(.enabled(if: hasTool && SharedData.url("data/files/pypdf-samples") != nil))
  func lockedPDFIsEncrypted() async throws {
    let file = try #require(
      SharedData.url(
        "data/files/pypdf-samples/005-libreoffice-writer-password/libreoffice-writer-password.pdf"))
    #expect(await read(try Data(contentsOf: file), "locked.pdf").codes == ["encrypted"])
  }

  @Test func missingToolIsNamed() async {
    let result = await read(pdf(["x"]), "a.pdf", pdfTool: PDFTool(path: nil))
    #expect(result.codes == ["pdf_tool_missing"])
    #expect(result.diagnostics.first?.remedy.contains("poppler-utils") == true)
  }

  /// A tool that hangs is killed at the limit, and is then gone.
  @Test func hangingToolIsKilled() async throws {
    let folder = try TemporaryFolder()
    let pidFile = folder.url.appendingPathComponent("pid").path
    let tool = try folder.file("tool", "#!/bin/sh\necho $$ > \(pidFile)\nexec sleep 300\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool.path)
    var limits = ReaderLimits.standard
    limits.time = .seconds(2)
    let result = await read(pdf(["x"]), "a.pdf", limits: limits, pdfTool: PDFTool(path: tool.path))
    #expect(result.codes == ["timeout"])
    let pid = try #require(
      Int32(
        try String(contentsOfFile: pidFile, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
    #expect(kill(pid, 0) == -1)
  }

  @Test func cancellingStopsTheTool() async throws {
    let folder = try TemporaryFolder()
    let tool = try folder.file("tool", "#!/bin/sh\nexec sleep 300\n")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: tool.path)
    let reading = Task { await read(pdf(["x"]), "a.pdf", pdfTool: PDFTool(path: tool.path)) }
    try await Task.sleep(for: .milliseconds(200))
    reading.cancel()
    // Had it run to its end, there would be no text.
    #expect(await reading.value.codes == ["cancelled"])
  }

  @Test func brokenLinesAreJoined() throws {
    let raw = """
      This paragraph was set in a narrow column and its lines were bro-
      ken by the typesetter wherever the column happened to end,
      which no reader wants to see.

      • First point
      • Second point
      goes on
      """
    let pages = try PDFPages(Array(raw.utf8), Deadline(.seconds(5)))
    #expect(
      pages.paragraphs.map { $0.text.string } == [
        "This paragraph was set in a narrow column and its lines were broken by the typesetter wherever the "
          + "column happened to end, which no reader wants to see.", "- First point",
        "- Second point goes on",
      ])
  }
}
