import Conversation
import Domain
import Foundation
import Security
import Store
import TestSupport
import Testing

@testable import Gateway

/// Conversations over WebSockets.
@Suite struct WebSocketConversationTests {
  @Test func aConversationIsHeldAndFollowed() async throws {
    let backend = try Backend(answerThreshold: 0)
    try await backend.put("returns", "Returns of shoes take 30 days. Keep the receipt.", title: "Returns")
    let server = try await LiveServer(backend)
    let client = try await SocketClient(server.port)
    let welcome = await client.next()
    #expect(welcome["type"] == "welcome" && welcome["heartbeat_seconds"] == 25)
    let id = await client.open()
    #expect(await client.subscribe(id)["conversation"]?["status"] == "bot")
    await client.say("How long do returns of shoes take?", "m1", in: id)
    var seen: [JSONValue] = []
    while seen.count < 4, case let frame = await client.next(), frame != .null { seen.append(frame) }
    let check = SchemaCheck(schemas: Schemas.all)
    for frame in seen + [welcome] {
      #expect(check.problems(frame, Schemas.all["SocketServerFrame"] ?? .null) == [], "\(frame)")
    }
    let ack = try #require(seen.first { $0["type"] == "ack" })
    #expect(ack["seq"] == 1 && ack["client_id"] == "m1" && ack["conversation_id"] == .string(id))
    let reply = try #require(seen.first { $0["type"] == "reply" })
    #expect(reply["in_reply_to"] == 1 && reply["seq"] == 2)
    let messages = seen.filter { $0["type"] == "message" }.compactMap { $0["message"] }
    #expect(messages.map { $0["seq"] } == [1, 2])
    #expect(messages.last?["text"]?.text?.contains("30 days") == true, "\(seen)")
    // The very JSON that REST gives.
    let listed = try await backend.gateway().send(
      .get, "/v1/conversations/\(id)/messages", key: Backend.ownerKey)
    #expect(listed.at("messages")?.elements == messages)
    // Sent again under its name: the same numbers, and nothing new to see.
    await client.say("How long do returns of shoes take?", "m1", in: id)
    #expect(await client.next() == ack)
    #expect(await client.next() == reply)
    await client.say("Another text.", "m1", in: id)
    #expect(await client.next("error")["code"] == "message_conflict")
    await client.send(["type": "unsubscribe", "id": "u", "conversation_id": .string(id)])
    #expect(await client.next()["type"] == "unsubscribed")
    await client.say("And boots?", "m2", in: id)
    #expect(await [client.next()["type"], client.next()["type"]] == ["ack", "reply"])
    #expect(await client.subscribe(id, after: 3)["after"] == 3)
    #expect(await client.next()["message"]?["seq"] == 4)
    try await server.stop()
  }

  /// A client that lost the answer asks again, over another socket.
  @Test func openedAgainUnderItsNameItIsTheSame() async throws {
    let server = try await LiveServer(Backend(), edit: { $0.sockets.maxSubscriptions = 3 })
    var ids: [String] = []
    for name in ["o1", "o1", "o2"] {
      let client = try await SocketClient(server.port)
      _ = await client.next()
      await client.send(["type": "open", "id": .string("frame-\(ids.count)"), "client_id": .string(name)])
      let opened = await client.next("opened")
      #expect(opened["client_id"] == .string(name))
      ids.append(opened.at("conversation.id")?.text ?? "")
    }
    #expect(ids[0] == ids[1] && ids[0] != ids[2] && !ids[0].isEmpty)
    let client = try await SocketClient(server.port)
    _ = await client.next()
    // A refused one leaves no place taken.
    for _ in 0..<6 {
      await client.send(["type": "subscribe", "conversation_id": "00000000-0000-0000-0000-000000000000"])
      #expect(await client.next("error")["code"] == "conversation_not_found")
    }
    #expect(await client.subscribe(ids[0])["conversation"]?["status"] == "bot")
    try await server.stop()
  }

  @Test func whatIsRefused() async throws {
    let backend = try Backend()
    let server = try await LiveServer(backend)
    let client = try await SocketClient(server.port, key: try await backend.key(.service))
    _ = await client.next()
    let (own, other) = (await client.open(), try await backend.openConversation())
    let long = String(repeating: "x", count: ConversationService.maxTextBytes + 1)
    let cases: [(JSONValue, String)] = [
      ([], "invalid_json"), ("text", "invalid_json"), ([:], "missing_field"),
      (["type": "dance"], "invalid_field"), (["type": 1], "invalid_field"),
      (["type": "ping", "id": 1], "invalid_field"), (["type": "subscribe"], "missing_field"),
      (["type": "subscribe", "conversation_id": .string(other)], "conversation_not_found"),
      (["type": "subscribe", "conversation_id": "x"], "conversation_not_found"),
      (["type": "subscribe", "conversation_id": .string(own), "after": -1], "invalid_field"),
      (["type": "subscribe", "conversation_id": .string(own), "after": 7], "invalid_field"),
      (["type": "message", "conversation_id": .string(own), "text": "x"], "missing_field"),
      (["type": "message", "conversation_id": .string(own), "client_id": "a"], "missing_field"),
      (["type": "message", "conversation_id": .string(own), "client_id": "a", "text": " "], "invalid_field"),
      (
        ["type": "message", "conversation_id": .string(own), "client_id": "a", "text": .string(long)],
        "invalid_field"
      ),
      (
        ["type": "message", "conversation_id": .string(other), "client_id": "a", "text": "x"],
        "conversation_not_found"
      ),
      (["type": "open", "kb": "missing"], "kb_not_found"),
      (["type": "open", "channel": ""], "invalid_field"),
    ]
    let check = SchemaCheck(schemas: Schemas.all)
    for (frame, code) in cases {
      await client.send(frame)
      let answer = await client.next()
      #expect(answer["type"] == "error" && answer["code"] == .string(code), "\(frame): \(answer)")
      #expect(check.problems(answer, Schemas.all["SocketServerFrame"] ?? .null) == [], "\(answer)")
      #expect(answer["about"] == (frame["type"]?.text).map { .string($0) }, "\(frame)")
    }
    for text in ["", "{", #"{"type":"ping"}}"#, String(repeating: "[", count: 5000)] {
      await client.send(bytes: SocketClient.frame(1, Array(text.utf8)))
      #expect(await client.next()["code"] == "invalid_json")
    }
    await client.send(["type": "ping", "id": "still here"])
    #expect(await client.next()["id"] == "still here")
    try await server.stop()
  }

  /// Every follower sees each message once and in order, however often its connection, or the server, ends.
  @Test(arguments: [1, 2, 3] as [UInt64])
  func nothingIsLostOrRepeated(seed: UInt64) async throws {
    let backend = try Backend()
    let id = try await backend.openConversation()
    let count = 120
    let servers = [try await LiveServer(backend), try await LiveServer(backend)]
    let writing = Task { [store = backend.store] in
      for number in 1...count {
        _ = try await store.append(
          NewMessage(author: .customer, text: "message \(number)", clientID: "\(number)"), to: id,
          in: [.bot], at: Date())
        if number % 7 == 0 { try await Task.sleep(for: .milliseconds(5)) }
      }
    }
    let seen = try await withThrowingTaskGroup(of: [Int].self) { group in
      for follower in 0..<4 {
        group.addTask {
          var random = SeededGenerator(seed * 100 + UInt64(follower))
          var seen: [Int] = []
          while seen.count < count {
            let client = try await SocketClient(servers[Int.random(in: 0...1, using: &random)].port)
            _ = await client.subscribe(id, after: seen.last ?? 0)
            // Then it hangs up, without a word.
            for _ in 0..<Int.random(in: 1...40, using: &random) where seen.count < count {
              let frame = await client.next()
              guard let sequence = frame["message"]?["seq"]?.integer else { break }
              seen.append(Int(sequence))
            }
          }
          return seen
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    try await writing.value
    for numbers in seen { #expect(numbers == Array(1...count)) }
    for server in servers { try await server.stop() }
  }

  @Test func whatAnotherProcessSaysIsHeard() async throws {
    let backend = try Backend()
    let id = try await backend.openConversation()
    // As another process has it: a store of its own over the same folder.
    let other = try SQLiteStore(folder: backend.folder.url.appendingPathComponent("store"))
    let server = try await LiveServer(backend)
    let client = try await SocketClient(server.port)
    _ = await client.subscribe(id)
    for number in 1...3 {
      _ = try await other.append(
        NewMessage(author: .customer, text: "\(number)"), to: id, in: [.bot], at: Date())
      #expect(await client.next("message")["message"]?["seq"] == .integer(Int64(number)))
    }
    try await server.stop()
    try await other.close()
  }

  @Test func agentsHearUntilTheConversationIsNotTheirsAnyMore() async throws {
    let backend = try Backend()
    let id = try await backend.openConversation()
    let server = try await LiveServer(backend)
    let agent = try await SocketClient(server.port, key: try await backend.key(.agent))
    #expect(await agent.subscribe(id)["code"] == "conversation_not_found")
    _ = try await backend.store.change(id, to: .waiting, at: Date())
    #expect(await agent.subscribe(id)["type"] == "subscribed")
    #expect(await agent.next("message")["message"]?["status"] == "waiting")
    // On record: an agent reads what is not their own.
    let entries = try await backend.store.auditEntries(after: 0, limit: 100)
    #expect(entries.contains { $0.event.action == "transcript.read" && $0.event.target == id })
    _ = try await backend.store.change(id, to: .closed, at: Date())
    #expect(await agent.next("message")["message"]?["status"] == "closed")
    let end = await agent.next("unsubscribed")
    #expect(end["reason"]?["code"] == "conversation_not_found")
    try await server.stop()
  }
}

extension Backend {
  /// By the owner's key.
  func openConversation() async throws -> String {
    try await store.open(
      NewConversation(knowledgeBase: "default", channel: "web", customer: nil, opener: "key:owner"),
      at: Date()
    ).id
  }
}
