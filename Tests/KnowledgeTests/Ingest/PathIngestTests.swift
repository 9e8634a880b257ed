import Domain
import EngineSupport
import Foundation
import TestSupport
import Testing

@testable import Knowledge

/// Invariant 4, pruning, and what a folder may hold.
@Suite struct PathIngestTests {
  private func engine() async throws -> (TestEngine, TemporaryFolder) {
    let engine = try TestEngine()
    try await engine.makeLexical()
    return (engine, try TemporaryFolder())
  }

  private func ingest(
    _ folder: TemporaryFolder, _ engine: TestEngine, _ change: (inout PathIngest) -> Void = { _ in }
  ) async throws -> IngestReport {
    var request = PathIngest(paths: [folder.url.path], knowledgeBase: "words")
    change(&request)
    return try await engine.ingest.ingest(request)
  }

  private func ids(_ engine: TestEngine) async throws -> [String] {
    let kb = try #require(try await engine.store.knowledgeBase(named: "words"))
    return try await engine.store.documents(in: kb.id, after: nil, limit: 1000).map(\.externalID)
  }

  @Test func theSameFilesAgainChangeNothing() async throws {
    let (engine, folder) = try await engine()
    _ = try folder.file("a.md", "# A\n\nFirst text.")
    _ = try folder.file("sub/b.md", "# B\n\nSecond text.")
    _ = try folder.file("faq.csv", "id,question,answer\none,What is it?,A thing.\ntwo,Why?,Because.\n")
    let first = try await ingest(folder, engine)
    #expect(first.documents.added == 4)
    #expect(try await ids(engine) == ["a.md", "faq.csv#one", "faq.csv#two", "sub/b.md"])
    let second = try await ingest(folder, engine)
    #expect(second.documents.unchanged == 4)
    #expect(second.documents.added == 0 && second.documents.changed == 0)
    #expect(second.chunks.kept == first.chunks.added)
    #expect(second.generation == first.generation)
    await engine.close()
  }

  @Test func onlyAChangedChunkIsNew() async throws {
    let (engine, folder) = try await engine()
    let sections = (0..<6).map { "## Part \($0)\n\nThis part \($0) says something of its own." }
    _ = try folder.file("a.md", "# A\n\n" + sections.joined(separator: "\n\n"))
    let first = try await ingest(folder, engine)
    #expect(first.chunks.added == 6)
    var changed = sections
    changed[3] = "## Part 3\n\nThis part was rewritten."
    _ = try folder.file("a.md", "# A\n\n" + changed.joined(separator: "\n\n"))
    let second = try await ingest(folder, engine)
    #expect(second.documents.changed == 1)
    #expect(second.chunks.added == 1 && second.chunks.kept == 5 && second.chunks.removed == 1)
    await engine.close()
  }

  @Test func pruneRemovesOnlyWhatCameFromThePath() async throws {
    let (engine, folder) = try await engine()
    _ = try folder.file("a.md", "# A\n\nFirst text.")
    _ = try folder.file("b.md", "# B\n\nSecond text.")
    _ = try folder.file("faq.csv", "id,question,answer\none,What is it?,A thing.\ntwo,Why?,Because.\n")
    try await engine.put("by-rest", "Put by an app.")
    _ = try await ingest(folder, engine)
    try FileManager.default.removeItem(at: folder.url.appendingPathComponent("a.md"))
    _ = try folder.file("faq.csv", "id,question,answer\none,What is it?,A thing.\n")
    let kept = try await ingest(folder, engine)
    #expect(kept.documents.removed == 0)
    let dry = try await ingest(folder, engine) {
      $0.prune = true
      $0.dryRun = true
    }
    #expect(dry.documents.removed == 2)
    #expect(try await ids(engine).count == 5)
    let pruned = try await ingest(folder, engine) { $0.prune = true }
    #expect(pruned.documents.removed == 2)
    #expect(try await ids(engine) == ["b.md", "by-rest", "faq.csv#one"])
    await engine.close()
  }

  /// "é" as one scalar and as two: two names for the file system and for everyone who sends an id.
  @Test func namesThatDifferInBytesAreTwoDocuments() async throws {
    let (engine, folder) = try await engine()
    let (composed, decomposed) = ("caf\u{E9}.md", "cafe\u{301}.md")
    _ = try folder.file(composed, "# One\n\nFirst text.")
    _ = try folder.file(decomposed, "# Two\n\nSecond text.")
    let first = try await ingest(folder, engine)
    #expect(first.documents.added == 2)
    let second = try await ingest(folder, engine)
    #expect(second.documents.unchanged == 2 && second.documents.added == 0)
    try FileManager.default.removeItem(atPath: folder.url.path + "/" + decomposed)
    let pruned = try await ingest(folder, engine) { $0.prune = true }
    #expect(pruned.documents.removed == 1)
    #expect(try await ids(engine).map { Array($0.utf8) } == [Array(composed.utf8)])
    await engine.close()
  }

  @Test func aFileThatCannotBeReadKeepsItsDocument() async throws {
    let (engine, folder) = try await engine()
    _ = try folder.file("a.md", "# A\n\nFirst text.")
    _ = try await ingest(folder, engine)
    _ = try folder.file(
      "a.md", Data([0x00, 0x01, 0x02, 0xFF, 0xFE, 0x00, 0x03] + [UInt8](repeating: 0, count: 64)))
    let report = try await ingest(folder, engine) { $0.prune = true }
    #expect(report.documents.failed == 1)
    #expect(report.isPartial)
    #expect(try await ids(engine) == ["a.md"])
    await engine.close()
  }

  @Test func twoFilesWithOneIdStopEverything() async throws {
    let (engine, folder) = try await engine()
    let a = try folder.file("one/a.md", "# A\n\nFirst.")
    let b = try folder.file("two/a.md", "# A\n\nSecond.")
    let error = await #expect(throws: KnowledgeError.self) {
      _ = try await engine.ingest.ingest(PathIngest(paths: [a.path, b.path], knowledgeBase: "words"))
    }
    #expect(error?.kind == .duplicateID)
    #expect(try await ids(engine).isEmpty)
    await engine.close()
  }

  @Test func aDryRunWritesNothing() async throws {
    let (engine, folder) = try await engine()
    _ = try folder.file("a.md", "# A\n\nFirst text.")
    let report = try await ingest(folder, engine) { $0.dryRun = true }
    #expect(report.documents.added == 1)
    #expect(try await ids(engine).isEmpty)
    await engine.close()
  }

  @Test func linksLoopsAndPipesDoNotHang() async throws {
    let (engine, folder) = try await engine()
    _ = try folder.file("a.md", "# A\n\nFirst text.")
    let manager = FileManager.default
    try manager.createSymbolicLink(
      at: folder.url.appendingPathComponent("loop"), withDestinationURL: folder.url)
    try manager.createSymbolicLink(
      atPath: folder.url.appendingPathComponent("dangling.md").path, withDestinationPath: "nowhere.md")
    #expect(mkfifo(folder.url.appendingPathComponent("pipe.md").path, 0o600) == 0)
    let report = try await ingest(folder, engine)
    #expect(report.documents.added == 1)
    #expect(Set(report.diagnostics.map(\.code)) == ["link_skipped", "unreadable_file"])
    #expect(report.documents.failed == 2)
    await engine.close()
  }

  @Test func ignoredFilesStayOut() async throws {
    let (engine, folder) = try await engine()
    _ = try folder.file("a.md", "# A\n\nFirst text.")
    _ = try folder.file("drafts/b.md", "# B\n\nSecond text.")
    _ = try folder.file("c.tmp.md", "# C\n\nThird text.")
    _ = try folder.file(".frontdeskignore", "drafts/\n")
    _ = try await ingest(folder, engine) { $0.ignoring = ["*.tmp.md"] }
    #expect(try await ids(engine) == ["a.md"])
    await engine.close()
  }

  @Test func aMissingPathIsSaid() async throws {
    let (engine, _) = try await engine()
    let error = await #expect(throws: KnowledgeError.self) {
      _ = try await engine.ingest.ingest(PathIngest(paths: ["/no/such/folder"], knowledgeBase: "words"))
    }
    #expect(error?.kind == .pathNotFound)
    await engine.close()
  }

  @Test func aCancelledRunIsGoneOnWith() async throws {
    let (engine, folder) = try await engine()
    for i in 0..<300 { _ = try folder.file("d\(i).md", "# D\(i)\n\nText number \(i).") }
    let request = PathIngest(paths: [folder.url.path], knowledgeBase: "words")
    let task = Task { try await engine.ingest.ingest(request) }
    try await Task.sleep(for: .milliseconds(150))
    task.cancel()
    let first = try await task.value
    let second = try await engine.ingest.ingest(request)
    #expect(second.documents.added + second.documents.unchanged == 300)
    #expect(first.documents.added + second.documents.added == 300)
    await engine.close()
  }

  @Test(.timeLimit(.minutes(2))) func aWatcherSeesAChange() async throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("a.md", "# A\n\nFirst text.")
    let watcher = PathWatcher(paths: [folder.url.path], interval: .milliseconds(50))
    var changes = watcher.changes().makeAsyncIterator()
    #expect(await changes.next() != nil)
    _ = try folder.file("b.md", "# B\n\nSecond text.")
    #expect(await changes.next() != nil)
  }
}
