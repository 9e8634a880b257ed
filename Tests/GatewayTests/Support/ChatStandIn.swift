import Foundation

@testable import Gateway

/// What a chat endpoint sends, well-behaved or not.
extension [StandIn.Step] {
  static let chatHead: StandIn.Step = .text(
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")

  /// A whole completion, a piece of text an event.
  static func chat(_ pieces: String...) -> Self {
    [chatHead] + pieces.map { .text(ChatStreamReaderTests.event($0)) }
      + [.text(ChatStreamReaderTests.event("", finish: "stop")), .text("data: [DONE]\n\n")]
  }

  /// One that ends, or goes on, otherwise.
  static func chat(_ pieces: String..., then steps: [StandIn.Step]) -> Self {
    [chatHead] + pieces.map { .text(ChatStreamReaderTests.event($0)) } + steps
  }
}

/// A backend with a few documents, a gateway that has answers worded by a stand-in, and the knowledge base's leave.
struct WordingGateway {
  let backend: Backend
  let gateway: Gateway
  let standIn: StandIn

  static let question = "How long may I return goods?"
  static let text = """
    You may return goods within 30 days. Opened goods are not taken back. A refund takes five days. \
    Write to help@shop.example for a label.
    """

  /// - Parameter policy: nil leaves it as it is from the start.
  init(
    policy: String? = "public",
    documents: [(id: String, text: String, isPublic: Bool)] = [("returns", text, true)],
    edit: (inout GenerationEndpoint) -> Void = { _ in },
    options: OutgoingClient.Options? = nil,
    _ script: @escaping @Sendable (StandIn.Request, Int) -> [StandIn.Step]
  ) async throws {
    backend = try Backend(answerThreshold: 0)
    standIn = try await StandIn(script)
    var endpoint = GenerationEndpoint(
      url: standIn.url + "/v1", model: "small", key: "the-key-of-the-endpoint")!
    edit(&endpoint)
    let metrics = backend.metrics
    gateway = try backend.gateway(
      edit: { [endpoint] in $0.generation = endpoint },
      wire: {
        var quick = options ?? OutgoingClient.Options()
        quick.backoff = Backoff(first: .milliseconds(1), longest: .milliseconds(5))
        $0.outgoing = OutgoingClient(options: quick, metrics: metrics)
      })
    var generation = Int64(0)
    for document in documents {
      generation = try await backend.put(
        document.id, document.text, title: "Returns",
        visibility: document.isPublic ? .public : .groups(["staff"])
      ).rawValue
    }
    if let policy {
      let set = try await gateway.send(
        .patch, "/v1/kbs/default", key: Backend.ownerKey, json: ["generated_answers": .string(policy)])
      guard set.status == 200 else { throw CancellationError() }
    }
    _ = try await gateway.send(
      .post, "/v1/search", key: Backend.ownerKey,
      json: ["query": "x", "min_generation": .integer(generation)])
  }

  func ask(
    _ question: String = WordingGateway.question, key: String = Backend.ownerKey,
    headers: [String: String] = [:], with further: [String: JSONValue] = [:]
  ) async throws -> Reply {
    let body: JSONValue = ["question": .string(question)]
    return try await gateway.send(
      .post, "/v1/answers", key: key, headers: headers, json: body.merging(further))
  }

  func counted(_ outcome: String) -> Bool {
    backend.metrics.exposition().contains("frontdesk_generations_total{outcome=\"\(outcome)\"} ")
  }
}
