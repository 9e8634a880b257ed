import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Gateway

/// The OpenAI-compatible routes without a model; `tools/gateway/clients` tries them with one, by the real client.
@Suite struct OpenAITests {
  private func filled(_ backend: Backend) async throws -> Gateway {
    try await backend.put("returns", "You may return goods within 30 days.", title: "Returns")
    let generation = try await backend.put(
      "staff", "Staff may return goods within 90 days.", title: "Returns for staff",
      visibility: .groups(["staff"]))
    let gateway = try backend.gateway()
    let wait = JSONValue.object(["query": "x", "min_generation": .integer(generation.rawValue)])
    #expect(try await gateway.send(.post, "/v1/search", key: Backend.ownerKey, json: wait).status == 200)
    return gateway
  }

  private func chat(
    _ gateway: Gateway, _ question: String, key: String? = Backend.ownerKey,
    _ further: [String: JSONValue] = [:]
  ) async throws -> Reply {
    let body = JSONValue.object([
      "model": "frontdesk", "messages": [["role": "user", "content": .string(question)]],
    ])
    return try await gateway.send(.post, "/v1/chat/completions", key: key, json: body.merging(further))
  }

  @Test func anAnswerIsACompletionWithItsCitations() async throws {
    let gateway = try await filled(try Backend(answerThreshold: 0))
    let reply = try await chat(gateway, "How long may I return goods?", ["temperature": 1.5, "user": "u"])
    #expect(reply.status == 200, "\(reply.text)")
    #expect(reply.at("choices[0].message.content")?.text?.contains("days") == true)
    #expect(reply.at("choices[0].finish_reason") == "stop" && reply.at("object") == "chat.completion")
    let verified = try await gateway.send(
      .post, "/v1/verify", key: Backend.ownerKey, json: ["citations": reply.at("citations") ?? .null])
    #expect(verified.at("citations[0].status") == "valid")
    #expect(reply.at("usage") == nil, "nothing counted, nothing told")
    let description = try await gateway.send(.get, "/openapi.json").json
    guard case .object(let schemas) = description.at("components.schemas") ?? .null else {
      throw CancellationError()
    }
    let check = SchemaCheck(schemas: schemas)
    #expect(check.problems(reply.json, Schemas.reference("ChatCompletion")) == [])
  }

  @Test func aReaderIsAnsweredFromWhatItMaySee() async throws {
    let backend = try Backend(answerThreshold: 0)
    let gateway = try await filled(backend)
    let reader = try await backend.key(.reader)
    let reply = try await chat(gateway, "How long may staff return goods?", key: reader)
    #expect(reply.status == 200 && !reply.text.contains("90 days") && !reply.text.contains("staff\""))
    let mine = try await backend.key(.reader, knowledgeBases: ["mine"])
    let outside = try await chat(gateway, "How long?", key: mine)
    #expect(outside.status == 404 && outside.at("error.code") == "model_not_found")
    #expect(try await gateway.send(.get, "/v1/models", key: mine).at("data")?.elements == [])
  }

  @Test func anAbstentionIsPlainWords() async throws {
    let gateway = try await filled(try Backend())
    let reply = try await chat(gateway, "Who painted the Mona Lisa?")
    #expect(reply.at("frontdesk.kind") == "abstain" && reply.at("choices[0].finish_reason") == "stop")
    #expect(reply.at("citations") == [] && reply.at("choices[0].message.content")?.text?.isEmpty == false)
  }

  @Test func aStreamIsTheAnswerInParts() async throws {
    let gateway = try await filled(try Backend(answerThreshold: 0))
    let question = "How long may I return goods?"
    let whole = try await chat(gateway, question)
    let stream = try await chat(
      gateway, question, ["stream": true, "stream_options": ["include_usage": true]])
    #expect(stream.headers[.contentType] == "text/event-stream")
    var events = stream.text.components(separatedBy: "\n\n")
    #expect(events.popLast() == "" && events.popLast() == "data: [DONE]")
    let chunks = try events.map { try JSONParser.parse(Data($0.dropFirst("data: ".count).utf8)) }
    let text = chunks.compactMap { $0.at("choices[0].delta.content")?.text }.joined()
    #expect(text == whole.at("choices[0].message.content")?.text)
    #expect(chunks[0].at("choices[0].delta.role") == "assistant")
    #expect(Set(chunks.map { $0["id"] }).count == 1)
    // Last but one is the end, the last one tells of tokens, were there any to tell of.
    let last = chunks[chunks.count - 2]
    #expect(last.at("choices[0].finish_reason") == "stop" && last["citations"] == whole.at("citations"))
    #expect(chunks.dropLast(2).allSatisfy { $0.at("choices[0].finish_reason") == .null })
    #expect(chunks.last?["choices"] == [])
  }

  @Test(
    arguments: [
      ("n", 2, "unsupported_parameter"), ("tools", [["type": "function"]], "unsupported_parameter"),
      ("functions", [["name": "f"]], "unsupported_parameter"), ("logprobs", true, "unsupported_parameter"),
      ("response_format", ["type": "json_object"], "unsupported_parameter"),
      ("modalities", ["audio"], "unsupported_parameter"), ("stream", "yes", "invalid_field"),
      ("model", "gpt-9", "model_not_found"), ("model", "frontdesk/none", "model_not_found"),
      ("model", .null, "missing_field"), ("messages", .null, "missing_field"),
      ("messages", [], "invalid_messages"), ("messages", [["role": "user"]], "invalid_messages"),
      ("messages", [["role": "tool", "content": "x"]], "invalid_messages"),
      ("messages", [["role": "user", "content": [["type": "image_url"]]]], "invalid_messages"),
      ("messages", [["role": "system", "content": "x"]], "invalid_messages"),
      ("messages", [["role": "user", "content": ""]], "query_empty"),
    ] as [(String, JSONValue, String)])
  func whatCannotBeMetIsRefused(_ field: String, _ value: JSONValue, _ code: String) async throws {
    let gateway = try Backend().gateway()
    let reply = try await chat(gateway, "x", [field: value])
    #expect(reply.at("error.code") == .string(code), "\(reply.text)")
    #expect(reply.status == (code == "model_not_found" ? 404 : 400))
    #expect(
      reply.at("error.message")?.text?.isEmpty == false && reply.at("error.type") == "invalid_request_error")
    #expect(reply.headers[.contentType] == "application/json")
    #expect(reply.headers[.contentLength] == String(reply.body.count))
    if code != "query_empty" { #expect(reply.at("error.param")?.text?.hasPrefix(field) == true) }
  }

  @Test func harmlessFormsAreTaken() async throws {
    let gateway = try await filled(try Backend(answerThreshold: 0))
    let further: [String: JSONValue] = [
      "n": 1, "tools": [], "response_format": ["type": "text"], "seed": 1, "stop": ["x"],
      "messages": [
        ["role": "developer", "content": "Be brief."], ["role": "user", "content": "Goods?"],
        ["role": "assistant", "content": .null],
        ["role": "user", "content": [["type": "text", "text": "How long may I return goods?"]]],
      ],
    ]
    #expect(try await chat(gateway, "", further).at("frontdesk.kind") != "abstain")
  }

  @Test func embeddingsSayWhatIsWrong() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    func post(_ body: JSONValue, key: String? = Backend.ownerKey) async throws -> Reply {
      try await gateway.send(.post, "/v1/embeddings", key: key, json: body)
    }
    for (body, status, code, parameter) in [
      (["model": "frontdesk", "input": "x"], 400, "mode_unavailable", "model"),
      (["model": "all-MiniLM-L6-v2", "input": "x"], 404, "model_not_found", "model"),
      (["model": "ms-marco-MiniLM-L-12-v2", "input": "x"], 404, "model_not_found", "model"),
      (["model": "word2vec", "input": "x"], 404, "model_not_found", "model"),
      (["input": "x"], 400, "missing_field", "model"), (["model": "m"], 400, "missing_field", "input"),
      (["model": "m", "input": []], 400, "invalid_field", "input"),
      (["model": "m", "input": [[1, 2]]], 400, "invalid_field", "input"),
      (["model": "m", "input": ["x", ""]], 400, "invalid_field", "input[1]"),
      (["model": "m", "input": "x", "encoding_format": "hex"], 400, "invalid_field", "encoding_format"),
    ] as [(JSONValue, Int, String, String)] {
      let reply = try await post(body)
      #expect(reply.status == status && reply.at("error.code") == .string(code), "\(body): \(reply.text)")
      #expect(reply.at("error.param") == .string(parameter), "\(body): \(reply.text)")
    }
    #expect(try await post([:], key: nil).at("error.code") == "invalid_api_key")
  }

  @Test func everyErrorOfTheseRoutesHasTheirShape() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    let paths = ["/v1/chat/completions", "/v1/embeddings", "/v1/models", "/v1/models/x"]
    for path in paths {
      let wrongMethod = try await gateway.send(.delete, path, key: Backend.ownerKey)
      #expect(wrongMethod.status == 405 && wrongMethod.at("error.code") == "method_not_allowed", "\(path)")
      let method: HTTPRequest.Method = path.contains("models") ? .get : .post
      let keyless = try await gateway.send(method, path)
      #expect(keyless.status == 401 && keyless.at("error.type") == "authentication_error", "\(path)")
      #expect(keyless.headers[.wwwAuthenticate] != nil)
    }
    let broken = try await gateway.send(
      .post, "/v1/chat/completions", key: Backend.ownerKey, body: Data("{".utf8))
    #expect(broken.status == 400 && broken.at("error.code") == "invalid_json")
    // Everything else keeps its own.
    #expect(try await gateway.send(.delete, "/v1/search", key: Backend.ownerKey).code == "method_not_allowed")
  }

  @Test func modelsAreKnowledgeBasesByName() async throws {
    let backend = try Backend()
    _ = try await backend.store.createKnowledgeBase(named: "shop", model: "none")
    let gateway = try backend.gateway()
    let list = try await gateway.send(.get, "/v1/models", key: Backend.ownerKey)
    #expect(list.at("data")?.elements.compactMap { $0["id"]?.text } == ["frontdesk", "frontdesk/shop"])
    let one = try await gateway.send(.get, "/v1/models/frontdesk%2Fshop", key: Backend.ownerKey)
    #expect(one.at("kind") == "knowledge_base" && one.at("owned_by") == "frontdesk")
    #expect(try await gateway.send(.get, "/v1/models/x", key: Backend.ownerKey).status == 404)
  }
}
