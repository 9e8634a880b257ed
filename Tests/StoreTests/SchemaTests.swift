import Domain
import Foundation
import GRDB
import Security
import TestSupport
import Testing

@testable import Store

@Suite struct SchemaTests {
  @Test func statusOfAFolder() async throws {
    let empty = try TemporaryFolder()
    #expect(try SQLiteStore.schemaStatus(of: empty.url).map(\.found) == [nil, nil])
    let sample = try await Sample()
    let status = try SQLiteStore.schemaStatus(of: sample.folder.url)
    #expect(status.map(\.file) == ["knowledge.db", "service.db"])
    #expect(status.allSatisfy { $0.found == $0.current })
    #expect(status[0].current == SQLiteStore.schemaVersion)
    #expect(try SQLiteStore.migrate(empty.url, options: Sample.options).map(\.found) == [nil, nil])
    #expect(
      try SQLiteStore.schemaStatus(of: empty.url).map(\.found)
        == [Schema.knowledge.version, Schema.service.version])
  }

  @Test(arguments: ["knowledge.db", "service.db"])
  func aNewerSchemaIsLeftAsItIs(file: String) async throws {
    let sample = try await Sample()
    try await sample.write(Sample.document("a", ["x"]))
    try await sample.store.close()
    let url = sample.folder.url.appendingPathComponent(file)
    do {
      let newer = try DatabaseQueue(path: url.path)
      try await newer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 999") }
      try newer.close()
    }
    let before = try Self.contents(of: sample.folder.url)
    #expect(
      await thrownCode { _ = try SQLiteStore(folder: sample.folder.url, options: Sample.options) }
        == "store_schema_newer"
    )
    #expect(
      await thrownCode { _ = try SQLiteStore.schemaStatus(of: sample.folder.url) } == "store_schema_newer"
    )
    #expect(
      await thrownCode {
        try SQLiteStore.restore(
          from: sample.folder.url,
          into: sample.folder.url.appendingPathComponent("new")
        )
      } == "store_schema_newer"
    )
    #expect(try Self.contents(of: sample.folder.url) == before)
  }

  @Test func anotherProgramsDatabaseIsLeftAsItIs() async throws {
    let folder = try TemporaryFolder()
    let url = folder.url.appendingPathComponent("knowledge.db")
    do {
      let other = try DatabaseQueue(path: url.path)
      try await other.write { try $0.execute(sql: "CREATE TABLE players (name TEXT)") }
      try other.close()
    }
    let before = try Data(contentsOf: url)
    #expect(
      await thrownCode { _ = try SQLiteStore(folder: folder.url, options: Sample.options) } == "store_corrupt"
    )
    #expect(try Data(contentsOf: url) == before)
  }

  /// Every released schema still opens. Each folder of fixtures holds a dump of both files.
  @Test(arguments: [1, 2, 3, 5])
  func releasedSchemasOpen(version: Int) async throws {
    let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures/store")
    let folder = try TemporaryFolder()
    for schema in SQLiteStore.schemas {
      let name = (schema.file as NSString).deletingPathExtension
      // A file that did not change with a version has no dump of it.
      let dumps = (1...version).reversed().map { fixtures.appendingPathComponent("v\($0)/\(name).sql") }
      let newest = try #require(dumps.first { FileManager.default.fileExists(atPath: $0.path) })
      let dump = try String(contentsOf: newest, encoding: .utf8)
      let file = try DatabaseQueue(path: folder.url.appendingPathComponent(schema.file).path)
      try await file.writeWithoutTransaction { try $0.execute(sql: dump) }
      try file.close()
    }
    let store = try SQLiteStore(folder: folder.url, options: Sample.options)
    #expect(try SQLiteStore.schemaStatus(of: folder.url).allSatisfy { $0.found == $0.current })
    #expect(try await store.epoch().rawValue == "11111111-2222-3333-4444-555555555555")
    #expect(try await store.knowledgeBases().map(\.name) == ["default", "shop"])
    let kb = try #require(try await store.knowledgeBase(named: "default"))
    #expect(
      try await store.documents(in: kb.id, after: nil, limit: 9).map(\.externalID) == [
        "faq.csv#1", "guide.md",
      ]
    )
    #expect(try await store.version(1, of: "guide.md", in: kb.id)?.isCurrent == false)
    let live = try await store.changes(of: kb.id, after: .zero, model: "m").changes.compactMap(\.live)
    #expect(live.map(\.record.version) == [2, 1])
    let guide = DocumentLinks(outgoing: [DocumentLink(target: "old.md", line: 3)], anchors: ["Guide"])
    #expect(
      try await store.links(in: kb.id)
        == (version < 2 ? [:] : [live[0].record.id: guide, live[1].record.id: DocumentLinks()]))
    #expect(live[1].questions == ["How do I get in?"])
    #expect(live.flatMap(\.chunks).allSatisfy { $0.vectors.count == 1 && $0.vectors[0].dimension == 32 })
    #expect(
      try await store.sourceFiles(root: "/docs", in: kb.id).keys.map(\.string).sorted() == [
        "faq.csv", "guide.md",
      ])
    let keys = try await store.accessKeys()
    #expect(
      keys.map(\.role) == [.owner, .reader] && keys.map(\.groups) == [[], version < 3 ? [] : ["staff"]])
    #expect(keys.map(\.scopes) == [nil, version < 3 ? nil : ["search"]])
    #expect(keys.map { $0.overlap != nil } == [false, version >= 3] && keys[0].lastUsedAt == nil)
    let rules = try await store.searchRules(of: kb.id)
    #expect(rules.synonyms == (version < 2 ? [] : ["tv, television"]))
    #expect(rules.curations.map(\.pinned) == (version < 2 ? [] : [["guide.md"]]))
    let entries = try await store.auditEntries(after: 0, limit: 9)
    #expect(entries.map(\.event.action) == (version < 2 ? [] : ["key.create", "kb.create"]))
    var verifier = AuditVerifier()
    #expect(verifier.take(entries) == nil)
    #expect(try await store.jobs(limit: 9).map(\.id) == (version < 5 ? [] : ["job-1"]))
    #expect(try await store.jobResults("job-1", from: 0, limit: 9).count == (version < 5 ? 0 : 1))
    #expect(try await store.countStaffSessions() == 0)
    guard case .purged = try await store.version(1, of: DocumentID(rawValue: 4)) else {
      Issue.record("a purged document must stay purged")
      return
    }
    try await checkVersions(of: store, in: kb.id, schema: version)
    try await store.close()
    #expect(try integrity(of: folder.url) == "ok")
  }

  /// What older schemas kept of versions is there, and goes on.
  private func checkVersions(of store: SQLiteStore, in kb: KnowledgeBaseID, schema: Int) async throws {
    let versions = try await store.versions(of: "guide.md", in: kb, before: nil, limit: 9)
    #expect(versions.map(\.version) == [2, 1] && versions.map(\.isLive) == [true, false])
    #expect(versions.map(\.publication.status) == [.published, .archived])
    #expect(versions.map { $0.metadata?.tags } == [["t"], nil])
    let old = try #require(try await store.keptVersion(1, of: "guide.md", in: kb))
    #expect(old.chunks == nil && !old.text.isEmpty)
    let drafts = try await store.latestDocuments(in: kb, status: .draft, after: nil, limit: 9)
    #expect(drafts.map(\.externalID) == (schema < 3 ? [] : ["draft.md"]))
    if schema >= 3 {
      guard
        case .done(let draft, _) = try await store.act(.publish(.keep), on: "draft.md", in: kb, vectors: [:])
      else {
        Issue.record("the draft lacks its vector")
        return
      }
      #expect(draft.liveVersion == 1)
    }
    let head = try await store.head()
    #expect(
      await thrownCode { _ = try await store.moment(.generation(Generation(rawValue: 3)), of: kb) }
        == "as_of_unavailable")
    // Superseded, what was live before the migration is found in the past, with the vectors that are left.
    let new = Sample.document("guide.md", ["New."])
    try await store.write(
      IngestBatch(
        knowledgeBase: kb, model: "m", documents: [new], vectors: Sample.vectors([new], model: "m")))
    let moment = try await store.moment(.generation(head), of: kb)
    let past = Collected<[PastDocument]>()
    try await store.readPast(moment, model: "m", pageSize: 9) { past.append($0) }
    let guide = try #require(past.all.flatMap { $0 }.first { $0.record.externalID == "guide.md" })
    #expect(
      guide.record.version == 2 && guide.chunks.map(\.draft.text) == ["Open the door.", "Lock the door."])
    #expect(guide.chunks[0].draft.headingPath == ["Getting started"])
    _ = try await store.act(.archive, on: "faq.csv#1", in: kb, vectors: [:])
    #expect(try await store.keptVersion(1, of: "faq.csv#1", in: kb)?.chunks?.count == 1)
    _ = try await store.purge("guide.md", from: kb)
  }

  private static func contents(of folder: URL) throws -> [String: Data] {
    var contents: [String: Data] = [:]
    for name in ["knowledge.db", "service.db"] {
      contents[name] = try Data(contentsOf: folder.appendingPathComponent(name))
    }
    return contents
  }
}
