import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Gateway

@Suite struct JobTests {
  private func lines(_ numbers: Range<Int>, padding: Int = 0) -> Data {
    let padding = String(repeating: "x", count: padding)
    let lines = numbers.map { #"{"external_id":"d\#($0)","text":"Number \#($0). \#(padding)"}"# }
    return Data(lines.joined(separator: "\n").utf8)
  }

  private func start(_ gateway: Gateway, _ body: Data, key: String = Backend.ownerKey) async throws -> Reply {
    try await gateway.send(
      .post, "/v1/kbs/default/bulk", key: key,
      headers: ["Content-Type": "application/x-ndjson", "Prefer": "respond-async, wait=1"], body: body)
  }

  private func runner(_ backend: Backend) -> JobRunner {
    JobRunner(services: backend.services(), logger: Backend.silentLogger)
  }

  private func documents(_ backend: Backend) async throws -> Int {
    let kb = try #require(try await backend.store.knowledgeBase(named: "default"))
    return try await backend.store.counts(in: kb.id).documents
  }

  @Test func aBulkUpsertGoesOnAsAJob() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let accepted = try await start(gateway, lines(0..<40) + Data("\n\n{\n".utf8))
    #expect(
      accepted.status == 202 && accepted.headers[.preferenceApplied] == "respond-async", "\(accepted.text)")
    let path = try #require(accepted.headers[.location])
    #expect(accepted.at("state") == "queued" && accepted.at("progress.total") == 41)
    #expect(try await documents(backend) == 0)
    #expect(try await runner(backend).runNext())
    #expect(try await !runner(backend).runNext(), "it is done")
    let done = try await gateway.send(.get, path, key: Backend.ownerKey)
    #expect(done.at("state") == "succeeded" && done.at("error") == .null, "\(done.text)")
    #expect(done.at("progress") == ["done": 41, "failed": 1, "total": 41])
    #expect(try await documents(backend) == 40)
    let results = try await gateway.send(.get, path + "/results", key: Backend.ownerKey)
    let told = try results.text.split(separator: "\n").map { try JSONParser.parse(Data($0.utf8)) }
    #expect(told.count == 41 && told[0]["status"] == "added" && told[40]["line"] == 42)
    #expect(told[40].at("error.code") == "invalid_json")
    let list = try await gateway.send(.get, "/v1/jobs", key: Backend.ownerKey)
    #expect(list.at("jobs")?.elements.map { $0["id"] } == [accepted.at("id")])
    let events = try await gateway.send(
      .get, path, key: Backend.ownerKey, headers: ["Accept": "text/event-stream"])
    #expect(events.text.hasPrefix("event: job\ndata: {") && events.text.contains(#""state":"succeeded""#))
  }

  /// Killed in the middle: another process goes on where it stood, once the lease has run out.
  @Test func whatAKilledProcessBeganIsEndedByAnother() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let path = try #require(
      try await start(gateway, lines(0..<200, padding: 1000)).headers[.location])
    let now = Date()
    let jobs = backend.store
    let hold = try #require(
      try await jobs.claimJob(until: now + 1, at: now, forgetting: .distantPast))
    let kb = try #require(try await jobs.knowledgeBase(named: "default"))
    let bulk = BulkUpsert(services: backend.services(), knowledgeBase: kb, author: nil, standing: .free)
    // The first piece is done and recorded, of the second nobody heard.
    let first = try #require(try await jobs.nextPart(hold))
    #expect(try await jobs.completePart(first, try await bulk.result(of: first), hold, at: now))
    let second = try #require(try await jobs.nextPart(hold))
    #expect(second.firstLine > first.firstLine)
    _ = try await bulk.result(of: second)
    #expect(try await jobs.claimJob(until: now + 9, at: now, forgetting: .distantPast) == nil, "it is held")

    let later = try #require(
      try await jobs.claimJob(until: now + 2, at: now + 1.5, forgetting: .distantPast))
    #expect(later.job.id == hold.job.id)
    #expect(
      try await !jobs.completePart(second, .init(done: 1, failed: 0, lines: Data()), hold, at: now),
      "the first one comes too late")
    try await jobs.finishJob(hold, errorCode: "internal", errorMessage: "", at: now)
    try await jobs.releaseJob(later)
    #expect(try await runner(backend).runNext())
    let done = try await gateway.send(.get, path, key: Backend.ownerKey)
    #expect(
      done.at("state") == "succeeded" && done.at("progress") == ["done": 200, "failed": 0, "total": 200])
    let results = try await gateway.send(.get, path + "/results", key: Backend.ownerKey).text
    let told = try results.split(separator: "\n").map { try JSONParser.parse(Data($0.utf8)) }
    #expect(told.map { $0["line"] } == (1...200).map { .integer($0) })
    #expect(told[second.firstLine - 1]["status"] == "unchanged", "written before, told now")
    #expect(try await documents(backend) == 200)
  }

  @Test func cancellingKeepsWhatIsDone() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let waiting = try #require(try await start(gateway, lines(0..<3)).headers[.location])
    let ended = try await gateway.send(.post, waiting + "/cancel", key: Backend.ownerKey)
    #expect(ended.status == 200 && ended.at("state") == "cancelled")
    #expect(try await !runner(backend).runNext())

    let path = try #require(try await start(gateway, lines(0..<200, padding: 1000)).headers[.location])
    let now = Date()
    let hold = try #require(
      try await backend.store.claimJob(until: now + 60, at: now, forgetting: .distantPast))
    let asked = try await gateway.send(.post, path + "/cancel", key: Backend.ownerKey)
    #expect(asked.at("state") == "running" && asked.at("cancelling") == true)
    #expect(try await !backend.store.renewJob(hold, until: now + 60))
    try await backend.store.finishJob(hold, errorCode: nil, errorMessage: nil, at: Date())
    #expect(try await gateway.send(.get, path, key: Backend.ownerKey).at("state") == "cancelled")
    let again = try await gateway.send(.post, path + "/cancel", key: Backend.ownerKey)
    #expect(again.status == 200 && again.at("state") == "cancelled")
    let actions = try await backend.store.auditEntries(after: 0, limit: 9).map(\.event.action)
    #expect(actions == ["bulk.start", "job.cancel", "bulk.start", "job.cancel", "job.cancel"])
  }

  @Test func aJobOfADeletedKnowledgeBaseFails() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let kb = try await backend.store.createKnowledgeBase(named: "shop", model: "none")
    let accepted = try await gateway.send(
      .post, "/v1/kbs/shop/bulk", key: Backend.ownerKey, headers: ["Prefer": "respond-async"],
      body: lines(0..<3))
    _ = try await backend.store.deleteKnowledgeBase(kb.id)
    #expect(try await runner(backend).runNext())
    let path = try #require(accepted.headers[.location])
    let failed = try await gateway.send(.get, path, key: Backend.ownerKey)
    #expect(failed.at("state") == "failed" && failed.at("error.code") == "kb_not_found")
  }

  @Test func aJobIsMadeOnceForAKey() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    func send(_ body: Data, async: Bool = true) async throws -> Reply {
      try await gateway.send(
        .post, "/v1/kbs/default/bulk", key: Backend.ownerKey,
        headers: ["Idempotency-Key": "k", "Prefer": async ? "respond-async" : "wait=9"], body: body)
    }
    let (first, second) = (try await send(lines(0..<3)), try await send(lines(0..<3)))
    #expect(first.status == 202 && second.status == 202 && second.body == first.body)
    #expect(
      second.headers[.idempotencyReplayed] == "true" && second.headers[.location] == first.headers[.location])
    #expect(second.headers[.preferenceApplied] == "respond-async")
    #expect(try await backend.store.jobs(limit: 9).count == 1)
    #expect(try await send(lines(0..<4)).code == "idempotency_conflict")
    #expect(try await send(lines(0..<4), async: false).status == 200, "waited for, and not kept")
  }

  @Test func jobsAreOfTheirKnowledgeBase() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let path = try #require(try await start(gateway, lines(0..<3)).headers[.location])
    let elsewhere = try await backend.key(.editor, knowledgeBases: ["other"])
    let unknown = try await gateway.send(.get, "/v1/jobs/nothing", key: elsewhere)
    for (method, suffix) in [(HTTPRequest.Method.get, ""), (.get, "/results"), (.post, "/cancel")] {
      let reply = try await gateway.send(method, path + suffix, key: elsewhere)
      #expect(reply.status == 404 && reply.at("detail") == unknown.at("detail"), "\(suffix)")
    }
    #expect(try await gateway.send(.get, "/v1/jobs", key: elsewhere).at("jobs") == [])
    #expect(try await start(gateway, lines(0..<3), key: elsewhere).code == "kb_not_found")
  }

  /// Over a socket: the server's own runner does it, and its events come as it goes.
  @Test func aServerCarriesItOutAndTells() async throws {
    let backend = try Backend()
    let server = try await LiveServer(backend)
    let body = String(decoding: lines(0..<300, padding: 1000), as: UTF8.self)
    let connection = try server.connect()
    await connection.send(
      "POST /v1/kbs/default/bulk HTTP/1.1\r\nHost: localhost\r\n\(LiveSocketTests.auth)Prefer: respond-async\r\n"
        + "Content-Type: application/x-ndjson\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    let accepted = await connection.read(until: "}", within: .seconds(20))
    let match = try #require(accepted.firstMatch(of: /\/v1\/jobs\/[0-9a-f-]+/))
    await connection.send(
      "GET \(match.output) HTTP/1.1\r\nHost: localhost\r\n\(LiveSocketTests.auth)Accept: text/event-stream\r\n\r\n"
    )
    let events = await connection.read(until: #""state":"succeeded""#, within: .seconds(60))
    #expect(events.contains(#""state":"succeeded""#), "\(events.suffix(600))")
    #expect(try await documents(backend) == 300)
    try await server.stop()
  }
}
