import Domain
import Foundation
import Security
import Store
import Testing

@Suite struct CommitTests {
  @Test func whatIsWrittenIsRead() async throws {
    let sample = try await Sample()
    let text = "Größe: 10 µm\u{0}nach NUL\n你好 🙂"
    let document = Sample.document(
      "Ordner/Datei ü.md",
      [text, "second"],
      title: "Titel \u{0} \"q\" \\ end",
      origin: DocumentOrigin(root: "/r", path: "Ordner/Datei ü.md")
    ) { content in
      content.kind = .faq
      content.questions = ["Wie groß?", "a \"quoted\" \\ one\n", "bell\u{7}"]
      content.url = "https://example.com/ü?a=b"
      content.language = "de"
      content.tags = ["größe", "x,y"]
      content.attributes = ["product": "shoe \"9\"", "é": "ü"]
      content.visibility = .groups(["a,b", "staff"])
    }
    let (receipts, generation) = try await sample.write(document)
    let receipt = try #require(receipts.first)
    #expect(receipt.effect == .added)
    #expect((receipt.chunksAdded, receipt.chunksKept, receipt.chunksRemoved) == (2, 0, 0))
    #expect(receipt.record.generation == generation)
    #expect(receipt.record.version == 1)

    let stored = try #require(try await sample.store.document("Ordner/Datei ü.md", in: sample.kb))
    #expect(stored == receipt.record)
    #expect(stored.title.utf8.elementsEqual(document.content.title.utf8))
    #expect(stored.visibility == .groups(["a,b", "staff"]))
    #expect(stored.attributes == document.content.attributes)
    #expect(stored.textBytes == document.content.text.utf8.count)

    let version = try #require(try await sample.store.version(nil, of: document.externalID, in: sample.kb))
    #expect(version.text.utf8.elementsEqual(document.content.text.utf8))
    #expect(version.isCurrent)

    let live = try #require(try await sample.changes().changes.first?.live)
    #expect(live.record == stored)
    #expect(live.questions == document.content.questions)
    #expect(live.chunks.map(\.text) == [text, "second"])
    #expect(live.chunks.map(\.headingPath) == [["Heading"], ["Heading"]])
    #expect(live.chunks.map(\.vectors) == document.chunks.map { $0.textHashes.map { Sample.vector($0) } })
    for passage in try await sample.store.passages(live.chunks.map(\.id)).values {
      #expect(version.text.slice(passage.span).map(String.init) == passage.text)
    }
  }

  @Test func theSameAgainChangesNothing() async throws {
    let sample = try await Sample()
    let document = Sample.document("a", ["one", "two"])
    let first = try await sample.write(document)
    let signals = sample.store.changeSignals()
    let again = try await sample.write(document)
    _ = signals
    #expect(again.receipts[0].effect == .unchanged)
    #expect(again.generation == first.generation)
    #expect(again.receipts[0].record == first.receipts[0].record)
    #expect(again.receipts[0].chunksKept == 2)
    #expect(try await sample.changes(after: first.generation).changes.isEmpty)
    #expect(try await sample.store.version(2, of: "a", in: sample.kb) == nil)
  }

  @Test func theSameAgainFromElsewhereMovesItsOrigin() async throws {
    let sample = try await Sample()
    let origin = DocumentOrigin(root: "/r", path: "a.md")
    let first = try await sample.write(Sample.document("a", ["one"]))
    try await sample.write(Sample.document("a", ["one"], origin: origin))
    #expect(
      try await sample.store.documents(fromRoot: "/r", in: sample.kb)
        == [OriginatedDocument(externalID: "a", path: "a.md", chunkCount: 1)]
    )
    // The index knows its source by name, so that is news to it.
    let moved = try await sample.write(
      Sample.document("a", ["one"], origin: DocumentOrigin(root: "/other/r", path: "b.md")))
    #expect(moved.generation > first.generation && moved.receipts[0].effect == .unchanged)
    #expect(moved.receipts[0].record.source == "r")
    let again = try await sample.write(Sample.document("a", ["one"], origin: origin))
    #expect(again.generation == moved.generation, "another folder of the same name")
    let last = try await sample.write(Sample.document("a", ["one"]))
    #expect(try await sample.store.documents(fromRoot: "/r", in: sample.kb).isEmpty)
    #expect(last.receipts[0].record.source == DocumentRecord.api && last.receipts[0].record.version == 1)
  }

  @Test func unchangedChunksKeepTheirIds() async throws {
    let sample = try await Sample()
    try await sample.write(Sample.document("a", ["one", "two", "three", "two"]))
    let before = try #require(try await sample.changes().changes[0].live).chunks
    let (receipts, generation) = try await sample.write(
      Sample.document("a", ["zero", "two", "one", "two", "two"])
    )
    let receipt = receipts[0]
    #expect(receipt.effect == .changed)
    #expect(receipt.record.version == 2)
    #expect((receipt.chunksAdded, receipt.chunksKept, receipt.chunksRemoved) == (2, 3, 1))
    #expect(receipt.record.generation == generation)
    let after = try #require(try await sample.changes().changes[0].live).chunks
    #expect(after.map(\.text) == ["zero", "two", "one", "two", "two"])
    // Equal chunks pair up in order.
    #expect(after[1].id == before[1].id)
    #expect(after[2].id == before[0].id)
    #expect(after[3].id == before[3].id)
    let new = try #require(before.map(\.id).max())
    #expect(after[0].id > new && after[4].id > new)
    // Their places moved along.
    let text = try #require(try await sample.store.version(nil, of: "a", in: sample.kb)).text
    let passages = try await sample.store.passages(of: receipt.record.id, ordinals: 0...10)
    #expect(passages.map(\.ordinal) == [0, 1, 2, 3, 4])
    #expect(passages.map { text.slice($0.span).map(String.init) } == passages.map(\.text))
  }

  @Test func chunkIdsAreNeverUsedAgain() async throws {
    let sample = try await Sample()
    var seen: Set<ChunkID> = []
    for round in 0..<5 {
      try await sample.write(Sample.document("a", ["text \(round)"]))
      let id = try #require(try await sample.changes().changes[0].live).chunks[0].id
      #expect(seen.insert(id).inserted)
      _ = try await sample.store.delete(["a"], from: sample.kb)
    }
  }

  @Test func missingVectorsWriteNothing() async throws {
    let sample = try await Sample()
    let (known, new) = (Sample.document("a", ["one"]), Sample.document("b", ["one", "two", "two"]))
    try await sample.write(known)
    let head = try await sample.store.head()
    let outcome = try await sample.store.commit(
      IngestBatch(
        knowledgeBase: sample.kb,
        model: Sample.model,
        documents: [Sample.document("c", ["one"]), new],
        vectors: [:],
        sourceFiles: ["/r": [SourceFile(path: "p", fingerprint: Data(), documentCount: 1)]]
      )
    )
    guard case .vectorsMissing(let keys) = outcome else {
      Issue.record("it was written without its vectors")
      return
    }
    // `one` is in the store already; `two` is named once.
    #expect(keys == [VectorKey(model: Sample.model, textHash: new.chunks[1].textHashes[0])])
    #expect(try await sample.store.head() == head)
    #expect(try await sample.store.document("c", in: sample.kb) == nil)
    #expect(try await sample.store.sourceFiles(root: "/r", in: sample.kb).isEmpty)
    // Without a model none are needed.
    let plain = try await sample.store.createKnowledgeBase(named: "plain", model: KnowledgeBase.noModel)
    try await sample.store.write(
      IngestBatch(knowledgeBase: plain.id, model: nil, documents: [new], vectors: [:])
    )
    let live = try await sample.store.changes(of: plain.id, after: head).changes.compactMap(\.live)
    #expect(live[0].chunks.map(\.vectors.count) == [1, 0, 0])
  }

  @Test func aTextIsEmbeddedOnceForAll() async throws {
    let sample = try await Sample()
    let (a, b) = (Sample.document("a", ["same"]), Sample.document("b", ["same"]))
    try await sample.write(a)
    let key = VectorKey(model: Sample.model, textHash: a.chunks[0].textHashes[0])
    #expect(try await sample.store.missingVectors([key]).isEmpty)
    try await sample.store.write(
      IngestBatch(knowledgeBase: sample.kb, model: Sample.model, documents: [b], vectors: [:])
    )
    // The vector stays while either is there.
    _ = try await sample.store.delete(["a"], from: sample.kb)
    #expect(try await sample.store.missingVectors([key]).isEmpty)
    _ = try await sample.store.delete(["b"], from: sample.kb)
    #expect(try await sample.store.missingVectors([key]) == [key])
  }

  /// One document of a batch gives up a text that a later one takes: its vector must live through.
  @Test func aVectorHandedOnWithinABatchStays() async throws {
    let sample = try await Sample()
    try await sample.write(Sample.document("a", ["handed on"]))
    try await sample.store.write(
      IngestBatch(
        knowledgeBase: sample.kb,
        model: Sample.model,
        documents: [Sample.document("a", ["other"]), Sample.document("b", ["handed on"])],
        vectors: Sample.vectors([Sample.document("a", ["other"])])
      )
    )
    let live = try await sample.changes().changes.compactMap(\.live)
    #expect(live.flatMap(\.chunks).map(\.vectors.count) == [1, 1])
  }

  @Test func twiceInOneBatchIsTwoVersions() async throws {
    let sample = try await Sample()
    let (first, second) = (Sample.document("a", ["one"]), Sample.document("a", ["two"]))
    let (receipts, _) = try await sample.write(first, second, second)
    #expect(receipts.map(\.effect) == [.added, .changed, .unchanged])
    #expect(receipts.map(\.record.version) == [1, 2, 2])
    #expect(receipts[0].record.id == receipts[1].record.id)
    #expect(try await sample.store.counts(in: sample.kb) == StoreCounts(documents: 1, chunks: 1))
    #expect(try await sample.store.version(nil, of: "a", in: sample.kb)?.text == "two")
  }

  @Test func externalIdsAreBytes() async throws {
    let sample = try await Sample()
    let composed = "caf\u{E9}"
    let decomposed = "cafe\u{301}"
    try await sample.write(Sample.document(composed, ["one"]), Sample.document(decomposed, ["two"]))
    #expect(try await sample.store.counts(in: sample.kb).documents == 2)
    #expect(try await sample.store.version(nil, of: composed, in: sample.kb)?.text == "one")
    #expect(try await sample.store.version(nil, of: decomposed, in: sample.kb)?.text == "two")
    for bad in ["", "a\u{0}b", String(repeating: "x", count: 1025)] {
      #expect(
        await thrownCode { try await sample.write(Sample.document(bad, ["x"])) } == "invalid_external_id"
      )
    }
    // The refused came with a good one: nothing of the batch went in.
    #expect(
      await thrownCode { try await sample.write(Sample.document("good", ["x"]), Sample.document("", ["x"])) }
        == "invalid_external_id"
    )
    #expect(try await sample.store.document("good", in: sample.kb) == nil)
  }

  @Test func sourceFilesAreRemembered() async throws {
    let sample = try await Sample()
    let file = SourceFile(path: "a.md", fingerprint: Data([1, 2]), documentCount: 3)
    try await sample.store.write(
      sample.batch(
        [],
        sourceFiles: ["/r": [file, SourceFile(path: "b", fingerprint: Data(), documentCount: 0)]]
      )
    )
    #expect(try await sample.store.sourceFiles(root: "/r", in: sample.kb).count == 2)
    #expect(try await sample.store.sourceFiles(root: "/r", in: sample.kb)["a.md"] == file)
    #expect(try await sample.store.sourceFiles(root: "/other", in: sample.kb).isEmpty)
    let newer = SourceFile(path: "a.md", fingerprint: Data([3]), documentCount: 1)
    try await sample.store.write(sample.batch([], sourceFiles: ["/r": [newer]]))
    try await sample.store.forgetSourceFiles(["b", "unknown"], root: "/r", in: sample.kb)
    #expect(try await sample.store.sourceFiles(root: "/r", in: sample.kb) == ["a.md": newer])
  }

  @Test func aDocumentWithoutChunksIsADocument() async throws {
    let sample = try await Sample()
    let (receipts, _) = try await sample.write(Sample.document("empty", []))
    #expect(receipts[0].record.chunkCount == 0)
    #expect(try await sample.changes().changes[0].live?.chunks.isEmpty == true)
  }

  @Test func contentHashesOfLiveDocuments() async throws {
    let sample = try await Sample()
    let (a, b) = (Sample.document("a", ["one"]), Sample.document("b", ["two"]))
    try await sample.write(a, b)
    _ = try await sample.store.delete(["b"], from: sample.kb)
    #expect(try await sample.store.contentHashes(of: ["a", "b", "c"], in: sample.kb) == ["a": a.contentHash])
  }

  /// Links are no content: they follow the source under one version.
  @Test func linksChangeWithoutANewVersion() async throws {
    let sample = try await Sample()
    let first = DocumentLinks(outgoing: [DocumentLink(target: "b.md", line: 3)], anchors: ["A"])
    let id = try await sample.write(Sample.document("a", ["x"], links: first)).receipts[0].record.id
    #expect(try await sample.store.links(in: sample.kb) == [id: first])
    let head = try await sample.store.head()
    let second = DocumentLinks(outgoing: [DocumentLink(target: "c.md", line: nil)])
    let receipt = try await sample.write(Sample.document("a", ["x"], links: second)).receipts[0]
    #expect(receipt.effect == .unchanged && receipt.record.version == 1)
    #expect(try await sample.store.head() == head)
    #expect(try await sample.store.links(in: sample.kb) == [id: second])
    _ = try await sample.store.delete(["a"], from: sample.kb)
    #expect(try await sample.store.links(in: sample.kb).isEmpty)
  }
}
