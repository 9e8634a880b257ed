import Domain
import EngineSupport
import Foundation
import TestSupport
import Testing

@testable import Knowledge

/// What ingest and editors do to the same documents.
@Suite struct PublicationIngestTests {
  private func ingest(
    _ folder: TemporaryFolder, _ engine: TestEngine, _ change: (inout PathIngest) -> Void = { _ in }
  ) async throws -> IngestReport {
    var request = PathIngest(paths: [folder.url.path], knowledgeBase: "words")
    change(&request)
    return try await engine.ingest.ingest(request)
  }

  private func kb(_ engine: TestEngine) async throws -> KnowledgeBaseID {
    try #require(try await engine.store.knowledgeBase(named: "words")).id
  }

  @Test func anUnchangedFileUndoesNoEditor() async throws {
    let (engine, folder) = (try TestEngine(), try TemporaryFolder())
    try await engine.makeLexical()
    _ = try folder.file("a.md", "---\nfrontdesk_status: draft\n---\n# A\n\nFirst text.")
    _ = try folder.file("b.md", "# B\n\nSecond text.")
    _ = try await ingest(folder, engine)
    let kb = try await kb(engine)
    #expect(try await engine.store.documents(in: kb, after: nil, limit: 9).map(\.externalID) == ["b.md"])
    _ = try await engine.ingest.act(.publish(.keep), on: "a.md", in: "words")
    _ = try await engine.ingest.act(.archive, on: "b.md", in: "words")
    func check() async throws {
      let live = try await engine.store.documents(in: kb, after: nil, limit: 9).map(\.externalID)
      #expect(live == ["a.md"])
    }
    // Not read at all; then read, since the fingerprint is another.
    #expect(try await ingest(folder, engine).documents.unchanged == 2)
    try await check()
    try await engine.store.forgetSourceFiles(["a.md", "b.md"], root: folder.url.path, in: kb)
    #expect(try await ingest(folder, engine).documents.unchanged == 2)
    try await check()
    // What an editor restored stays until its file changes.
    _ = try folder.file("a.md", "# A\n\nAnother text.")
    #expect(try await ingest(folder, engine).documents.changed == 1)
    let restored = try await engine.ingest.restore(1, of: "a.md", in: "words")
    #expect(restored.record.liveVersion == 3 && restored.record.source != DocumentRecord.api)
    #expect(try await ingest(folder, engine) { $0.prune = true }.documents.unchanged == 2)
    #expect(try await engine.store.document("a.md", in: kb)?.version == 3)
    // Pruned with its file, an archived document goes too.
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("b.md"))
    #expect(try await ingest(folder, engine) { $0.prune = true }.documents.removed == 1)
    #expect(try await engine.store.latestDocument("b.md", in: kb) == nil)
    await engine.close()
  }

  @Test func aRunOfDrafts() async throws {
    let (engine, folder) = (try TestEngine(), try TemporaryFolder())
    try await engine.makeLexical()
    _ = try folder.file("faq.csv", "id,question,answer\none,What is it?,A thing.\ntwo,Why?,Because.\n")
    #expect(try await ingest(folder, engine) { $0.status = .draft }.documents.added == 2)
    let kb = try await kb(engine)
    #expect(try await engine.store.counts(in: kb).documents == 0)
    #expect(try await ingest(folder, engine) { $0.status = .draft }.documents.unchanged == 2)
    // Without the option they are what their file says: published.
    #expect(try await ingest(folder, engine).documents.changed == 2)
    #expect(try await engine.store.counts(in: kb).documents == 2)
    await engine.close()
  }

  @Test func aRestoredVersionIsWhole() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let content = DocumentContent(
      kind: .faq, title: "How?", text: "Like this.", questions: ["In which way?"],
      url: "https://example.com/how",
      language: "en", tags: ["a", "b"], attributes: ["product": "shoe"], visibility: .groups(["staff"]))
    func put(_ content: DocumentContent) async throws {
      _ = try await engine.ingest.upsert(
        DocumentUpsert(knowledgeBase: "words", externalID: "q", body: .fields(content), author: "key:x"))
    }
    try await put(content)
    try await put(DocumentContent(title: "Other", text: "Something else.", language: "en"))
    let diff = try await engine.ingest.diff(of: "q", in: "words")
    #expect((diff.from.version, diff.to.version) == (1, 2))
    #expect(
      diff.changes.map(\.field) == [
        "title", "kind", "questions", "url", "tags", "visibility", "status", "attributes.product",
      ])
    #expect(diff.text.added == 1 && diff.text.removed == 1)
    let restored = try await engine.ingest.restore(1, of: "q", in: "words", author: "key:y").record
    let kept = try #require(try await engine.store.keptVersion(3, of: "q", in: try await kb(engine)))
    #expect(restored.version == 3 && restored.kind == .faq && restored.visibility == .groups(["staff"]))
    #expect(kept.record.metadata?.questions == content.questions && kept.record.author == "key:y")
    #expect(restored.tags == content.tags && restored.attributes == content.attributes)
    #expect(try await engine.ingest.diff(of: "q", in: "words", from: 1, to: 3).text.text.isEmpty)
    // The newest one restored is nothing new.
    #expect(try await engine.ingest.restore(3, of: "q", in: "words").effect == .unchanged)
    try await engine.catchUp()
    #expect(try await engine.search("which way").hits.map(\.externalID) == ["q"])
    await engine.close()
  }
}
