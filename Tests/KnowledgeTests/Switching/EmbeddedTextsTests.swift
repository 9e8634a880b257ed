import Domain
import Embedding
import Foundation
import TestSupport
import Testing

@testable import Knowledge

/// The texts that a document is embedded by are found again from what the store keeps.
@Suite struct EmbeddedTextsTests {
  private static let counters: [TokenCounter] = [
    .bestInstalled(in: ModelCache(folder: ModelCache.defaultFolder())), .estimated,
  ]

  /// As the store would hand it out.
  private func stored(_ write: DocumentWrite) -> UnembeddedDocument {
    UnembeddedDocument(
      id: DocumentID(rawValue: 1), content: write.content,
      chunks: write.chunks.map {
        .init(
          headingPath: $0.draft.headingPath, span: $0.draft.span, text: $0.draft.text,
          textHashes: $0.textHashes)
      }, missing: Set(write.chunks.flatMap(\.textHashes)))
  }

  private func expectAll(_ write: DocumentWrite, _ name: String) {
    let found = EmbeddedTexts(tokens: Self.counters[0]).missing(of: stored(write))
    #expect(found.approximated == 0, "\(name)")
    for chunk in write.chunks {
      for (text, hash) in zip(chunk.draft.embeddedTexts, chunk.textHashes) {
        #expect(found.texts[hash] == text, "\(name)")
      }
    }
  }

  private func write(
    _ content: DocumentContent, blocks: [Block]? = nil, _ tokens: TokenCounter,
    _ options: Chunker.Options = .standard
  ) -> DocumentWrite {
    DocumentPreparer(tokens: tokens, options: options).write(
      content, blocks: blocks, externalID: "x", origin: nil)
  }

  @Test func everyTextOfTheHandbookIsFoundAgain() async throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    try await checkFiles(of: root.appendingPathComponent("corpus"), atLeast: 30)
  }

  @Test(.enabled(if: SharedData.url("data/corpora") != nil, "there is no real data"))
  func everyTextOfRealFilesIsFoundAgain() async throws {
    let folder = try #require(SharedData.url("data/corpora"))
    try await checkFiles(of: folder, atLeast: 50, atMost: 400)
  }

  private func checkFiles(of folder: URL, atLeast: Int, atMost: Int = .max) async throws {
    let reader = DocumentReader()
    var paths = (FileManager.default.subpaths(atPath: folder.path) ?? []).sorted()
      .filter { path in [".md", ".html", ".csv", ".txt", ".rst"].contains { path.hasSuffix($0) } }
    if paths.count > atMost {
      let step = paths.count / atMost
      paths = stride(from: 0, to: paths.count, by: step).map { paths[$0] }
    }
    var documents = 0
    for path in paths {
      let data = try Data(contentsOf: folder.appendingPathComponent(path))
      guard data.count < 1 << 20 else { continue }
      for document in await reader.read(FileInput(path: path, data: data)).documents {
        documents += 1
        for tokens in Self.counters {
          expectAll(write(document.content, blocks: document.blocks, tokens), path)
        }
      }
    }
    #expect(documents >= atLeast)
  }

  @Test func faqPhrasingsAndWindowsAreFoundAgain() {
    let answer = (1...400).map { "Sentence number \($0) says how the parcel comes back to us." }
      .joined(separator: " ")
    let content = DocumentContent(
      kind: .faq, title: "How do I send something back?", text: answer,
      questions: [
        "Can I return it?", "I want my money back, and " + String(repeating: "really ", count: 200),
      ],
      language: "en")
    for tokens in Self.counters {
      let write = write(content, tokens)
      #expect(write.chunks[0].textHashes.count > 5)
      expectAll(write, "faq")
    }
  }

  @Test func unusualDocumentsAreFoundAgain() async throws {
    let long = String(repeating: "a very long heading that leaves no room ", count: 12)
    let cell = String(repeating: "value after value in one cell, without an end, ", count: 80)
    let files = [
      "# \(long)\n\n## \(long)\n\n### Third\n\n" + String(repeating: "Words of the body. ", count: 90),
      "# Title\n\n## Only\n\n## Headings\n", "# Title\n", "",
      "| Key | Meaning |\n|---|---|\n| one | \(cell) |\n| two | short |\n",
      String(repeating: "x", count: 9000), "# Ünïcode 你好\n\n你好，世界。" + String(repeating: "数据库", count: 300),
    ]
    for (number, file) in files.enumerated() {
      let read = await DocumentReader().read(FileInput(path: "f\(number).md", data: Data(file.utf8)))
      for document in read.documents {
        for tokens in Self.counters {
          expectAll(write(document.content, blocks: document.blocks, tokens), "file \(number)")
        }
      }
    }
    let plain = DocumentContent(title: "Whole", text: String(repeating: "Words. ", count: 600))
    expectAll(write(plain, Self.counters[0], .wholeDocument), "whole document")
    expectAll(write(DocumentContent(title: "", text: ""), Self.counters[0]), "empty")
  }

  /// Chunks of another version than this one's, perhaps: embedded by what they would be embedded by today.
  @Test func whatIsNotFoundIsApproximated() throws {
    let content = DocumentContent(title: "Returns", text: "Send it back within thirty days.")
    let chunk = UnembeddedDocument.Chunk(
      headingPath: ["Goods"], span: ByteSpan(start: 0, end: 32), text: content.text,
      textHashes: [Data(repeating: 1, count: 32)])
    let found = EmbeddedTexts(tokens: .estimated).missing(
      of: UnembeddedDocument(
        id: DocumentID(rawValue: 1), content: content, chunks: [chunk], missing: Set(chunk.textHashes)))
    #expect(found.approximated == 1)
    #expect(found.texts[chunk.textHashes[0]] == "Returns\nGoods\nSend it back within thirty days.")
  }
}
