import Domain
import Foundation
import Testing

@testable import Store

@Suite struct VersionTests {
  @Test func aVersionIsKeptWhole() async throws {
    let sample = try await Sample()
    let first = Sample.document(
      "a", ["Größe: 10 µm\u{0}x", "second"], title: "Titel", author: "key:ab",
      change: {
        $0.kind = .faq
        $0.questions = ["Wie groß?"]
        $0.url = "https://example.com"
        $0.language = "de"
        $0.tags = ["x"]
        $0.attributes = ["product": "shoe"]
        $0.visibility = .groups(["staff"])
      })
    try await sample.write(first)
    try await sample.write(Sample.document("a", ["other"]))
    let versions = try await sample.store.versions(of: "a", in: sample.kb, before: nil, limit: 9)
    #expect(versions.map(\.version) == [2, 1] && versions.map(\.isLive) == [true, false])
    #expect(versions.map(\.author) == [nil, "key:ab"])
    #expect(
      try await sample.store.versions(of: "a", in: sample.kb, before: 2, limit: 9).map(\.version) == [1])
    let kept = try #require(try await sample.store.keptVersion(1, of: "a", in: sample.kb))
    #expect(kept.text.utf8.elementsEqual(first.content.text.utf8))
    #expect(kept.contentHash == first.contentHash)
    let metadata = try #require(kept.record.metadata)
    #expect(metadata.kind == .faq && metadata.questions == ["Wie groß?"] && metadata.language == "de")
    #expect(metadata.tags == ["x"] && metadata.attributes == ["product": "shoe"])
    #expect(metadata.visibility == .groups(["staff"]) && metadata.url == "https://example.com")
    let chunks = try #require(kept.chunks)
    #expect(chunks.map(\.draft) == first.chunks.map(\.draft))
    #expect(chunks.map(\.textHashes) == first.chunks.map(\.textHashes))
    #expect(chunks.map(\.contentHash) == first.chunks.map(\.contentHash))
    #expect(try await sample.store.keptVersion(3, of: "a", in: sample.kb) == nil)
  }

  /// What was embedded is kept as places in the text: bodies, windows of an answer, and what is neither.
  @Test func embeddedTextsComeBackByteForByte() throws {
    let text = "Öffne die Tür.\nDann geh hinein, und mach sie zu."
    let drafts = [
      ChunkDraft(
        ordinal: 0, headingPath: ["H"], span: ByteSpan(start: 0, end: text.utf8.count), text: text,
        embeddedTexts: [
          "Wie?\n" + text, "Wie komme ich rein?\nDann geh hinein", "Nur eine Frage", "Tür\nsteht nicht da",
          "",
        ]),
      ChunkDraft(
        ordinal: 1, headingPath: [], span: ByteSpan(start: 0, end: 0), text: "",
        embeddedTexts: ["Titel allein"]),
      ChunkDraft(
        ordinal: 2, headingPath: ["a", "b"], span: ByteSpan(start: 3, end: 5), text: "anders",
        embeddedTexts: []),
    ]
    let version = VersionText(text)
    let writes = drafts.map { ChunkWrite(draft: $0, contentHash: Data([1, 2]), textHashes: []) }
    let column = try StoredChunk.encode(writes.map { StoredChunk($0, in: version) })
    #expect(try StoredChunk.decode(column, in: version).map(\.draft) == drafts)
    // The body is not written twice.
    #expect(!String(decoding: column, as: UTF8.self).contains("mach sie zu"))
    #expect(throws: StoreError.self) { try StoredChunk.decode(column, in: VersionText("kurz")) }
  }

  @Test func aPurgeLeavesNoByteOfAnyVersion() async throws {
    let clock = ManualClock()
    let sample = try await Sample(clock.options)
    let secrets = ["plugh-1", "plugh-2", "plugh-3", "plugh-4"]
    func document(_ secret: String, _ said: PublicationChange) -> DocumentWrite {
      Sample.document(
        "files/plugh", [secret], title: "T " + secret, publication: said, author: "key:" + secret
      ) {
        $0.tags = [secret]
        $0.attributes = [secret: secret]
        $0.questions = [secret]
        $0.url = "https://" + secret
        $0.visibility = .groups([secret])
      }
    }
    try await sample.write(document(secrets[0], .keep))
    try await sample.write(document(secrets[1], .keep))
    try await sample.write(document(secrets[2], .init(publishAt: .set(clock.after(60)))))
    try await sample.write(document(secrets[3], .init(status: .draft)))
    #expect(try await sample.store.purge("files/plugh", from: sample.kb) != nil)
    #expect(try PurgeTests.files(in: sample.folder.url, containing: secrets + ["files/plugh"]).isEmpty)
    clock.advance(100)
    #expect(try await sample.store.applyDue(vectors: [:]).documents == 0)
    try await sample.store.close()
    #expect(try integrity(of: sample.folder.url) == "ok")
    for table in ["version_details", "version_chunks", "pending_texts", "publications", "vectors", "chunks"] {
      #expect(try integer("SELECT count(*) FROM \(table)", in: sample.folder.url) == 0, "\(table)")
    }
  }

  /// Vectors wait for what may go live, and for nothing else.
  @Test func vectorsAreKeptNoLongerThanNeeded() async throws {
    let sample = try await Sample()
    func vectors() async throws -> Int? {
      try await sample.store.knowledge.read { db in try db.integer("SELECT count(*) FROM vectors") }.map(
        Int.init)
    }
    try await sample.write(Sample.document("a", ["live"]))
    try await sample.write(Sample.document("a", ["draft 1"], publication: .init(status: .draft)))
    #expect(try await vectors() == 2)
    try await sample.write(Sample.document("a", ["draft 2"], publication: .init(status: .draft)))
    #expect(try await vectors() == 2)
    _ = try await sample.store.act(.unpublish, on: "a", in: sample.kb, vectors: [:])
    #expect(try await vectors() == 1)
    _ = try await sample.store.delete(["a"], from: sample.kb)
    #expect(try await vectors() == 0)
  }
}
