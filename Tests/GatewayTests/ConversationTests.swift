import Conversation
import Domain
import Foundation
import HTTPTypes
import Retrieval
import Security
import Store
import TestSupport
import Testing

@testable import Gateway

@Suite struct ConversationTests {
  private static let origin = "https://shop.example"

  private func token(_ gateway: Gateway, customer: String?) async throws -> String {
    let made = try await gateway.send(
      .post, "/v1/tokens", key: Backend.ownerKey,
      json: [
        "scope": "chat", "origin": .string(Self.origin), "kbs": ["default"],
        "customer": customer.map { .string($0) } ?? .null,
      ])
    return try #require(made.at("token")?.text)
  }

  private func send(
    _ gateway: Gateway, _ method: HTTPRequest.Method, _ uri: String, as key: String, _ json: JSONValue? = nil
  ) async throws -> Reply {
    try await gateway.send(
      method, uri, key: key,
      headers: key.hasPrefix(BrowserToken.marker) ? ["Origin": Self.origin] : [:],
      body: json.map { JSONText.data($0) })
  }

  private func open(_ gateway: Gateway, as key: String, _ json: JSONValue = [:]) async throws -> String {
    let reply = try await send(gateway, .post, "/v1/conversations", as: key, json)
    #expect(reply.status == 201, "\(reply.text)")
    return try #require(reply.at("conversation.id")?.text)
  }

  @Test func aConversationIsAnsweredInTheLightOfWhatWasSaid() async throws {
    let backend = try Backend(answerThreshold: 0)
    try await backend.put("returns", "Returns of shoes take 30 days. Keep the receipt.", title: "Returns")
    let gateway = try backend.gateway()
    let key = try await backend.key(.service)
    let id = try await open(gateway, as: key, ["channel": "web", "customer": ["id": "c-1"]])
    let said = try await send(
      gateway, .post, "/v1/conversations/\(id)/messages", as: key,
      ["text": "How long do returns of shoes take?", "client_id": "m1"])
    #expect(said.status == 200, "\(said.text)")
    #expect(said.at("message.seq") == 1)
    #expect(said.at("reply.message.seq") == 2)
    #expect(said.at("reply.answer.text")?.text?.contains("30 days") == true, "\(said.text)")
    #expect(said.at("reply.citations")?.elements.first?["external_id"] == "returns")
    let listed = try await send(gateway, .get, "/v1/conversations/\(id)/messages", as: key)
    #expect(listed.at("messages")?.elements.compactMap { $0["author"]?.text } == ["customer", "bot"])
    #expect(listed.at("messages")?.elements[1]["reply"]?["answer"] == said.at("reply.answer"))
    #expect(listed.at("has_more") == false)
    let rest = try await send(gateway, .get, "/v1/conversations/\(id)/messages?after=1&limit=1", as: key)
    #expect(rest.at("messages")?.elements.compactMap { $0["seq"] } == [2])
    // The engine is asked with what went before, and without what only happened.
    let asked = Asked()
    let service = ConversationService(store: backend.store)
    let principal = Principal(
      key: try #require(try await backend.store.accessKey(secretHash: AccessKeySecret.hash(of: key))))
    _ = try await service.say("And boots?", clientID: nil, in: id, for: principal) { request in
      await asked.note(request)
      return try await backend.engine.answer(request)
    }
    #expect(await asked.requests.map { $0.history.map(\.role) } == [[.customer, .assistant]])
  }

  private actor Asked {
    var requests: [AnswerRequest] = []
    func note(_ request: AnswerRequest) { requests.append(request) }
  }

  @Test func sentAgainItIsSaidOnceAndAnsweredTheSame() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let key = try await backend.key(.service)
    let id = try await open(gateway, as: key)
    let uri = "/v1/conversations/\(id)/messages"
    let first = try await send(gateway, .post, uri, as: key, ["text": "Hello?", "client_id": "m1"])
    let again = try await send(gateway, .post, uri, as: key, ["text": "Hello?", "client_id": "m1"])
    #expect(first.status == 200 && first.json == again.json)
    let other = try await send(gateway, .post, uri, as: key, ["text": "Bye.", "client_id": "m1"])
    #expect(other.status == 409 && other.code == "message_conflict")
    let byHeader = try await gateway.send(
      .post, uri, key: key, headers: ["Idempotency-Key": "m1"],
      body: JSONText.data(["text": "Hello?"] as JSONValue))
    #expect(byHeader.at("message") == first.at("message"))
    // Killed between the question and its answer: the same message brings the answer.
    let store = backend.store
    let kept = try await store.append(
      NewMessage(author: .customer, text: "Lost?", clientID: "m2"), to: id, in: [.bot], at: Date())
    guard case .added(let lost) = kept else { throw CancellationError() }
    let answered = try await send(gateway, .post, uri, as: key, ["text": "Lost?", "client_id": "m2"])
    #expect(answered.at("message.id")?.text == lost.id)
    #expect(answered.at("reply.message.seq") == .integer(Int64(lost.sequence + 1)))
  }

  @Test func whoseConversationItIs() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let (own, other) = (try await backend.key(.service), try await backend.key(.service))
    let supervisor = try await backend.key(.supervisor)
    let agent = try await backend.key(.agent)
    let (anna, ben) = (
      try await token(gateway, customer: "anna"), try await token(gateway, customer: "ben")
    )
    let nobody = try await token(gateway, customer: nil)
    let byService = try await open(gateway, as: own, ["customer": ["id": "anna"]])
    let byAnna = try await open(gateway, as: anna)
    let byNobody = try await open(gateway, as: nobody)
    // Conversation, who asks, and whether it is there for them.
    let cases: [(String, String, String, Bool)] = [
      ("service", byService, own, true), ("another service", byService, other, false),
      ("their customer", byService, anna, true), ("another customer", byService, ben, false),
      ("nobody in particular", byService, nobody, false), ("a supervisor", byService, supervisor, true),
      ("an agent of none", byService, agent, false), ("anna", byAnna, anna, true),
      ("ben", byAnna, ben, false), ("nobody", byNobody, nobody, true), ("anna's", byNobody, anna, false),
      ("a service's", byNobody, own, false),
    ]
    for (who, id, key, isThere) in cases {
      for uri in ["/v1/conversations/\(id)", "/v1/conversations/\(id)/messages"] {
        let reply = try await send(gateway, .get, uri, as: key)
        #expect(reply.status == (isThere ? 200 : 404), "\(who): \(reply.text)")
        if !isThere { #expect(reply.code == "conversation_not_found", "\(who)") }
      }
    }
    let speaks = try await send(
      gateway, .post, "/v1/conversations/\(byService)/messages", as: ben, ["text": "Hello?"])
    #expect(speaks.status == 404)
    let forAnother = try await send(
      gateway, .post, "/v1/conversations", as: anna, ["customer": ["id": "ben"]])
    #expect(forAnother.status == 403)
    let named = try await send(gateway, .post, "/v1/conversations", as: nobody, ["customer": ["id": "ben"]])
    #expect(named.status == 403)
    // What is read without taking part is on record, with no name in it.
    let entries = try await backend.store.auditEntries(after: 0, limit: 1000)
    let reads = entries.filter { $0.event.action == "transcript.read" }
    #expect(reads.map(\.event.target) == [byService])
    // A conversation that waits for an agent is there for agents.
    _ = try await backend.store.change(byService, to: .waiting, at: Date())
    #expect(try await send(gateway, .get, "/v1/conversations/\(byService)", as: agent).status == 200)
  }

  /// Visitors whom no token names share their site's key, and nothing else.
  @Test func oneVisitorsIdempotencyKeyIsNotAnothers() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let (one, two) = (try await token(gateway, customer: nil), try await token(gateway, customer: nil))
    var ids: [String] = []
    for visitor in [one, two, one] {
      let reply = try await gateway.send(
        .post, "/v1/conversations", key: visitor,
        headers: ["Origin": Self.origin, "Idempotency-Key": "open-1"], body: Data("{}".utf8))
      ids.append(try #require(reply.at("conversation.id")?.text, "\(reply.text)"))
    }
    #expect(ids[0] != ids[1] && ids[0] == ids[2])
  }

  /// An answer that was right for whom it was given to may quote what its later reader may not see.
  @Test func answersAreReadWithTheEyesOfTheirReader() async throws {
    let backend = try Backend(answerThreshold: 0)
    let text = "Returns of shoes take 30 days. Keep the receipt."
    try await backend.put("returns", text, title: "Returns", visibility: .groups(["vip"]))
    let gateway = try backend.gateway()
    let (vip, agent) = (
      try await backend.key(.service, groups: ["vip"]), try await backend.key(.supervisor)
    )
    let id = try await open(gateway, as: vip)
    let uri = "/v1/conversations/\(id)/messages"
    let said = try await send(
      gateway, .post, uri, as: vip, ["text": "How long do returns of shoes take?", "client_id": "m"])
    #expect(said.text.contains("30 days"), "\(said.text)")
    #expect(try await send(gateway, .get, uri, as: vip).text.contains("30 days"))
    let others = try await send(gateway, .get, uri, as: agent)
    #expect(others.status == 200 && !others.text.contains("30 days"), "\(others.text)")
    #expect(others.at("messages")?.elements[1]["reply"] == .null)
    // Erased, it is nobody's any more; also where the message is sent again.
    _ = try await gateway.send(
      .delete, "/v1/kbs/default/documents/returns?purge=true", key: Backend.ownerKey)
    #expect(try await !send(gateway, .get, uri, as: vip).text.contains("30 days"))
    let again = try await send(
      gateway, .post, uri, as: vip, ["text": "How long do returns of shoes take?", "client_id": "m"])
    #expect(again.status == 200 && !again.text.contains("30 days"), "\(again.text)")
  }

  @Test func aKnowledgeBaseOfTheSameNameHasNoneOfTheOlds() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    _ = try await backend.store.createKnowledgeBase(named: "shop", model: KnowledgeBase.noModel)
    let id = try await open(gateway, as: Backend.ownerKey, ["kb": "shop"])
    let scoped = try await backend.key(.supervisor, knowledgeBases: ["shop"])
    #expect(try await send(gateway, .get, "/v1/conversations/\(id)", as: scoped).status == 200)
    _ = try await send(gateway, .delete, "/v1/kbs/shop", as: Backend.ownerKey)
    _ = try await backend.store.createKnowledgeBase(named: "shop", model: KnowledgeBase.noModel)
    #expect(try await send(gateway, .get, "/v1/conversations/\(id)", as: scoped).status == 404)
  }

  @Test func theBotIsSilentWhereAnAgentSpeaksAndNobodyAfterTheEnd() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let key = try await backend.key(.service)
    let id = try await open(gateway, as: key)
    _ = try await backend.store.change(id, to: .agent, at: Date())
    let uri = "/v1/conversations/\(id)/messages"
    let said = try await send(gateway, .post, uri, as: key, ["text": "Is anybody there?"])
    #expect(said.status == 200 && said.at("reply") == .null, "\(said.text)")
    let closed = try await send(gateway, .post, "/v1/conversations/\(id)/close", as: key)
    #expect(closed.at("conversation.status") == "closed")
    let late = try await send(gateway, .post, uri, as: key, ["text": "Hello?"])
    #expect(late.status == 409 && late.code == "conversation_closed")
    let listed = try await send(gateway, .get, uri, as: key)
    #expect(listed.at("messages")?.elements.compactMap { $0["status"]?.text } == ["agent", "closed"])
  }

  /// The lease of an agent who accepts while the bot still thinks counts.
  @Test func anAnswerThatComesTooLateIsNotSaid() async throws {
    let backend = try Backend()
    let key = try await backend.key(.service)
    let id = try await open(try backend.gateway(), as: key)
    let principal = Principal(
      key: try #require(try await backend.store.accessKey(secretHash: AccessKeySecret.hash(of: key))))
    let turn = try await ConversationService(store: backend.store).say(
      "Hello?", clientID: nil, in: id, for: principal
    ) { request in
      _ = try await backend.store.change(id, to: .agent, at: Date())
      return try await backend.engine.answer(request)
    }
    #expect(turn.reply == nil)
    let authors = try await backend.store.messages(of: id, after: 0, limit: 10).map(\.author)
    #expect(authors == [.customer, .system])
  }

  @Test func cardsAreNeverStoredAndMoreIsMaskedBySetting() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let key = try await backend.key(.service)
    let id = try await open(gateway, as: key)
    let text = "Card 4111 1111 1111 1111, mail anna@example.com"
    _ = try await send(gateway, .post, "/v1/conversations/\(id)/messages", as: key, ["text": .string(text)])
    let stored = try await backend.store.messages(of: id, after: 0, limit: 1).first?.text
    #expect(stored == "Card **** **** **** 1111, mail anna@example.com")
    var options = ConversationService.Options()
    options.redactsTranscripts = true
    let principal = Principal(
      key: try #require(try await backend.store.accessKey(secretHash: AccessKeySecret.hash(of: key))))
    let turn = try await ConversationService(store: backend.store, options: options).say(
      text, clientID: nil, in: id, for: principal
    ) { try await backend.engine.answer($0) }
    #expect(!turn.message.text.contains("anna@example.com") && !turn.message.text.contains("4111"))
    let asID = try await send(
      gateway, .post, "/v1/conversations", as: key, ["customer": ["id": "4111111111111111"]])
    #expect(asID.status == 400 && asID.code == "invalid_field")
  }

  @Test(arguments: [
    ("/v1/conversations", #"{"channel":"Web Site"}"#, "invalid_field"),
    ("/v1/conversations", #"{"channel":""}"#, "invalid_field"),
    ("/v1/conversations", #"{"customer":{}}"#, "missing_field"),
    ("/v1/conversations", #"{"customer":"anna"}"#, "invalid_field"),
    ("/v1/conversations", #"{"customer":{"id":""}}"#, "invalid_field"),
    ("/v1/conversations", #"{"kb":"missing"}"#, "kb_not_found"),
    ("/v1/conversations", "[]", "invalid_json"),
    ("messages", "{}", "missing_field"), ("messages", #"{"text":"  "}"#, "invalid_field"),
    ("messages", #"{"text":7}"#, "invalid_field"),
    ("messages", #"{"text":"x","client_id":""}"#, "invalid_field"),
    ("messages", "LONG", "invalid_field"),
  ])
  func whatIsRefused(path: String, body: String, code: String) async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let id = try await open(gateway, as: Backend.ownerKey)
    let uri = path.hasPrefix("/") ? path : "/v1/conversations/\(id)/\(path)"
    let long = #"{"text":""# + String(repeating: "x", count: ConversationService.maxTextBytes + 1) + "\"}"
    let reply = try await gateway.send(
      .post, uri, key: Backend.ownerKey, body: Data((body == "LONG" ? long : body).utf8))
    #expect(reply.code == code, "\(reply.text)")
  }

  @Test(arguments: ["x", "%00", "..%2F..", "00000000-0000-0000-0000-000000000000", "a%20b"])
  func whatIsNoConversation(id: String) async throws {
    let reply = try await Backend().gateway().send(
      .get, "/v1/conversations/\(id)/messages", key: Backend.ownerKey)
    #expect(reply.status == 404 && reply.code == "conversation_not_found", "\(reply.text)")
  }
}
