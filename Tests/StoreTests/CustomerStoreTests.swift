import Domain
import Foundation
import Security
import TestSupport
import Testing

@testable import Store

@Suite struct CustomerStoreTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let anna = Customer(id: "anna-1042", locale: "en-GB", timeZone: "Europe/London")

  private func talk(
    _ store: SQLiteStore, _ customer: Customer?, _ texts: String..., at moment: Date? = nil
  ) async throws -> Conversation {
    let moment = moment ?? now
    let conversation = try await store.open(
      NewConversation(knowledgeBase: "default", channel: "web", customer: customer, opener: nil), at: moment)
    for text in texts {
      _ = try await store.append(
        NewMessage(author: .customer, text: text), to: conversation.id, in: [.bot], at: moment)
    }
    return conversation
  }

  private func export(_ store: SQLiteStore, of customer: String) async throws -> Job {
    let job = try await store.addJob(
      kind: "customer_export", knowledgeBase: "", author: nil, customer: customer, total: 1,
      parts: [JobPart(firstLine: 1, input: Data("{}".utf8))], at: now)
    let hold = try #require(try await store.claimJob(until: now + 9, at: now, forgetting: now - 9))
    let part = try #require(try await store.nextPart(hold))
    _ = try await store.completePart(
      part, JobPartResult(done: 1, failed: 0, lines: Data("handed out".utf8)), hold, at: now)
    try await store.finishJob(hold, errorCode: nil, errorMessage: nil, at: now)
    return job
  }

  /// All bytes of the service's database and its log.
  private func bytes(_ folder: URL) throws -> Data {
    try ["service.db", "service.db-wal"].reduce(into: Data()) { all, name in
      let url = folder.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: url.path) { all.append(try Data(contentsOf: url)) }
    }
  }

  /// The sealed values of a column, as they stand on disk.
  private func sealed(_ sql: String, _ store: SQLiteStore) async throws -> [Data] {
    try await store.service.read { db in
      var values: [Data] = []
      try db.each(sql, []) { values.append(try $0.data(0)) }
      return values
    }
  }

  @Test func whatIsKnownOfACustomer() async throws {
    let sample = try await Sample()
    let store = sample.store
    #expect(try await store.customer("anna-1042") == nil)
    _ = try await talk(store, anna, "one", "two")
    let second = try await talk(store, Customer(id: "anna-1042", locale: "de-AT"), "three")
    _ = try await talk(store, Customer(id: "ben"), "other")
    let record = try #require(try await store.customer("anna-1042"))
    // What the company leaves out stays as it was.
    #expect(record.customer == Customer(id: "anna-1042", locale: "de-AT", timeZone: "Europe/London"))
    #expect(record.conversations == 2 && record.messages == 3)
    #expect(try await store.pseudonym(ofCustomer: "anna-1042") == record.pseudonym)
    #expect(try await store.pseudonym(ofCustomer: "ben") != record.pseudonym)
    #expect(record.pseudonym.count == 16)
    let first = try #require(
      try await store.conversations(ofCustomer: "anna-1042", after: nil, limit: 1).first)
    #expect(
      try await store.conversations(ofCustomer: "anna-1042", after: first, limit: 9).map(\.id) == [second.id])
    #expect(try await store.rectify(Customer(id: "anna-1042", locale: "fr"), at: now))
    #expect(try await store.customer("anna-1042")?.customer == Customer(id: "anna-1042", locale: "fr"))
    #expect(try await !store.rectify(Customer(id: "nobody"), at: now))
  }

  @Test func restrictedDataIsKeptAndNotUsed() async throws {
    let sample = try await Sample()
    let store = sample.store
    let conversation = try await talk(store, anna, "one")
    #expect(try await store.restrict("anna-1042", true, at: now))
    let more = NewMessage(author: .customer, text: "two")
    #expect(try await store.append(more, to: conversation.id, in: [.bot], at: now) == .restricted)
    #expect(await thrownCode { _ = try await talk(store, anna) } == "customer_restricted")
    #expect(try await store.conversation(conversation.id)?.isRestricted == true)
    #expect(try await store.restrict("anna-1042", false, at: now))
    guard case .added = try await store.append(more, to: conversation.id, in: [.bot], at: now) else {
      throw CancellationError()
    }
  }

  @Test func erasureLeavesNoByte() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteStore(folder: folder.url, options: Sample.options)
    let gone = try await talk(store, anna, "My address is Mill Lane", "thanks")
    let stays = try await talk(store, Customer(id: "ben"), "Hello")
    _ = try await export(store, of: "anna-1042")
    let own = try await store.addJob(
      kind: "customer_erasure", knowledgeBase: "", author: nil, customer: "anna-1042", total: 1, parts: [],
      at: now)
    // Sealed values are what stands on disk: those that go are looked for by their own bytes.
    let doomed =
      try await sealed("SELECT body FROM messages WHERE conversation = 1", store)
      + sealed("SELECT sealed FROM customers WHERE id = 1", store)
      + sealed("SELECT result FROM job_parts WHERE result IS NOT NULL", store)
      + [Data(gone.id.utf8)]
    #expect(doomed.count == 5)
    let before = try bytes(folder.url)
    for value in doomed { #expect(before.range(of: value) != nil) }
    let outcome = try await store.erase(customer: "anna-1042", by: own.id, at: now)
    #expect(outcome == .erased(ErasureReceipt(conversations: 1, messages: 2, exports: 1)))
    let after = try bytes(folder.url)
    for value in doomed { #expect(after.range(of: value) == nil) }
    #expect(try await store.customer("anna-1042") == nil)
    #expect(try await store.conversation(gone.id) == nil)
    #expect(try await store.job(own.id) != nil, "the job that tells of it went, too")
    #expect(try await store.messages(of: stays.id, after: 0, limit: 9).map(\.text) == ["Hello"])
    // Once more does no harm, nor does it for somebody unknown.
    #expect(
      try await store.erase(customer: "anna-1042", by: nil, at: now)
        == .erased(ErasureReceipt(conversations: 0, messages: 0, exports: 0)))
    #expect(try await store.job(own.id) != nil, "its receipt tells of it")
    // Positions are not given twice: who tails the log misses nothing.
    let head = try await store.messageHead()
    _ = try await talk(store, Customer(id: "carl"), "Hi")
    #expect(try await store.messageHead() == head + 1)
  }

  /// A purge reaches what was quoted to customers.
  @Test func aPurgeTakesItsQuotesOutOfAnswers() async throws {
    let folder = try TemporaryFolder()
    let sample = try await Sample(folder: folder)
    let store = sample.store
    try await sample.write(Sample.document("secret", ["text"]), Sample.document("open", ["text"]))
    let conversation = try await talk(store, anna, "What is it?")
    var quoted: [Data] = []
    for (number, name) in ["secret", "open"].enumerated() {
      let id = try #require(try await store.document(name, in: sample.kb)).id.rawValue
      let answer = Data(#"{"answer":{"text":"It is \#(name)."},"citations":[{"document_id":"\#(id)"}]}"#.utf8)
      _ = try await store.append(
        NewMessage(author: .bot, text: "It is \(name).", answer: answer, inReplyTo: number + 1),
        to: conversation.id, in: [.bot], at: now)
      quoted = try await sealed("SELECT body FROM messages WHERE author = 'bot'", store)
    }
    #expect(quoted.count == 2)
    _ = try await store.purge("secret", from: sample.kb)
    let texts = try await store.messages(of: conversation.id, after: 1, limit: 9)
    #expect(texts.map(\.text) == [Message.withheldText, "It is open."])
    #expect(texts[0].answer == nil && texts[1].answer != nil)
    let files = try bytes(folder.url)
    #expect(files.range(of: quoted[0]) == nil && files.range(of: quoted[1]) != nil)
    // A process that was killed after the purge left word of it.
    _ = try await store.append(
      NewMessage(
        author: .bot, text: "late", answer: Data(#"{"citations":[{"document_id":"1"}]}"#.utf8), inReplyTo: 9),
      to: conversation.id, in: [.bot], at: now)
    try await store.markQuotesPending(of: 1)
    try await store.withholdPendingQuotes()
    #expect(
      try await store.messages(of: conversation.id, after: 3, limit: 9).map(\.text) == [Message.withheldText])
  }

  @Test func aHoldBarsErasureAndSaysSo() async throws {
    let sample = try await Sample()
    let store = sample.store
    _ = try await talk(store, anna, "one", at: now - 1000)
    #expect(try await store.hold("anna-1042", reason: "claim 77", at: now - 1000))
    #expect(try await store.customer("anna-1042")?.hold == "claim 77")
    #expect(try await store.erase(customer: "anna-1042", by: nil, at: now) == .held(reason: "claim 77"))
    #expect(try await store.eraseConversations(idleSince: now, limit: 10) == 0)
    #expect(try await store.customer("anna-1042")?.messages == 1)
    // A backup that is restored does not forget what is held.
    let ledger = sample.folder.url.appendingPathComponent(ErasureLedger.name)
    #expect(!FileManager.default.fileExists(atPath: ledger.path))
    #expect(try await store.hold("anna-1042", reason: nil, at: now))
    #expect(
      try await store.erase(customer: "anna-1042", by: nil, at: now)
        == .erased(ErasureReceipt(conversations: 1, messages: 1, exports: 0)))
    #expect(try ErasureLedger.entries(of: ledger).map(\.kind) == [.customer])
  }

  @Test func whatIsOldIsErased() async throws {
    let sample = try await Sample()
    let store = sample.store
    let old = try await talk(store, anna, "old", at: now - 100)
    _ = try await talk(store, nil, "older", at: now - 200)
    let new = try await talk(store, Customer(id: "ben"), "new", at: now)
    #expect(try await store.eraseConversations(idleSince: now - 50, limit: 1) == 1)
    #expect(try await store.eraseConversations(idleSince: now - 50, limit: 10) == 1)
    #expect(try await store.conversation(old.id) == nil)
    #expect(try await store.customer("anna-1042") == nil)
    #expect(try await store.conversation(new.id) != nil)
    #expect(try await store.customer("ben") != nil)
  }

  @Test func aRestoredBackupForgetsWhatWasErasedSince() async throws {
    let sample = try await Sample()
    let store = sample.store
    _ = try await talk(store, anna, "one")
    _ = try await talk(store, Customer(id: "ben"), "two")
    try await sample.write(Sample.document("secret", ["text"]))
    try await sample.write(Sample.document("open", ["text"]))
    let backup = sample.folder.url.appendingPathComponent("../backup-\(UUID().uuidString)").standardized
    defer { try? FileManager.default.removeItem(at: backup) }
    try await store.backup(to: backup)
    _ = try await store.erase(customer: "anna-1042", by: nil, at: now)
    _ = try await store.purge("secret", from: sample.kb)
    let ledger = try ErasureLedger.entries(of: sample.folder.url.appendingPathComponent(ErasureLedger.name))
    #expect(ledger.map(\.kind) == [.customer, .document])
    let target = try TemporaryFolder()
    try SQLiteStore.restore(from: backup, into: target.url, erasures: ledger)
    let key = MasterKeyFile.name
    try FileManager.default.copyItem(
      at: sample.folder.url.appendingPathComponent(key), to: target.url.appendingPathComponent(key))
    let restored = try SQLiteStore(folder: target.url, options: Sample.options)
    #expect(try await restored.customer("anna-1042") != nil, "the backup is from before")
    #expect(try await restored.finishRestore() ?? (0, 0) == (2, 0))
    #expect(try await restored.finishRestore() == nil, "nothing is left to do")
    #expect(try await restored.customer("anna-1042") == nil)
    #expect(try await restored.customer("ben") != nil)
    #expect(try await restored.document("secret", in: sample.kb) == nil)
    #expect(try await restored.document("open", in: sample.kb) != nil)
    // What was forgotten once more is remembered there, for the next restore.
    let again = try ErasureLedger.entries(of: target.url.appendingPathComponent(ErasureLedger.name))
    #expect(Set(again.map(\.subject)) == Set(ledger.map(\.subject)))
  }

  @Test func whatCameBackBeforeTheBackupStays() async throws {
    let clock = ManualClock()
    let sample = try await Sample(clock.options)
    let store = sample.store
    _ = try await talk(store, anna, "January")
    _ = try await store.erase(customer: "anna-1042", by: nil, at: clock.options.now())
    clock.advance(100)
    _ = try await talk(store, anna, "February")
    let backup = sample.folder.url.appendingPathComponent("../backup-\(UUID().uuidString)").standardized
    defer { try? FileManager.default.removeItem(at: backup) }
    try await store.backup(to: backup)
    let ledger = try ErasureLedger.entries(of: sample.folder.url.appendingPathComponent(ErasureLedger.name))
    let target = try TemporaryFolder()
    try SQLiteStore.restore(from: backup, into: target.url, erasures: ledger)
    let key = MasterKeyFile.name
    try FileManager.default.copyItem(
      at: sample.folder.url.appendingPathComponent(key), to: target.url.appendingPathComponent(key))
    let restored = try SQLiteStore(folder: target.url, options: clock.options)
    #expect(try await restored.finishRestore() ?? (9, 9) == (0, 0))
    #expect(try await restored.customer("anna-1042")?.messages == 1)
  }

  /// Its pseudonyms mean nothing there.
  @Test func aLedgerOfAnotherStoreIsRefused() async throws {
    let (one, other) = (try await Sample(), try await Sample())
    _ = try await one.store.erase(customer: "anna-1042", by: nil, at: now)
    _ = try await talk(other.store, anna, "one")
    let ledger = try ErasureLedger.entries(of: one.folder.url.appendingPathComponent(ErasureLedger.name))
    #expect(await thrownCode { _ = try await other.store.reapply(ledger) } == "restore_refused")
    #expect(try await other.store.customer("anna-1042") != nil)
  }

  @Test func erasureTakesEventsAlong() async throws {
    let sample = try await Sample()
    let store = sample.store
    try await store.addWebhook(
      Webhook(
        id: "w", url: "https://hooks.example.com/", interest: EventInterest(types: [], knowledgeBases: []),
        isEnabled: true, secrets: [.init(sealed: Data([1]))], createdAt: now, updatedAt: now), limit: 9)
    _ = try await talk(store, anna, "one")
    while try await store.relayEvents(limit: 2, at: now) > 0 {}
    _ = try await talk(store, anna, "two")
    _ = try await talk(store, Customer(id: "ben"), "other")
    _ = try await store.erase(customer: "anna-1042", by: nil, at: now)
    while try await store.relayEvents(limit: 2, at: now) > 0 {}
    let left = try await store.deliveries(of: "w", state: nil, before: nil, limit: 99).map(\.type)
    #expect(left.sorted() == ["conversation.opened", "message.created"])
  }

  @Test func aLedgerWithRubbishIsRefused() async throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("ledger", "{\"kind\":\"customer\",\"subject\":\"00\",\"at\":\"x\"}\n")
    #expect(await thrownCode { _ = try ErasureLedger.entries(of: file) } == "restore_refused")
    #expect(
      await thrownCode { _ = try ErasureLedger.entries(of: folder.url.appendingPathComponent("none")) }
        == "restore_refused")
  }
}
