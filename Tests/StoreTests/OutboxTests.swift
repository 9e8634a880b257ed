import Domain
import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct OutboxTests {
  private func webhook(
    _ id: String = "w", types: [String] = [], kbs: [String] = [], enabled: Bool = true
  ) -> Webhook {
    Webhook(
      id: id, url: "https://hooks.example.com/", interest: EventInterest(types: types, knowledgeBases: kbs),
      isEnabled: enabled, secrets: [.init(sealed: Data([1]))], createdAt: Date(), updatedAt: Date())
  }

  private func relay(_ store: SQLiteStore) async throws -> Int {
    var count = 0
    while case let some = try await store.relayEvents(limit: 3, at: Date()), some > 0 { count += some }
    return count
  }

  private func told(_ store: SQLiteStore, _ id: String = "w") async throws -> [String] {
    try await store.deliveries(of: id, state: nil, before: nil, limit: 1000).reversed().map(\.type)
  }

  private func waiting(_ sample: Sample) async throws -> Int64 {
    try await sample.store.knowledge.read { try $0.integer("SELECT count(*) FROM outbox") ?? -1 }
  }

  @Test func everyKindOfEvent() async throws {
    let sample = try await Sample()
    let store = sample.store
    try await store.addWebhook(webhook(), limit: 9)
    try await sample.write(Sample.document("a", ["One."]))
    try await sample.write(Sample.document("a", ["Two."]))
    try await sample.write(Sample.document("a", ["Two."]))
    _ = try await store.act(.unpublish, on: "a", in: sample.kb, vectors: [:])
    _ = try await store.act(.publish(.keep), on: "a", in: sample.kb, vectors: [:])
    _ = try await store.delete(["a", "not there"], from: sample.kb)
    _ = try await store.purge("a", from: sample.kb)
    let kb = try await store.createKnowledgeBase(named: "shop", model: "none")
    _ = try await store.deleteKnowledgeBase(kb.id)
    let now = Date()
    for code in [nil, "internal"] {
      _ = try await store.addJob(
        kind: "bulk", knowledgeBase: "default", author: nil, total: 1, parts: [], at: now)
      let hold = try #require(
        try await store.claimJob(until: now + 9, at: now, forgetting: .distantPast))
      try await store.finishJob(hold, errorCode: code, errorMessage: code, at: now)
      try await store.finishJob(hold, errorCode: code, errorMessage: code, at: now)
    }
    let job = try await store.addJob(
      kind: "bulk", knowledgeBase: "default", author: nil, total: 1, parts: [], at: now)
    _ = try await store.cancelJob(job.id, at: now)
    let (key, _) = AccessKey.issue(name: "Ada", role: .reader, at: now)
    try await store.insert(key)
    _ = try await store.rotateAccessKey(id: key.id, prefix: "p", secretHash: Data([7]), overlapEndsAt: nil)
    _ = try await store.revokeAccessKey(id: key.id, at: now)
    _ = try await store.revokeAccessKey(id: key.id, at: now)
    let conversation = try await store.open(
      NewConversation(knowledgeBase: "default", channel: "web", customer: Customer(id: "Ada"), opener: nil),
      at: now)
    _ = try await store.append(
      NewMessage(author: .customer, text: "I am Ada.", clientID: "m"), to: conversation.id, in: [.bot],
      at: now)
    _ = try await store.append(
      NewMessage(author: .customer, text: "I am Ada.", clientID: "m"), to: conversation.id, in: [.bot],
      at: now)
    _ = try await store.change(conversation.id, to: .closed, at: now)
    _ = try await relay(store)
    #expect(
      Set(try await told(store))
        == Set(EventType.wanted.map(\.rawValue)).subtracting(["model_switch.finished"]))
    #expect(try await told(store).count == 17, "one each, and of jobs a cancelled one, too")
    #expect(
      try await told(store).filter { $0.hasPrefix("document.") } == [
        "document.created", "document.updated", "document.unpublished", "document.published",
        "document.deleted", "document.purged",
      ])
    let all = try await store.deliveries(of: "w", state: nil, before: nil, limit: 99)
    for delivery in all { #expect(!String(decoding: delivery.data, as: UTF8.self).contains("Ada")) }
    let update = try #require(all.first { $0.type == "document.updated" })
    let data = String(decoding: update.data, as: UTF8.self)
    #expect(
      data.contains(#""live_version":2"#) && data.contains(#""kb":"default""#)
        && data.contains(#""status":"published""#), "\(data)")
    #expect(try await store.relayEvents(limit: 9, at: Date()) == 0)
  }

  @Test func aSwitchIsToldOfWhenSearchesUseTheModel() async throws {
    let sample = try await Sample()
    let store = sample.store
    try await store.addWebhook(webhook(kbs: ["default"]), limit: 9)
    for state in [ModelSwitch.State.embedding, .publishing, .clearing, .clearing] {
      _ = try await store.updateModelSwitch(of: sample.kb) { found, _, now in
        var next = found ?? ModelSwitch(from: "old", to: "new", startedAt: now)
        next.state = state
        found = next
      }
    }
    _ = try await relay(store)
    #expect(try await told(store) == ["model_switch.finished"])
    let data = try await store.deliveries(of: "w", state: nil, before: nil, limit: 1).first?.data
    #expect(data == Data(#"{"kb":"default","model":"new","previous_model":"old"}"#.utf8))
  }

  @Test func nothingIsWrittenThatNobodyWants() async throws {
    let sample = try await Sample()
    let store = sample.store
    try await sample.write(Sample.document("before", ["One."]))
    #expect(try await waiting(sample) == 0)
    try await store.addWebhook(webhook(types: ["document.deleted"]), limit: 9)
    try await store.addWebhook(webhook("shop", types: ["document.*"], kbs: ["shop"]), limit: 9)
    try await store.addWebhook(webhook("off", enabled: false), limit: 9)
    try await store.reconcileInterests()
    try await sample.write(Sample.document("a", ["One."]))
    #expect(try await waiting(sample) == 0)
    _ = try await store.delete(["a"], from: sample.kb)
    #expect(try await waiting(sample) == 1)
    // Widened, it hears of what comes from then on; narrowed and deleted, nothing is written again.
    _ = try await store.updateWebhook("w") { $0.interest = EventInterest(types: [], knowledgeBases: []) }
    try await sample.write(Sample.document("b", ["One."]))
    #expect(try await waiting(sample) == 2)
    _ = try await relay(store)
    #expect(try await told(store) == ["document.deleted", "document.created"])
    #expect(try await told(store, "shop").isEmpty)
    #expect(try await store.deleteWebhook("w"))
    try await sample.write(Sample.document("c", ["One."]))
    #expect(try await waiting(sample) == 0)
    #expect(
      await thrownCode { try await store.addWebhook(webhook("more"), limit: 2) } == "webhook_limit")
  }

  /// What is rolled back tells nothing; what was handed over twice is there once.
  @Test func eventsAreOfTheirTransaction() async throws {
    let sample = try await Sample()
    let store = sample.store
    try await store.addWebhook(webhook(), limit: 9)
    struct Stop: Error {}
    try? await store.knowledge.write { db in
      try OutboxWriter(db, now: 0).record(.knowledgeBaseCreated, knowledgeBase: "default") { [:] }
      throw Stop()
    }
    #expect(try await waiting(sample) == 0)
    try await sample.write(Sample.document("a", ["One."]))
    let row = try await store.knowledge.read { db in
      try db.row("SELECT id, type, kb, document, data, occurred_at FROM outbox").map {
        (try $0.text(0), try $0.text(1), try $0.integer(3), try $0.data(4))
      }
    }
    let (id, type, document, data) = try #require(row)
    _ = try await relay(store)
    // Killed after the deliveries were written and before the outbox was emptied.
    try await store.knowledge.write { db in
      try db.run(
        "INSERT INTO outbox (id, type, kb, document, data, occurred_at) VALUES (?, ?, 'default', ?, ?, 1)",
        id,
        type, document, data)
    }
    #expect(try await relay(store) == 1)
    #expect(try await told(store) == ["document.created"])
  }

  @Test func leasesAndReplay() async throws {
    let sample = try await Sample()
    let store = sample.store
    try await store.addWebhook(webhook(), limit: 9)
    for name in ["a", "b", "c"] { try await sample.write(Sample.document(name, ["\(name)."])) }
    _ = try await relay(store)
    let now = Date() + 1
    func claim(_ attempt: String, at time: Date, inFlight: Int = 0) async throws -> [WebhookDelivery] {
      try await store.claimDeliveries(
        attempt: attempt, limit: 9, perWebhook: 2, inFlight: ["w": inFlight], excluding: [],
        until: time + 10, at: time)
    }
    let first = try await claim("one", at: now)
    #expect(first.count == 2 && first[0].sequence < first[1].sequence, "in order, two at a time")
    #expect(try await claim("one", at: now, inFlight: 2).isEmpty)
    let other = try await claim("two", at: now)
    #expect(other.count == 1 && !first.map(\.id).contains(other[0].id), "each is in one hand")
    // The lease has run out: another takes over, and the first comes too late.
    let again = try await claim("two", at: now + 11)
    #expect(again.map(\.id) == first.map(\.id))
    #expect(try await !store.settleDelivery(first[0].id, attempt: "one", .delivered(status: 200), at: now))
    #expect(try await store.settleDelivery(first[0].id, attempt: "two", .delivered(status: 200), at: now))
    try await store.settleDelivery(
      first[1].id, attempt: "two", .failed(status: 500, error: "answered 500", next: nil), at: now)
    let dead = try await store.deliveries(of: "w", state: .dead, before: nil, limit: 9)
    #expect(dead.map(\.id) == [first[1].id] && dead[0].lastStatus == 500 && dead[0].attempts == 1)
    let backlog = try await store.webhookBacklog()
    #expect(backlog.pending == 1 && backlog.dead == 1 && backlog.oldest != nil)
    #expect(try await store.replayDeliveries(of: "w", since: nil, at: now) == 1)
    #expect(try await store.replayDelivery(first[0].id, of: "w", at: now)?.message == first[0].message)
    #expect(try await store.replayDelivery(first[0].id, of: "another", at: now) == nil)
    // A disabled one gets none.
    _ = try await store.updateWebhook("w") { $0.isEnabled = false }
    #expect(try await claim("three", at: now + 30).isEmpty)
    #expect(try await store.webhookBacklog().oldest == nil)
    try await store.forgetDeliveries(deliveredBefore: now + 99, deadBefore: now + 99)
    #expect(try await told(store).isEmpty)
  }

  /// An external id can be a person's: it is in no outbox and no delivery, and so goes with its document.
  @Test func aPurgeLeavesNothingInTheOutbox() async throws {
    let sample = try await Sample()
    let store = sample.store
    let name = "ada.lovelace@example.com"
    try await store.addWebhook(webhook(), limit: 9)
    try await sample.write(Sample.document(name, ["The secret of Ada."], title: "Adas title"))
    try await sample.write(Sample.document(name, ["Another secret of Ada."], title: "Adas title"))
    _ = try await store.relayEvents(limit: 1, at: Date())
    let document = try #require(
      try await store.deliveries(of: "w", state: nil, before: nil, limit: 1).first?.document)
    #expect(try await store.externalID(ofDocument: document) == name)
    _ = try await store.purge(name, from: sample.kb)
    #expect(try await store.externalID(ofDocument: document) == nil)
    #expect(try await waiting(sample) == 2, "what is told stays: an update and the purge")
    for file in try FileManager.default.contentsOfDirectory(atPath: sample.folder.url.path) {
      let bytes = try Data(contentsOf: sample.folder.url.appendingPathComponent(file))
      for words in [name, "secret of Ada", "Adas title"] {
        #expect(bytes.range(of: Data(words.utf8)) == nil, "\(file) holds '\(words)'")
      }
    }
    _ = try await relay(store)
    #expect(try await told(store) == ["document.created", "document.updated", "document.purged"])
  }
}
