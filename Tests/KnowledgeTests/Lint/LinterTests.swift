import Domain
import EngineSupport
import Foundation
import TestSupport
import Testing

@testable import Knowledge

/// The whole of `kb lint` on a real store, index and search.
@Suite struct LinterTests {
  private func lint(
    _ engine: TestEngine, _ change: (inout LintRequest) -> Void = { _ in }
  ) async throws -> LintReport {
    var request = LintRequest(knowledgeBase: "words")
    change(&request)
    return try await Linter(store: engine.store, engine: engine.engine).run(request)
  }

  @Test func anEmptyKnowledgeBase() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let report = try await lint(engine)
    #expect(report.findings.isEmpty && report.notes.isEmpty)
    #expect(report.counts == Dictionary(uniqueKeysWithValues: LintCode.allCases.map { ($0, 0) }))
    await #expect(throws: KnowledgeError.self) {
      try await lint(engine) { $0.knowledgeBase = "nobody" }
    }
    await engine.close()
  }

  @Test func aFolderWithOneOfEach() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let folder = try TemporaryFolder()
    let shared = prose(40, seed: 5)
    _ = try folder.file(
      "a.md", "---\ndate: 2019-05-01\n---\n# A\n\nRefunds are paid within 14 days.\n\n[b](gone.md)\n")
    _ = try folder.file("b.md", "# B\n\nRefunds are paid within 30 days.\n\n## Part\n\n\(shared)\n")
    _ = try folder.file("c.md", "# C\n\n\(shared)\n")
    _ = try folder.file(
      "faq.csv",
      "id,question,answer\n1,How do I pay?,By card.\n2,Which cards?,These cards: all cards that are cards.\n")
    _ = try await engine.ingest.ingest(PathIngest(paths: [folder.url.path], knowledgeBase: "words"))
    let report = try await lint(engine)
    #expect(report.findings.map(\.code) == [.contradiction, .deadLink, .duplicate, .stale])
    #expect(report.findings[1].document.externalID == "a.md" && report.findings[1].document.line == 8)
    #expect(report.checked.documents == 5 && report.checked.links == 1 && report.checked.faqEntries == 2)
    #expect(report.generation == (try await engine.store.head()))
    let some = try await lint(engine) { $0.codes = [.stale, .deadLink] }
    #expect(some.counts == [.stale: 1, .deadLink: 1])
    await engine.close()
  }

  @Test func aQuestionThatFindsAnotherEntry() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    func entry(_ id: String, _ question: String, _ answer: String) async throws {
      try await engine.put(id, title: question, answer, kind: .faq)
    }
    try await entry("lost", "What now?", "Call the hotline.")
    try await entry("found", "What now, what now, what now?", "What now: ask again, what now.")
    try await entry("twin-1", "How are parcels sent?", "By post.")
    try await entry("twin-2", "How are parcels sent", "With a courier, by road, by rail or by sea.")
    let report = try await lint(engine) { $0.codes = [.notFoundByItsQuestion] }
    #expect(report.checked.faqEntries == 4)
    #expect(report.findings.map(\.document.externalID) == ["lost"])
    #expect(report.findings.first?.other?.externalID == "found")
    await engine.close()
  }

  @Test func theLimitIsForEachCode() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    for i in 0..<6 {
      _ = try await engine.ingest.upsert(
        DocumentUpsert(
          knowledgeBase: "words", externalID: "d\(i).md",
          body: .file(
            Data("---\ndate: 2019-05-01\n---\n# D\(i)\n\n[x](gone.md)\n".utf8), mediaType: "text/markdown")))
    }
    let report = try await lint(engine) { $0.limit = 2 }
    #expect(report.findings.map(\.code) == [.deadLink, .deadLink, .stale, .stale])
    #expect(report.counts[.deadLink] == 6 && report.counts[.stale] == 6)
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
    #expect((json?["counts"] as? [String: Int])?["dead_link"] == 6)
    #expect((json?["checked"] as? [String: Int])?["documents"] == 6)
    await engine.close()
  }

  /// Links under unchanged words are mended without a new version.
  @Test func linksFollowTheFile() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let folder = try TemporaryFolder()
    let request = PathIngest(paths: [folder.url.path], knowledgeBase: "words")
    _ = try folder.file("b.md", "# B\n\nText.")
    _ = try folder.file("a.md", "# A\n\nSee [b](wrong.md).")
    _ = try await engine.ingest.ingest(request)
    #expect(try await lint(engine).counts[.deadLink] == 1)
    _ = try folder.file("a.md", "# A\n\nSee [b](b.md).")
    let again = try await engine.ingest.ingest(request)
    #expect(again.documents.unchanged == 2 && again.documents.changed == 0)
    #expect(try await lint(engine).counts[.deadLink] == 0)
    await engine.close()
  }
}
