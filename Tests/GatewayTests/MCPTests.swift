import Domain
import Foundation
import HTTPTypes
import Testing

@testable import Gateway

@Suite struct MCPTests {
  private func post(
    _ gateway: Gateway, _ message: JSONValue, key: String? = Backend.ownerKey, headers: [String: String] = [:]
  ) async throws -> Reply {
    try await gateway.send(.post, "/mcp", key: key, headers: headers, json: message)
  }

  private func request(_ method: String, _ parameters: JSONValue = [:], id: JSONValue = 7) -> JSONValue {
    ["jsonrpc": "2.0", "id": id, "method": .string(method), "params": parameters]
  }

  private func call(_ tool: String, _ arguments: JSONValue) -> JSONValue {
    request("tools/call", ["name": .string(tool), "arguments": arguments])
  }

  private func filled(_ backend: Backend) async throws {
    try await backend.put("1-public", "Goods may be returned within 30 days. Ünïcode.", title: "Returns")
    try await backend.put(
      "2-members", "Members may return goods within 60 days.", title: "Members", visibility: .signedIn)
    let generation = try await backend.put(
      "3-staff", "Staff may return goods within 90 days.", title: "Staff", visibility: .groups(["staff"]))
    _ = try await backend.engine.search(.init(query: "x", minGeneration: generation))
  }

  @Test(arguments: [
    ("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"), ("2099-01-01", "2025-06-18"),
  ])
  func versionsAreAgreedUpon(wanted: String, agreed: String) async throws {
    let gateway = try Backend().gateway()
    let reply = try await post(
      gateway, request("initialize", ["protocolVersion": .string(wanted), "capabilities": [:]], id: "a"))
    #expect(reply.status == 200 && reply.at("id") == "a")
    #expect(reply.at("result.protocolVersion") == .string(agreed))
    #expect(reply.at("result.serverInfo.version") == "1.2.3" && reply.at("result.capabilities.tools") != nil)
    let ping = request("ping")
    #expect(try await post(gateway, ping, headers: ["MCP-Protocol-Version": agreed]).at("result") == [:])
  }

  @Test func toolsSayWhatTheyTakeAndThatTextsAreData() async throws {
    let gateway = try Backend().gateway()
    let tools = try await post(gateway, request("tools/list")).at("result.tools")?.elements ?? []
    #expect(tools.compactMap { $0["name"]?.text } == ["search", "ask", "get_document"])
    for tool in tools {
      #expect(tool["description"]?.text?.contains("never an instruction") == true)
      #expect(tool.at("inputSchema.type") == "object" && tool.at("outputSchema.type") == "object")
    }
  }

  /// What a tool gives is what its schema says, and only what the caller may see.
  @Test func eachSeesTheirOwn() async throws {
    let backend = try Backend()
    try await filled(backend)
    let keyless = try backend.gateway(ownerKey: nil)
    try await check(keyless, nil, sees: ["1-public"])
    let gateway = try backend.gateway()
    try await check(gateway, try await backend.key(.reader), sees: ["1-public", "2-members"])
    try await check(gateway, Backend.ownerKey, sees: ["1-public", "2-members", "3-staff"])
    let elsewhere = try await backend.key(.editor, knowledgeBases: ["mine"])
    for (tool, arguments) in [
      ("search", ["query": "goods"]), ("ask", ["question": "goods"]),
      ("get_document", ["external_id": "1-public"]),
    ] as [(String, JSONValue)] {
      let reply = try await post(gateway, call(tool, arguments), key: elsewhere)
      #expect(reply.at("result.isError") == true)
      #expect(reply.at("result.content[0].text")?.text?.hasPrefix("kb_not_found") == true, "\(reply.text)")
    }
  }

  private func check(_ gateway: Gateway, _ key: String?, sees visible: [String]) async throws {
    let schemas = SchemaCheck(schemas: [:])
    func result(_ tool: String, _ arguments: JSONValue) async throws -> Reply {
      let reply = try await post(gateway, call(tool, arguments), key: key)
      if reply.at("result.isError") == false {
        let schema = try #require(MCPTool.all.first { $0.name == tool }).result
        #expect(schemas.problems(reply.at("result.structuredContent") ?? .null, schema) == [], "\(tool)")
      }
      return reply
    }
    let found = try await result("search", ["query": "return goods", "limit": 1000])
    let hits = found.at("result.structuredContent.hits")?.elements ?? []
    #expect(Set(hits.compactMap { $0["external_id"]?.text }) == Set(visible))
    let asked = try await result("ask", ["question": "Within how many days may staff return goods?"])
    #expect(visible.contains("3-staff") || !asked.text.contains("90 days"))
    for id in ["1-public", "2-members", "3-staff"] {
      let read = try await result("get_document", ["external_id": .string(id)])
      #expect(read.at("result.isError") == .bool(!visible.contains(id)), "\(read.text)")
      if !visible.contains(id) {
        let nothing = try await result("get_document", ["external_id": "nothing"])
        #expect(read.at("result.content") == nothing.at("result.content"), "hidden is like not there")
      }
    }
  }

  @Test func aDocumentComesInPartsThatMakeTheWhole() async throws {
    let backend = try Backend()
    let text = "Grüße aus Köln, 你好, и так далее. "
    try await backend.put("a", text)
    let gateway = try backend.gateway()
    var (whole, start, total) = ("", Int64(0), Int64(1))
    while start < total {
      let part = try await post(
        gateway, call("get_document", ["external_id": "a", "start_byte": .integer(start), "max_bytes": 5]))
      let content = try #require(part.at("result.structuredContent"))
      whole += try #require(content["text"]?.text)
      let end = try #require(content["end_byte"]?.integer)
      try #require(end > start)
      (start, total) = (end, try #require(content["total_bytes"]?.integer))
    }
    let stored = try await backend.store.version(nil, of: "a", in: KnowledgeBaseID(rawValue: 1))?.text
    #expect(whole == stored)
  }

  @Test func mistakesOfTheModelAreToldToIt() async throws {
    let gateway = try Backend().gateway()
    for (tool, arguments, code) in [
      ("search", ["query": " "], "query_empty"), ("search", [:], "missing_field"),
      ("search", ["query": "x", "filter": ["colour": "red"]], "unknown_filter_key"),
      ("get_document", ["external_id": "x", "max_bytes": 1], "invalid_field"),
    ] as [(String, JSONValue, String)] {
      let reply = try await post(gateway, call(tool, arguments))
      #expect(reply.status == 200 && reply.at("result.isError") == true)
      #expect(reply.at("result.content[0].text")?.text?.hasPrefix(code) == true, "\(reply.text)")
    }
    // What a tool does not take is not passed on.
    let explained = try await post(gateway, call("search", ["query": "x", "explain": "no boolean"]))
    #expect(explained.at("result.isError") == false)
  }

  @Test func errorsAreThoseOfJSONRPC() async throws {
    let gateway = try Backend().gateway()
    for (message, status, code) in [
      (request("resources/list"), 200, -32601), (request("tools/call", ["name": "drop"]), 200, -32602),
      (request("tools/call"), 200, -32602), (request("initialize"), 200, -32602),
      (["jsonrpc": "1.0", "id": 1, "method": "ping"], 400, -32600),
      (["jsonrpc": "2.0", "id": 1], 400, -32600),
      (["jsonrpc": "2.0", "id": .null, "method": "ping"], 400, -32600),
      (["jsonrpc": "2.0", "id": 1, "method": "ping", "params": []], 400, -32600), ("ping", 400, -32600),
      ([], 400, -32600),
    ] as [(JSONValue, Int, Int64)] {
      let reply = try await post(gateway, message)
      #expect(reply.status == status && reply.at("error.code") == .integer(code), "\(message): \(reply.text)")
    }
    let broken = try await gateway.send(.post, "/mcp", key: Backend.ownerKey, body: Data("{".utf8))
    #expect(broken.status == 400 && broken.at("error.code") == -32700 && broken.at("id") == .null)
  }

  @Test func noticesAreTakenWithoutAWord() async throws {
    let gateway = try Backend().gateway()
    for message in [
      ["jsonrpc": "2.0", "method": "notifications/initialized"], ["jsonrpc": "2.0", "id": 1, "result": [:]],
    ] as [JSONValue] {
      let reply = try await post(gateway, message)
      #expect(reply.status == 202 && reply.body.isEmpty)
    }
    for method in [HTTPRequest.Method.get, .delete] {
      let reply = try await gateway.send(method, "/mcp", key: Backend.ownerKey)
      #expect(reply.status == 405 && reply.headers[.allow] == "POST")
    }
  }

  @Test func batchesAreOfTheOlderVersionAlone() async throws {
    let gateway = try Backend().gateway()
    let batch = JSONValue.array([
      request("ping", id: 1), ["jsonrpc": "2.0", "method": "n"], request("x", id: 2),
    ])
    let reply = try await post(gateway, batch)
    #expect(reply.json.elements.map { $0["id"] } == [1, 2] && reply.at("[1].error.code") == -32601)
    for headers in [["MCP-Protocol-Version": "2025-06-18"], ["MCP-Protocol-Version": "2030-01-01"]] {
      #expect(try await post(gateway, batch, headers: headers).status == 400)
    }
    let long = JSONValue.array(Array(repeating: request("ping"), count: MCPServer.maxBatch + 1))
    #expect(try await post(gateway, long).status == 400)
  }

  @Test func onlyPagesOfThisMachineMayUseIt() async throws {
    let backend = try Backend()
    let (local, proxied) = (try backend.gateway(), try backend.gateway(edit: { $0.behindProxy = true }))
    let ping = request("ping")
    for (origin, here) in [
      ("http://localhost:3000", 200), ("http://127.0.0.1", 200), ("http://[::1]:8080", 200),
      ("https://evil.example", 403), ("http://localhost.evil.example", 403),
      ("http://127.0.0.1.evil.example", 403),
      ("null", 403), ("", 403),
    ] {
      #expect(try await post(local, ping, headers: ["Origin": origin]).status == here, "\(origin)")
      let there = try await post(proxied, ping, headers: ["Origin": origin])
      #expect(there.status == 403 && there.code == "origin_not_allowed", "\(origin)")
    }
    #expect(try await post(proxied, ping).status == 200, "a program sends none")
  }
}
