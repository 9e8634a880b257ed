import Foundation
import Testing

@testable import Gateway

/// Sentences as they come, over real sockets.
@Suite struct GenerationStreamTests {
  private static func request(_ path: String, _ body: JSONValue, port: Int) -> String {
    let text = String(decoding: JSONText.data(body), as: UTF8.self)
    return "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(Backend.ownerKey)\r\n"
      + "Accept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: \(text.utf8.count)\r\n\r\n\(text)"
  }

  private func live(
    _ script: @escaping @Sendable (StandIn.Request, Int) -> [StandIn.Step]
  ) async throws -> (WordingGateway, LiveServer) {
    let wording = try await WordingGateway(
      edit: {
        $0.firstTimeout = .seconds(100); $0.timeout = .seconds(100)
      }, script)
    var endpoint = GenerationEndpoint(url: wording.standIn.url, model: "small", key: nil)!
    (endpoint.firstTimeout, endpoint.timeout) = (.seconds(100), .seconds(100))
    let server = try await LiveServer(
      wording.backend,
      edit: { [endpoint] in
        $0.generation = endpoint
        $0.limits.readTimeout = .seconds(120)
      })
    return (wording, server)
  }

  @Test func aSentenceIsSaidBeforeTheNextHasCome() async throws {
    let (wording, server) = try await live { _, _ in
      .chat("You may return goods within 30 days [1]. A refund", then: [.pause(.seconds(600))])
    }
    for (path, body, mark) in [
      (
        "/v1/answers", ["question": .string(WordingGateway.question)] as JSONValue,
        "event: answer\ndata: {\"text\":\"You may return goods within 30 days.\"}"
      ),
      (
        "/v1/chat/completions",
        [
          "model": "frontdesk", "stream": true,
          "messages": [["role": "user", "content": .string(WordingGateway.question)]],
        ], "\"content\":\"You may return goods within 30 days.\""
      ),
    ] {
      let connection = try server.connect()
      await connection.send(Self.request(path, body, port: server.port))
      let read = await connection.read(until: mark, within: .seconds(60))
      #expect(read.contains(mark) && !read.contains("refund") && !read.contains("event: done"), "\(read)")
    }
    // The connections are gone with their loop's turns; what was asked for them ends.
    let end = ContinuousClock.now + .seconds(60)
    while wording.backend.metrics.exposition().contains("frontdesk_generations_in_work 0\n") == false,
      ContinuousClock.now < end
    { try await Task.sleep(for: .milliseconds(20)) }
    #expect(wording.backend.metrics.exposition().contains("frontdesk_generations_in_work 0\n"))
    try await server.stop()
  }

  @Test func theEventsAreTheAnswer() async throws {
    let wording = try await WordingGateway { _, number in
      number % 2 == 0
        ? .chat("You may return goods within 30 days [1]. They", " are blue. A refund takes five days [1].")
        : .chat("Returns are free.")
    }
    for kind in ["generated", "extract"] {
      let reply = try await wording.ask(headers: ["Accept": "text/event-stream"])
      let events = reply.text.components(separatedBy: "\n\n").filter { !$0.isEmpty && !$0.hasPrefix(":") }
      let data = events.compactMap {
        $0.split(separator: "\n").last.map { Data($0.dropFirst("data: ".count).utf8) }
      }
      let values = try data.map { try JSONParser.parse($0) }
      #expect(events.last?.hasPrefix("event: done\n") == true && values.last?.at("answer.kind")?.text == kind)
      let joined = values.dropLast().compactMap { $0["text"]?.text }.joined()
      #expect(joined == values.last?.at("answer.text")?.text, "\(reply.text)")
      #expect(!reply.text.contains("blue") && !reply.text.contains("free"))
    }
  }

  @Test func aChatIsWordedLikewise() async throws {
    let wording = try await WordingGateway { _, _ in
      .chat("You may return goods within 30 days [1]. Goods are blue [1]. A refund takes five days [1].")
    }
    let text = "You may return goods within 30 days. A refund takes five days."
    let body: JSONValue = [
      "model": "frontdesk", "messages": [["role": "user", "content": .string(WordingGateway.question)]],
    ]
    let whole = try await wording.gateway.send(
      .post, "/v1/chat/completions", key: Backend.ownerKey, json: body)
    #expect(whole.at("choices[0].message.content")?.text == text && whole.at("frontdesk.kind") == "generated")
    let streamed = try await wording.gateway.send(
      .post, "/v1/chat/completions", key: Backend.ownerKey, json: body.merging(["stream": true]))
    let lines = streamed.text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { $0.dropFirst(6) }
    #expect(lines.last == "[DONE]")
    let chunks = try lines.dropLast().map { try JSONParser.parse(Data($0.utf8)) }
    #expect(chunks.compactMap { $0.at("choices[0].delta.content")?.text }.joined() == text)
    #expect(
      chunks.last?.at("frontdesk.kind") == "generated" && chunks.last?.at("citations")?.elements.count == 2)
    let call: JSONValue = [
      "jsonrpc": "2.0", "id": 1, "method": "tools/call",
      "params": ["name": "ask", "arguments": ["question": .string(WordingGateway.question)]],
    ]
    let tool = try await wording.gateway.send(.post, "/mcp", key: Backend.ownerKey, json: call)
    #expect(tool.at("result.structuredContent.answer.text")?.text == text)
    #expect(tool.at("result.structuredContent.answer.kind") == "generated", "\(tool.text)")
  }
}
