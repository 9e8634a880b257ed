import Domain
import Foundation
import TestSupport
import Testing

@testable import Knowledge

/// Real files from elsewhere, broken ones among them.
@Suite struct SharedFilesTests {
  @Test(.enabled(if: SharedData.url("data/files") != nil))
  func everyFileGivesTextOrOneReason() async throws {
    let root = try #require(SharedData.url("data/files"))
    var outcomes: [String: Int] = [:]
    let start = ContinuousClock.now
    for path in try FileManager.default.subpathsOfDirectory(atPath: root.path).sorted() {
      let file = root.appendingPathComponent(path)
      guard let data = try? Data(contentsOf: file) else { continue }
      let result = await read(data, path)
      let failures = result.diagnostics.filter { $0.severity == .failure }
      #expect(!result.documents.isEmpty || failures.count == 1, "\(path)")
      for document in result.documents { #expect(document.blocksTileText, "\(path)") }
      for diagnostic in result.diagnostics {
        #expect(!diagnostic.message.isEmpty && !diagnostic.remedy.isEmpty && diagnostic.path == path)
      }
      outcomes[result.documents.isEmpty ? failures.first?.code ?? "nothing" : "read", default: 0] += 1
    }
    print("shared files: \(outcomes.sorted { $0.key < $1.key }), \(ContinuousClock.now - start)")
    #expect(outcomes["read", default: 0] >= 170)
  }

  @Test(.enabled(if: SharedData.url("data/corpora/m365-support/src") != nil))
  func supportArticlesAreRead() async throws {
    let root = try #require(SharedData.url("data/corpora/m365-support/src"))
    let paths = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".md") }
      .sorted()
    // Every twelfth: all of them take minutes in a debug build.
    for (index, path) in paths.enumerated() where index.isMultiple(of: 12) {
      let result = await read(try Data(contentsOf: root.appendingPathComponent(path)), path)
      let document = try #require(result.only, "\(path)")
      #expect(document.blocksTileText, "\(path)")
      #expect(document.content.attributes["audience"] == nil || document.content.visibility == .public)
      for mark in ["[!NOTE", "[!INCLUDE", ":::image"] {
        #expect(!document.content.text.contains(mark), "\(path)")
      }
    }
  }
}
