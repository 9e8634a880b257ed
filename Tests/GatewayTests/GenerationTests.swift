import Foundation
import Testing

@testable import Gateway

/// Answers worded by an endpoint that does as it should, or not at all. Nothing here has a neural model: the check of
/// support goes by form alone.
@Suite struct GenerationTests {
  @Test func sentencesAreKeptWhereADocumentSaysThem() async throws {
    let wording = try await WordingGateway { _, _ in
      .chat(
        "Within 30 days you may return",
        " goods [1]. You may keep them for 90 days [1]. Have a nice day! Open",
        "ed goods are taken back [1]. Opened goods aren't taken back [1]. A refund takes 5 days [1].")
    }
    let reply = try await wording.ask()
    #expect(reply.at("answer.kind") == "generated", "\(reply.text)")
    #expect(
      reply.at("answer.text")
        == "Within 30 days you may return goods. Opened goods aren't taken back. A refund takes 5 days.")
    let verified = try await wording.gateway.send(
      .post, "/v1/verify", key: Backend.ownerKey, json: ["citations": reply.at("citations") ?? .null])
    #expect(verified.at("citations")?.elements.map { $0["status"] } == ["valid", "valid", "valid"])
    #expect(reply.at("citations[1].quote") == "Opened goods are not taken back.")
    let description = try await wording.gateway.send(.get, "/openapi.json").json
    guard case .object(let schemas) = description.at("components.schemas") ?? .null else {
      throw CancellationError()
    }
    #expect(SchemaCheck(schemas: schemas).problems(reply.json, Schemas.reference("AnswerResponse")) == [])
    let metrics = wording.backend.metrics.exposition()
    #expect(wording.counted("generated") && metrics.contains("frontdesk_answers_total{kind=\"generated\"} 1"))
    #expect(metrics.contains("frontdesk_generated_sentences_total{verdict=\"kept\"} 3"))
    #expect(metrics.contains("frontdesk_generated_sentences_total{verdict=\"negation\"} 1"))
    #expect(!metrics.contains("the-key-of-the-endpoint"))

    // The decision to answer is not the model's: confidence is that of the quotes.
    let quoted = try await WordingGateway(policy: nil) { _, _ in .chat("x") }
    #expect(try await quoted.ask().at("answer.confidence") == reply.at("answer.confidence"))
    #expect(quoted.standIn.requests.isEmpty, "off until someone says otherwise")
  }

  @Test func whatIsAskedFor() async throws {
    let wording = try await WordingGateway { _, _ in .chat("You may return goods within 30 days [1].") }
    _ = try await wording.ask(headers: [
      "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    ])
    let request = try #require(wording.standIn.requests.first)
    let body = try JSONParser.parse(Data(request.body.utf8))
    #expect(request.target == "/v1/chat/completions" && request.head.hasPrefix("POST "))
    #expect(request.header("authorization") == "Bearer the-key-of-the-endpoint")
    #expect(request.header("traceparent")?.contains("4bf92f3577b34da6a3ce929d0e0e4736") == true)
    #expect(
      body["model"] == "small" && body["stream"] == true && body["temperature"] == 0 && body["seed"] == 1)
    #expect(body["max_tokens"] == 400)
    #expect(
      body.at("messages[1].content")?.text?.contains("<passage number=\"1\">\nReturns\nYou may return")
        == true)
  }

  /// Every way to fail leaves the quotes, in time, and says which it was.
  @Test(arguments: [
    ("slow", "slow"), ("stalls at once", "slow"), ("stalls", "timed_out"),
    ("cut off in a sentence", "cut_off"),
    ("cut off in a letter", "cut_off"), ("cut off in a chunk", "cut_off"),
    ("stopped at its limit", "cut_off"),
    ("no JSON", "invalid"), ("another type", "invalid"), ("packed", "invalid"), ("no sentence", "invalid"),
    ("not UTF-8", "invalid"), ("too many", "rate_limited"), ("broken", "server_error"), ("moved", "refused"),
    ("wrong key", "refused"), ("huge", "too_large"), ("endless", "unsupported"), ("nobody", "unreachable"),
    ("no HTTP", "unreachable"), ("nothing", "unsupported"), ("invents", "unsupported"),
    ("beside the point", "unsupported"),
  ])
  func theQuotesStay(_ fault: String, _ outcome: String) async throws {
    // Those that end by themselves have all the time of a busy machine.
    let limits: (first: Duration, whole: Duration) =
      switch fault {
      case "slow", "stalls at once": (.seconds(2), .seconds(3))
      // It is not waited for as long as it asks.
      case "too many": (.seconds(10), .seconds(100))
      case "stalls": (.seconds(10), .seconds(12))
      default: (.seconds(100), .seconds(100))
      }
    let wording = try await WordingGateway(
      edit: {
        $0.firstTimeout = limits.first
        $0.timeout = limits.whole
      }
    ) { _, _ in Self.faults[fault]! }
    let began = ContinuousClock.now
    let reply = try await wording.ask()
    #expect(reply.status == 200 && reply.at("answer.kind") == "extract", "\(reply.text)")
    #expect(reply.at("answer.text")?.text?.contains("within 30 days.") == true)
    #expect(
      wording.counted(outcome),
      "\(wording.backend.metrics.exposition().split(separator: "\n").filter { $0.contains("generations_total") })"
    )
    // Far from the limit of a busy machine, and far below what the stand-in would take.
    #expect(began.duration(to: .now) < .seconds(60))
  }

  private static let faults: [String: [StandIn.Step]] = [
    "slow": [.pause(.seconds(60))],
    "stalls at once": .chat(then: [.text(": wait\n\n"), .pause(.seconds(60))]),
    "stalls": .chat("You may", then: [.pause(.seconds(60))]),
    "cut off in a sentence": .chat("You may return goods within", then: []),
    "cut off in a letter": .chat(
      "You may", then: [.text("data: {\"choices\":[{\"delta\":{\"content\":\"Gr"), .bytes([0xC3])]),
    "cut off in a chunk": [
      .text("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"),
      .text("\(String(ChatStreamReaderTests.event("You may return goods").utf8.count, radix: 16))\r\n"),
      .text(ChatStreamReaderTests.event("You may return goods") + "\r\nff\r\nda"),
    ],
    "stopped at its limit": [
      .text("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"),
      .text(
        ChatStreamReaderTests.event("You may return goods within 30 days", finish: "length")
          + "data: [DONE]\n\n"),
    ],
    "no JSON": .chat(then: [.text("data: {\"choices\": nonsense}\n\n")]),
    "another type": .response(type: "text/html", "<p>Sign in</p>"),
    "packed": .response(type: "text/event-stream", headers: ["Content-Encoding": "gzip"], "x"),
    "no sentence": .chat(String(repeating: "goods ", count: 2000), then: [.pause(.seconds(60))]),
    "not UTF-8": .chat(then: [.bytes(Array("data: ".utf8) + [0xFF, 0xFE, 0x0A])]),
    "too many": .response(429, headers: ["Retry-After": "60"]), "broken": .response(500),
    "moved": .redirect(307, to: "http://127.0.0.1:1/"),
    "wrong key": .response(401, type: "application/json", "{}"),
    "huge": .chat(then: [.endlessly(": " + String(repeating: "x", count: 60_000) + "\n\n", every: .zero)]),
    "endless": .chat(then: [
      .endlessly(ChatStreamReaderTests.event("Refunds take 90 days. "), every: .milliseconds(1))
    ]),
    "nobody": [], "no HTTP": [.text("SSH-2.0-OpenSSH\r\n")], "nothing": .chat(""),
    "invents": .chat("You may return goods within 90 days [1]. Refunds are free."),
    // True, but no answer: what was found is not among it.
    "beside the point": .chat("Write to help@shop.example for a label [1]."),
  ]

  /// What was checked stays, what came after it broke off does not.
  @Test func whatCameBeforeItFailedStays() async throws {
    for steps in [[StandIn.Step.pause(.seconds(60))], [], [.text("data: nonsense\n\n")]] {
      let wording = try await WordingGateway(
        edit: {
          $0.firstTimeout = .seconds(10); $0.timeout = .seconds(12)
        }
      ) { _, _ in .chat("You may return goods within 30 days [1]. A refund", " takes", then: steps) }
      let reply = try await wording.ask()
      #expect(reply.at("answer.kind") == "generated" && wording.counted("generated_partly"), "\(reply.text)")
      #expect(reply.at("answer.text") == "You may return goods within 30 days.")
    }
  }

  @Test func onlyBeforeTheFirstByteIsItTriedAgain() async throws {
    let wording = try await WordingGateway { _, number in
      number == 0 ? .response(503) : .chat("You may return goods within 30 days [1].")
    }
    #expect(try await wording.ask().at("answer.kind") == "generated" && wording.standIn.requests.count == 2)
    let breaking = try await WordingGateway { _, _ in .chat("You may", then: []) }
    #expect(try await breaking.ask().at("answer.kind") == "extract" && breaking.standIn.requests.count == 1)
  }

  @Test func aServerThatFailsIsLeftAlone() async throws {
    var options = OutgoingClient.Options()
    options.breaker = .init(window: .seconds(300), minCalls: 3, failureShare: 0.5, pause: .seconds(300))
    let wording = try await WordingGateway(options: options) { _, _ in
      .chat("You may", then: [.text("data: nonsense\n\n")])
    }
    for _ in 0..<5 { #expect(try await wording.ask().at("answer.kind") == "extract") }
    #expect(wording.standIn.requests.count == 3 && wording.counted("circuit_open"))
    #expect(
      wording.backend.metrics.exposition().contains(
        "frontdesk_outgoing_breaker_state{destination=\"\(wording.standIn.url)\"} 2\n"))
  }

  @Test func oneCallTooManyIsNotMade() async throws {
    let wording = try await WordingGateway(
      edit: {
        $0.concurrency = 1; $0.firstTimeout = .seconds(120); $0.timeout = .seconds(120)
      }
    ) { _, _ in [.pause(.seconds(600))] }
    let first = Task { try await wording.ask() }
    while wording.standIn.requests.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
    #expect(try await wording.ask().at("answer.kind") == "extract" && wording.counted("busy"))
    #expect(wording.standIn.requests.count == 1)
    first.cancel()
    _ = try? await first.value
  }

  /// FAQ answers are editors' words, abstentions nobody's, and what would have been answered once has no model.
  @Test func whatIsNoExtractIsNotWorded() async throws {
    let wording = try await WordingGateway { _, _ in .chat("You may return goods within 30 days [1].") }
    #expect(try await wording.ask("Blue whales?").at("answer.kind") == "abstain")
    let past = try await wording.ask(with: ["as_of": "2099-01-01"])
    #expect(past.at("answer.kind") != "generated")
    #expect(wording.standIn.requests.isEmpty)
  }

  @Test(arguments: [
    ("https://llm.example.com/v1", "https://llm.example.com/v1/chat/completions"),
    ("https://llm.example.com/v1/", "https://llm.example.com/v1/chat/completions"),
    ("https://llm.example.com/openai/chat/completions", "https://llm.example.com/openai/chat/completions"),
    ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"),
    ("http://localhost:8000", "http://localhost:8000/chat/completions"),
    ("local:http://10.0.0.5:8000/v1", "http://10.0.0.5:8000/v1/chat/completions"),
    ("local:https://llm.corp/v1", "https://llm.corp/v1/chat/completions"),
    ("http://llm.example.com/v1", nil), ("ftp://llm.example.com", nil), ("https://user@llm.example.com", nil),
    ("https://llm.example.com/v1?key=x", nil), ("llm.example.com", nil), ("", nil),
  ])
  func addresses(_ url: String, _ expected: String?) {
    let endpoint = GenerationEndpoint(url: url, model: "m", key: "k")
    #expect(endpoint?.address.text == expected)
    #expect(!"\(String(describing: endpoint))".contains("\"k\""))
  }

  /// A name of the internet that leads into the house is not followed there.
  @Test func aPublicNameMustHaveAPublicAddress() async throws {
    let wording = try await WordingGateway { _, _ in .chat("") }
    let resolver = HostResolver { _ in [IPAddress("10.0.0.5")!] }
    let gateway = try wording.backend.gateway(
      edit: { $0.generation = GenerationEndpoint(url: "https://llm.example.com", model: "m", key: nil) },
      wire: { $0.resolver = resolver })
    let reply = try await gateway.send(
      .post, "/v1/answers", key: Backend.ownerKey, json: ["question": .string(WordingGateway.question)])
    #expect(reply.at("answer.kind") == "extract" && wording.counted("unreachable"))
  }
}
