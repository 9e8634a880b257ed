import Domain
import Foundation
import Testing

@testable import Knowledge

@Suite struct CardMaskingTests {
  private static let number = "4111 1111 1111 1111"

  /// Whatever a document consists of, nothing of the number but its end reaches the store.
  @Test func nothingOfACardIsWritten() async throws {
    let reader = DocumentReader()
    let markdown = """
      ---
      title: Card \(Self.number)
      tags: ["\(Self.number)"]
      note: "\(Self.number)"
      ---
      # Paying with \(Self.number)

      Ärger mit \(Self.number), CVV 123? See [here](other.md#\(Self.number.filter { $0 != " " })).
      """
    let html =
      "<h1>\(Self.number)</h1><p>Paid with \(Self.number)</p><table><tr><td>\(Self.number)</td></tr></table>"
    let faq = "question,answer\n\"Is \(Self.number) mine?\",\"No, \(Self.number) is not.\"\n"
    for (path, text) in [("a.md", markdown), ("a.html", html), ("a.csv", faq), ("a.txt", markdown)] {
      let read = await reader.read(FileInput(path: path, data: Data(text.utf8), declaredType: nil))
      let document = try #require(read.documents.first, "\(path): \(read.diagnostics)")
      let preparer = DocumentPreparer(tokens: .estimated, options: .standard)
      let write = preparer.write(
        document.content, blocks: document.blocks, links: document.links, externalID: path, origin: nil)
      let dump = String(reflecting: write)
      #expect(!dump.contains("4111 1111") && !dump.contains("411111111111"), "\(path)")
      #expect(write.content.text.utf8.count == document.content.text.utf8.count)
      #expect(write.content.text.contains("**** **** **** 1111"), "\(path)")
      #expect(!write.chunks.isEmpty)
    }
  }
}
