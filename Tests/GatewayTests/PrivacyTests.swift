import Domain
import Foundation
import HTTPTypes
import Security
import Store
import TestSupport
import Testing

@testable import Gateway

@Suite struct PrivacyTests {
  private struct World {
    let backend: Backend
    let gateway: Gateway
    let officer: String
    let service: String

    init() async throws {
      backend = try Backend()
      gateway = try backend.gateway()
      officer = try await backend.key(.privacyOfficer)
      service = try await backend.key(.service)
    }

    func talk(_ customer: String, _ text: String) async throws -> String {
      let opened = try await gateway.send(
        .post, "/v1/conversations", key: service, json: ["customer": ["id": .string(customer)]])
      let id = try #require(opened.at("conversation.id")?.text, "\(opened.text)")
      _ = try await gateway.send(
        .post, "/v1/conversations/\(id)/messages", key: service, json: ["text": .string(text)])
      return id
    }

    /// Sends a request and has its job carried out.
    func ask(_ json: JSONValue) async throws -> (job: String, lines: [JSONValue]) {
      let asked = try await gateway.send(.post, "/v1/privacy/requests", key: officer, json: json)
      #expect(asked.status == 202, "\(asked.text)")
      let id = try #require(asked.at("id")?.text)
      let runner = JobRunner(services: backend.services(), logger: Backend.silentLogger)
      #expect(try await runner.runNext())
      let job = try await gateway.send(.get, "/v1/privacy/requests/\(id)", key: officer)
      #expect(job.at("state") == "succeeded", "\(job.text)")
      let results = try await gateway.send(.get, "/v1/privacy/requests/\(id)/results", key: officer)
      let lines = try results.text.split(separator: "\n").map { try JSONParser.parse(Data($0.utf8)) }
      return (id, lines)
    }
  }

  @Test func everythingIsHandedOut() async throws {
    let world = try await World()
    let id = try await world.talk("anna", "Where is my parcel?")
    _ = try await world.talk("ben", "Hello from Ben")
    let (_, lines) = try await world.ask(["kind": "export", "customer": "anna"])
    #expect(lines.first?.at("customer.id") == "anna")
    #expect(lines.contains { $0.at("conversation.id")?.text == id })
    let said = lines.filter { $0.at("message") != nil }
    #expect(said.map { $0.at("message.text")?.text }.first == "Where is my parcel?")
    #expect(said.allSatisfy { $0.at("message.conversation_id")?.text == id } && said.count == 2)
    #expect(lines.last?.at("receipt.outcome") == "done")
    #expect(lines.last?.at("receipt.exported.messages") == 2)
    #expect(!lines.contains { String(decoding: JSONText.data($0), as: UTF8.self).contains("Ben") })
    let unknown = try await world.ask(["kind": "export", "customer": "nobody"])
    #expect(unknown.lines.map { $0.at("receipt.outcome") } == ["unknown_customer"])
  }

  @Test func erasureTakesExportsAlongAndYieldsToAHold() async throws {
    let world = try await World()
    let id = try await world.talk("anna", "Where is my parcel?")
    let (export, _) = try await world.ask(["kind": "export", "customer": "anna"])
    _ = try await world.ask(["kind": "hold", "customer": "anna", "reason": "claim 77 until May"])
    let held = try await world.ask(["kind": "erasure", "customer": "anna"])
    #expect(held.lines.last?.at("receipt.outcome") == "held")
    #expect(held.lines.last?.at("receipt.reason") == "claim 77 until May")
    #expect(
      try await world.gateway.send(.get, "/v1/conversations/\(id)", key: world.service).status == 200)
    _ = try await world.ask(["kind": "unhold", "customer": "anna"])
    let erased = try await world.ask(["kind": "erasure", "customer": "anna"])
    #expect(erased.lines.last?.at("receipt.outcome") == "done")
    #expect(erased.lines.last?.at("receipt.erased.messages") == 2)
    #expect(
      try await world.gateway.send(.get, "/v1/conversations/\(id)", key: world.service).status == 404)
    let gone = try await world.gateway.send(
      .get, "/v1/privacy/requests/\(export)/results", key: world.officer)
    #expect(gone.status == 404 && gone.code == "job_not_found")
    // The audit log names nobody.
    let entries = try await world.backend.store.auditEntries(after: 0, limit: 1000)
    let acts = entries.filter { $0.event.action.hasPrefix("customer.") }
    #expect(acts.map(\.event.action).filter { $0 == "customer.erasure" }.count == 2)
    #expect(!acts.contains { $0.event.target.contains("anna") || $0.event.target.contains("claim") })
  }

  @Test func restrictedConversationsAreClosedToStaff() async throws {
    let world = try await World()
    let id = try await world.talk("anna", "Where is my parcel?")
    let supervisor = try await world.backend.key(.supervisor)
    let uri = "/v1/conversations/\(id)/messages"
    #expect(try await world.gateway.send(.get, uri, key: supervisor).status == 200)
    _ = try await world.ask(["kind": "restriction", "customer": "anna"])
    let barred = try await world.gateway.send(.get, uri, key: supervisor)
    #expect(barred.status == 409 && barred.code == "customer_restricted", "\(barred.text)")
    let said = try await world.gateway.send(.post, uri, key: world.service, json: ["text": "Hello?"])
    #expect(said.status == 409 && said.code == "customer_restricted")
    // What is theirs stays theirs, and may be handed out.
    #expect(try await world.gateway.send(.get, uri, key: world.service).status == 200)
    #expect(try await world.ask(["kind": "export", "customer": "anna"]).lines.count > 2)
    _ = try await world.ask(["kind": "release", "customer": "anna"])
    #expect(try await world.gateway.send(.get, uri, key: supervisor).status == 200)
  }

  @Test func glassIsBrokenForAReasonAndOnRecord() async throws {
    let world = try await World()
    let id = try await world.talk("anna", "Where is my parcel?")
    _ = try await world.ask(["kind": "restriction", "customer": "anna"])
    let uri = "/v1/conversations/\(id)/messages"
    let plain = try await world.backend.key(.agent)
    let trusted = try await world.backend.key(.agent, scopes: [.readConversations, .breakGlass])
    let elsewhere = try await world.backend.key(
      .agent, scopes: [.readConversations, .breakGlass], knowledgeBases: ["other"])
    let reason = ["X-Break-Glass": "threat to anna@example.com, police on the phone"]
    func read(_ key: String, _ headers: [String: String]) async throws -> Reply {
      try await world.gateway.send(.get, uri, key: key, headers: headers)
    }
    #expect(try await read(plain, reason).status == 403)
    #expect(try await read(trusted, [:]).status == 404)
    #expect(try await read(trusted, ["X-Break-Glass": "why"]).code == "invalid_field")
    #expect(try await read(elsewhere, reason).status == 404)
    #expect(try await read(trusted, reason).at("messages")?.elements.count == 2)
    let entries = try await world.backend.store.auditEntries(after: 0, limit: 1000)
    let broken = entries.filter { $0.event.action == "transcript.break_glass" }
    #expect(broken.count == 1)
    #expect(broken.allSatisfy { $0.event.target.hasPrefix(id) && $0.event.target.contains("police") })
    #expect(!broken.contains { $0.event.target.contains("anna@example.com") })
  }

  @Test func jobsAboutCustomersAreNotForEditors() async throws {
    let world = try await World()
    _ = try await world.talk("anna", "Where is my parcel?")
    let (id, _) = try await world.ask(["kind": "export", "customer": "anna"])
    let editor = try await world.backend.key(.editor)
    let listed = try await world.gateway.send(.get, "/v1/jobs", key: editor)
    #expect(listed.at("jobs")?.elements.isEmpty == true)
    for path in ["", "/results"] {
      #expect(try await world.gateway.send(.get, "/v1/jobs/\(id)\(path)", key: editor).status == 404)
    }
    let bulk = try await world.backend.store.addJob(
      kind: JobRunner.bulkKind, knowledgeBase: "default", author: nil, total: 0, parts: [], at: Date())
    let other = try await world.gateway.send(.get, "/v1/privacy/requests/\(bulk.id)", key: world.officer)
    #expect(other.status == 404)
  }

  /// An export that was cut off by a kill is made once more, whole.
  @Test func whatAKillCutOffIsDoneOnceMore() async throws {
    let world = try await World()
    _ = try await world.talk("anna", "Where is my parcel?")
    let store = world.backend.store
    let asked = try await world.gateway.send(
      .post, "/v1/privacy/requests", key: world.officer, json: ["kind": "erasure", "customer": "anna"])
    let id = try #require(asked.at("id")?.text)
    let now = Date()
    let hold = try #require(try await store.claimJob(until: now, at: now, forgetting: now - 60))
    #expect(hold.job.id == id)
    // Erased, and killed before it could say so.
    _ = try await store.erase(customer: "anna", by: id, at: now)
    let runner = JobRunner(services: world.backend.services(), logger: Backend.silentLogger)
    #expect(try await runner.runNext())
    let results = try await world.gateway.send(
      .get, "/v1/privacy/requests/\(id)/results", key: world.officer)
    #expect(results.text.contains("\"outcome\":\"done\""), "\(results.text)")
  }

  @Test(arguments: [
    (#"{"customer":"a"}"#, "missing_field"), (#"{"kind":"export"}"#, "missing_field"),
    (#"{"kind":"forget","customer":"a"}"#, "invalid_field"),
    (#"{"kind":"export","customer":""}"#, "invalid_field"),
    (#"{"kind":"hold","customer":"a"}"#, "missing_field"),
    (#"{"kind":"hold","customer":"a","reason":" "}"#, "missing_field"),
  ])
  func whatIsRefused(body: String, code: String) async throws {
    let reply = try await Backend().gateway().send(
      .post, "/v1/privacy/requests", key: Backend.ownerKey, body: Data(body.utf8))
    #expect(reply.status == 400 && reply.code == code, "\(reply.text)")
  }
}
