import Domain
import EngineSupport
import Foundation
import Testing

@testable import Knowledge

@Suite struct UpsertTests {
  @Test func theSameContentAgainIsUnchanged() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let first = try await engine.put("a", title: "A", "Some text.")
    let second = try await engine.put("a", title: "A", "Some text.")
    #expect(first.effect == .added && second.effect == .unchanged)
    #expect(second.record.version == 1)
    #expect(second.generation == first.generation)
    let third = try await engine.put("a", title: "A", "Some text.", tags: ["new"])
    #expect(third.effect == .changed)
    await engine.close()
  }

  @Test func aFileOfManyDocumentsIsRefused() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let csv = Data("id,question,answer\none,What?,This.\ntwo,Why?,Because.\n".utf8)
    let error = await #expect(throws: KnowledgeError.self) {
      _ = try await engine.ingest.upsert(
        DocumentUpsert(knowledgeBase: "words", externalID: "faq.csv", body: .file(csv, mediaType: "text/csv"))
      )
    }
    #expect(error?.kind == .unreadableDocument)
    await engine.close()
  }

  @Test func anUnknownFormatIsRefused() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0, 0, 0, 13])
    let error = await #expect(throws: KnowledgeError.self) {
      _ = try await engine.ingest.upsert(
        DocumentUpsert(knowledgeBase: "words", externalID: "x.md", body: .file(png, mediaType: nil)))
    }
    #expect(error?.kind == .unsupportedType)
    await engine.close()
  }

  @Test func deletingWhatIsNotThereIsNotFound() async throws {
    let engine = try TestEngine()
    try await engine.makeLexical()
    let error = await #expect(throws: KnowledgeError.self) {
      _ = try await engine.ingest.delete("nothing", from: "words")
    }
    #expect(error?.kind == .documentNotFound)
    await engine.close()
  }

  /// Invariant 4 with the real model: a changed document embeds only its changed chunks.
  @Test(.enabled(if: TestEngine.hasModel, "frontdesk model install all-MiniLM-L6-v2"))
  func parallelWritesOfOneIdMakeOneDocument() async throws {
    let engine = try TestEngine()
    let receipts = try await withThrowingTaskGroup(of: UpsertReceipt.self) { group in
      for i in 0..<40 {
        group.addTask { try await engine.put("same", title: "T", "Text number \(i).", in: "default") }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try await engine.catchUp("default")
    let newest = try #require(receipts.max { $0.generation < $1.generation })
    let kb = try #require(try await engine.store.knowledgeBase(named: "default"))
    let live = try #require(try await engine.store.document("same", in: kb.id))
    #expect(live.version == newest.record.version)
    #expect(Set(receipts.map(\.record.version)).count == 40)
    #expect(try await engine.search("text", in: "default").hits.count == 1)
    await engine.close()
  }
}
