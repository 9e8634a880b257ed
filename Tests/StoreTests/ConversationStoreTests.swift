import Domain
import Foundation
import Security
import TestSupport
import Testing

@testable import Store

@Suite struct ConversationStoreTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let customer = Customer(id: "c-1042", locale: "en-GB", timeZone: "Europe/London")

  private func open(_ store: SQLiteStore, _ customer: Customer? = nil) async throws -> Conversation {
    try await store.open(
      NewConversation(knowledgeBase: "default", channel: "web", customer: customer, opener: "key:1"), at: now)
  }

  private func say(
    _ text: String, _ client: String? = nil, in conversation: Conversation, _ store: SQLiteStore
  ) async throws -> MessageOutcome? {
    try await store.append(
      NewMessage(author: .customer, text: text, clientID: client), to: conversation.id, in: [.bot], at: now)
  }

  private func message(_ outcome: MessageOutcome?) throws -> Message {
    switch outcome {
    case .added(let message), .repeated(let message): return message
    default: throw CancellationError()
    }
  }

  @Test func messagesAreNumberedWithoutGapsAndSurviveARestart() async throws {
    let folder = try TemporaryFolder()
    let id: String
    do {
      let store = try SQLiteStore(folder: folder.url, options: Sample.options)
      let conversation = try await open(store, customer)
      id = conversation.id
      #expect(conversation.status == .bot && conversation.lastSequence == 0)
      for number in 1...3 {
        #expect(try message(try await say("text \(number)", in: conversation, store)).sequence == number)
      }
      try await store.close()
    }
    let store = try SQLiteStore(folder: folder.url, options: Sample.options)
    let found = try #require(try await store.conversation(id))
    #expect(found.lastSequence == 3 && found.customer == "c-1042" && found.opener == "key:1")
    #expect(try await store.messages(of: id, after: 1, limit: 10).map(\.text) == ["text 2", "text 3"])
    #expect(try await store.messages(of: id, after: 0, limit: 2).map(\.sequence) == [1, 2])
    #expect(try await store.latestMessages(of: id, limit: 2).map(\.sequence) == [2, 3])
    #expect(try await store.conversation("missing") == nil)
    #expect(
      try await store.append(NewMessage(author: .bot, text: ""), to: "missing", in: [.bot], at: now) == nil)
  }

  @Test func sayingItAgainSaysItOnce() async throws {
    let sample = try await Sample()
    let store = sample.store
    let (a, b) = (try await open(store), try await open(store))
    let first = try await say("Hello", "m1", in: a, store)
    guard case .added(let said) = first else { throw CancellationError() }
    #expect(try await say("Hello", "m1", in: a, store) == .repeated(said))
    #expect(try await say("Another", "m1", in: a, store) == .differs)
    // A name is of its conversation.
    guard case .added = try await say("Hello", "m1", in: b, store) else { throw CancellationError() }
    let reply = NewMessage(author: .bot, text: "Yes.", answer: Data("{}".utf8), inReplyTo: said.sequence)
    guard case .added(let answered) = try await store.append(reply, to: a.id, in: [.bot], at: now) else {
      throw CancellationError()
    }
    let other = NewMessage(author: .bot, text: "No.", inReplyTo: said.sequence)
    #expect(try await store.append(other, to: a.id, in: [.bot], at: now) == .repeated(answered))
    #expect(try await store.reply(to: said.sequence, in: a.id) == answered)
    #expect(try await store.reply(to: 99, in: a.id) == nil)
    #expect(try await store.messages(of: a.id, after: 0, limit: 10) == [said, answered])
  }

  @Test func aStateDecidesWhoSpeaks() async throws {
    let sample = try await Sample()
    let store = sample.store
    let conversation = try await open(store)
    #expect(try await store.change(conversation.id, to: .agent, at: now)?.status == .agent)
    #expect(try await say("Hello", in: conversation, store) == .refused(.agent))
    let told = try await store.messages(of: conversation.id, after: 0, limit: 10)
    #expect(told.map(\.author) == [.system] && told.map(\.status) == [.agent])
    // The same state again is no news.
    #expect(try await store.change(conversation.id, to: .agent, at: now)?.lastSequence == 1)
  }

  @Test func manyWritersGetEachNumberOnce() async throws {
    let folder = try TemporaryFolder()
    let stores = [
      try SQLiteStore(folder: folder.url, options: Sample.options),
      try SQLiteStore(folder: folder.url, options: Sample.options),
    ]
    let conversation = try await open(stores[0])
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for number in 0..<40 {
        tasks.addTask {
          _ = try await say("\(number)", "m\(number % 20)", in: conversation, stores[number % 2])
        }
      }
      // Twenty names, each with two texts: one of them is said, the other differs.
      try await tasks.waitForAll()
    }
    let said = try await stores[0].messages(of: conversation.id, after: 0, limit: 100)
    #expect(said.map(\.sequence) == Array(1...20))
    #expect(Set(said.map { (Int($0.text) ?? -1) % 20 }) == Set(0..<20))
    let log = try await stores[1].messagePositions(after: 0, limit: 100)
    #expect(log.map(\.sequence) == Array(1...20) && log.map(\.position) == log.map(\.position).sorted())
  }

  @Test func anotherProcessHearsOfIt() async throws {
    let folder = try TemporaryFolder()
    let (own, other) = (
      try SQLiteStore(folder: folder.url, options: Sample.options),
      try SQLiteStore(folder: folder.url, options: Sample.options)
    )
    let conversation = try await open(own)
    var (here, there) = (
      own.messageSignals().makeAsyncIterator(), other.messageSignals().makeAsyncIterator()
    )
    // Each begins with one for nothing.
    _ = (await here.next(), await there.next())
    let head = try await other.messageHead()
    _ = try await say("Hello", in: conversation, own)
    #expect(await here.next() != nil)
    while try await other.messageHead() == head { _ = await there.next() }
    #expect(try await other.messagePositions(after: head, limit: 10).map(\.conversation) == [conversation.id])
  }

  // MARK: At rest

  /// Every file of a folder, one after the other.
  private func bytes(of folder: TemporaryFolder) throws -> Data {
    var all = Data()
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() {
      all.append(try Data(contentsOf: folder.url.appendingPathComponent(name)))
    }
    return all
  }

  @Test func nothingThatIsSaidStandsInTheFiles() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteStore(folder: folder.url, options: Sample.options)
    let conversation = try await open(store, customer)
    _ = try await say("My parcel to Mill Lane is lost", "client-name-1", in: conversation, store)
    let answer = NewMessage(author: .bot, text: "Parcels take days", answer: Data("{\"quoted\":1}".utf8))
    _ = try await store.append(answer, to: conversation.id, in: [.bot], at: now)
    let files = try bytes(of: folder)
    for text in ["Mill Lane", "Parcels take", "quoted", "c-1042", "Europe/London", "client-name-1"] {
      #expect(files.range(of: Data(text.utf8)) == nil, "\(text)")
    }
    // They would be found if they were there.
    #expect(files.range(of: Data(conversation.id.utf8)) != nil)
  }

  @Test func aMovedMessageDoesNotOpen() async throws {
    let folder = try TemporaryFolder()
    let store = try SQLiteStore(folder: folder.url, options: Sample.options)
    let (a, b) = (try await open(store), try await open(store))
    _ = try await say("one", in: a, store)
    _ = try await say("two", in: b, store)
    try await store.service.write { db in
      let body = try db.row("SELECT body FROM messages WHERE position = 1").map { try $0.data(0) }
      try db.run("UPDATE messages SET body = ? WHERE position = 2", body)
    }
    #expect(try await store.messages(of: a.id, after: 0, limit: 1).map(\.text) == ["one"])
    #expect(
      await thrownCode { _ = try await store.messages(of: b.id, after: 0, limit: 1) } == "store_corrupt")
  }

  @Test func withoutItsMasterKeyAFolderOpensButTellsNothing() async throws {
    let folder = try TemporaryFolder()
    do {
      let store = try SQLiteStore(folder: folder.url, options: Sample.options)
      _ = try await say("one", in: try await open(store), store)
      try await store.close()
    }
    let key = folder.url.appendingPathComponent(MasterKeyFile.name)
    let saved = try Data(contentsOf: key)
    try FileManager.default.removeItem(at: key)
    do {
      let store = try SQLiteStore(folder: folder.url, options: Sample.options)
      #expect(await thrownCode { try await store.requireMasterKey() } == "master_key_missing")
      #expect(await thrownCode { _ = try await open(store) } == "master_key_missing")
      #expect(!FileManager.default.fileExists(atPath: key.path), "another key was made beside sealed values")
      try await store.close()
    }
    var options = Sample.options
    options.masterKeys = MasterKeys([Data(repeating: 7, count: 32)])
    let other = try SQLiteStore(folder: folder.url, options: options)
    #expect(await thrownCode { try await other.requireMasterKey() } == "master_key_wrong")
    options.masterKeys = MasterKeys(text: String(decoding: saved, as: UTF8.self))
    try await SQLiteStore(folder: folder.url, options: options).requireMasterKey()
  }

  @Test func dataKeysAreRotatedWhileMessagesComeIn() async throws {
    let folder = try TemporaryFolder()
    let (store, other) = (
      try SQLiteStore(folder: folder.url, options: Sample.options),
      try SQLiteStore(folder: folder.url, options: Sample.options)
    )
    let conversation = try await open(store, customer)
    for number in 1...30 { _ = try await say("early \(number)", in: conversation, store) }
    let job = try await store.addJob(
      kind: "bulk", knowledgeBase: "default", author: nil, total: 1,
      parts: [JobPart(firstLine: 1, input: Data("{\"text\":\"sent\"}".utf8))], at: now)
    let before = try await store.dataKeys()
    async let rotated = store.rotateDataKey(at: now)
    for number in 1...30 { _ = try await say("late \(number)", in: conversation, other) }
    // Every message, the customer and the job's input, but what came in under the new key.
    #expect(try await rotated >= 32)
    // A key that was superseded a moment ago stays for what is on its way.
    try await store.forgetDataKeys(supersededBefore: now)
    #expect(try await store.dataKeys().map(\.purpose) == [.lookup, .seal, .seal])
    try await store.forgetDataKeys(supersededBefore: now + 1)
    let keys = try await store.dataKeys()
    #expect(keys.map(\.purpose) == [.lookup, .seal] && keys[1].number > before[1].number)
    #expect(keys[1].isCurrent && keys[1].values == 62)
    for reader in [store, other] {
      let texts = try await reader.messages(of: conversation.id, after: 0, limit: 100).map(\.text)
      #expect(texts == (1...30).map { "early \($0)" } + (1...30).map { "late \($0)" })
      #expect(try await reader.conversation(conversation.id)?.customer == "c-1042")
    }
    let hold = try #require(
      try await other.claimJob(until: now + 9, at: now, forgetting: now - 9))
    #expect(hold.job.id == job.id)
    #expect(try await other.nextPart(hold)?.input == Data("{\"text\":\"sent\"}".utf8))
  }

  @Test func theMasterKeyIsChangedByWrappingAgain() async throws {
    let folder = try TemporaryFolder()
    let (first, second) = (String(repeating: "1a", count: 32), String(repeating: "2b", count: 32))
    func store(_ text: String) throws -> SQLiteStore {
      var options = Sample.options
      options.masterKeys = MasterKeys(text: text)
      return try SQLiteStore(folder: folder.url, options: options)
    }
    let id = try await open(try store(first), customer).id
    #expect(try await store(second + "\n" + first).rewrapDataKeys() == 2)
    #expect(try await store(second).conversation(id)?.customer == "c-1042")
    #expect(await thrownCode { try await store(first).requireMasterKey() } == "master_key_wrong")
    #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("master.key").path))
  }

  @Test func secretsOfOthersAreSealedForTheirPlace() async throws {
    let sample = try await Sample()
    let store = sample.store
    let sealed = try await store.seal(Data("whsec_x".utf8), context: "a")
    #expect(sealed.range(of: Data("whsec".utf8)) == nil)
    #expect(try await store.open(sealed, context: "a") == Data("whsec_x".utf8))
    #expect(try await store.open(sealed, context: "b") == nil)
    #expect(try await store.open(sealed.dropLast(), context: "a") == nil)
    #expect(try await store.open(Data("plain".utf8), context: "a") == nil)
  }

  /// What `SealedColumn` does not name is lost when keys are rotated.
  @Test func everySealedColumnIsNamed() async throws {
    let sample = try await Sample()
    let store = sample.store
    let conversation = try await open(store, customer)
    _ = try await say("x", in: conversation, store)
    let named = Set(SealedColumn.all.map { "\($0.table).\($0.column)" })
    let columns = try await store.service.read { db in
      var columns: Set<String> = []
      try db.each(
        """
        SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
        WHERE t.type = 'table' AND c.type = 'BLOB'
        """, []
      ) { columns.insert("\(try $0.text(0)).\(try $0.text(1))") }
      return columns
    }
    // Hashes, pseudonyms and what is no secret; a new BLOB column belongs into one of the two lists.
    let open: Set = [
      "access_keys.secret_hash", "access_keys.overlap_hash", "audit.actor", "audit.action", "audit.target",
      "audit.hash", "customers.lookup", "data_keys.master", "data_keys.wrapped", "idempotency.scope",
      "idempotency.fingerprint", "jobs.subject", "messages.client",
      // Digests, and events, which hold ids, states and times.
      "staff_sessions.secret_hash", "used_logins.state", "outbox.data", "webhook_deliveries.data",
    ]
    #expect(columns == named.union(open))
  }
}
