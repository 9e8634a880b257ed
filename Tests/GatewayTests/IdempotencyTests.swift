import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Testing

@testable import Gateway

@Suite struct IdempotencyTests {
  private func make(
    _ gateway: Gateway, _ name: String, key: String, caller: String = Backend.ownerKey
  ) async throws -> Reply {
    try await gateway.send(
      .post, "/v1/kbs", key: caller, headers: ["Idempotency-Key": key],
      json: ["name": .string(name), "model": "none"])
  }

  @Test func theSameAgainIsAnsweredTheSameAndDoneOnce() async throws {
    let backend = try Backend()
    let first = try await make(try backend.gateway(), "shop", key: "k1")
    #expect(first.status == 201 && first.headers[.idempotencyReplayed] == nil)
    // Another gateway on the same store is what a restarted server is.
    let again = try await make(try backend.gateway(), "shop", key: "k1")
    #expect(again.status == 201 && again.body == first.body)
    #expect(again.headers[.idempotencyReplayed] == "true")
    #expect(
      again.headers[.location] == first.headers[.location]
        && again.headers[.contentType] == "application/json")
    #expect(again.headers[.requestID] != first.headers[.requestID])
    #expect(try await backend.store.auditEntries(after: 0, limit: 9).count == 1)
    // Also after it was deleted: that is what happened.
    #expect(try await backend.gateway().send(.delete, "/v1/kbs/shop", key: Backend.ownerKey).status == 200)
    #expect(try await make(try backend.gateway(), "shop", key: "k1").status == 201)
    #expect(try await backend.store.knowledgeBase(named: "shop") == nil)
  }

  @Test func anotherRequestUnderTheSameKeyIsRefused() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    #expect(try await make(gateway, "shop", key: "k1").status == 201)
    let other = try await make(gateway, "other", key: "k1")
    #expect(other.status == 409 && other.code == "idempotency_conflict")
    #expect(try await make(gateway, "other", key: "k2").status == 201)
    // Each caller has keys of their own.
    let editor = try await backend.key(.editor)
    #expect(try await make(gateway, "third", key: "k1", caller: editor).status == 201)
  }

  @Test func refusalsAreNotKept() async throws {
    let backend = try Backend()
    let gateway = try backend.gateway()
    #expect(try await make(gateway, "No Name", key: "k1").code == "invalid_kb_name")
    #expect(try await make(gateway, "shop", key: "k1").status == 201, "corrected, under the same key")
    #expect(try await make(gateway, "shop", key: "k2").code == "kb_exists")
    #expect(try await gateway.send(.delete, "/v1/kbs/shop", key: Backend.ownerKey).status == 200)
    #expect(try await make(gateway, "shop", key: "k2").status == 201)
    for key in ["with space", "ü", String(repeating: "k", count: 256)] {
      #expect(try await make(gateway, "x", key: key).code == "invalid_idempotency_key", "\(key)")
    }
  }

  /// A handler that a test lets go on, fail or hang.
  private func handling(_ body: @escaping @Sendable () async throws -> Response) -> IdempotentHandling {
    IdempotentHandling(route: "POST /test", handle: { _ in try await body() })
  }

  private func call(_ backend: Backend) throws -> Call {
    var headers: HTTPFields = [.idempotencyKey: "k"]
    headers[.contentType] = "application/json"
    return Call(
      services: backend.services(),
      head: HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/test", headerFields: headers),
      principal: .keyOwner, query: try QueryParameters(nil), body: Data("{}".utf8), requestID: "r",
      trace: TraceContext([:]), parameters: [:], notes: CallNotes())
  }

  private func code(_ body: () async throws -> Response) async -> String {
    do { return "\(try await body().status.code)" } catch { return Problem(describing: error).code }
  }

  @Test func whileTheFirstIsInWorkTheSecondIsToldSo() async throws {
    let backend = try Backend()
    let call = try call(backend)
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    let (started, starter) = AsyncStream.makeStream(of: Void.self)
    let slow = handling {
      starter.finish()
      for await _ in gate {}
      return .json(JSONValue.object(["made": 1]), status: .created)
    }
    let first = Task { try await slow.respond(to: call) }
    for await _ in started {}
    do {
      _ = try await slow.respond(to: call)
      Issue.record("it was carried out twice")
    } catch let problem as Problem {
      #expect(problem.code == "idempotency_in_progress")
      #expect(problem.response(requestID: "r").headers[.retryAfter] != nil)
    }
    opener.finish()
    #expect(try await first.value.status == .created)
    #expect(await code { try await slow.respond(to: call) } == "201")
  }

  /// What was begun and not ended is done again; an error then may come from what was done before, and is not kept.
  @Test func aCutAttemptIsCarriedOutAgainAndNoErrorOfThatIsKept() async throws {
    let backend = try Backend()
    let call = try call(backend)
    let failing = handling { throw CancellationError() }
    #expect(await code { try await failing.respond(to: call) } == "shutting_down")
    let refused = handling { throw Problem("kb_exists", "There is one.") }
    for _ in 0..<2 {
      do {
        _ = try await refused.respond(to: call)
        Issue.record("not refused")
      } catch let problem as Problem {
        #expect(problem.code == "kb_exists" && problem.message.contains("cut off"))
      }
    }
    let working = handling { .json(JSONValue.object([:]), status: .created) }
    #expect(await code { try await working.respond(to: call) } == "201")
    #expect(await code { try await refused.respond(to: call) } == "201", "kept now")
  }

  /// The caller goes away in the very moment in which the work is done.
  @Test func whatWasDoneIsKeptThoughNobodyWaits() async throws {
    let backend = try Backend()
    let call = try call(backend)
    let done = handling {
      withUnsafeCurrentTask { $0?.cancel() }
      return .json(JSONValue.object([:]), status: .created)
    }
    _ = await Task { try? await done.respond(to: call) }.value
    let never = handling { throw Problem("internal", "carried out twice") }
    #expect(await code { try await never.respond(to: call) } == "201")
  }

  @Test func withoutAKeyNothingIsKept() async throws {
    let backend = try Backend()
    var call = try call(backend)
    let bare = HTTPRequest(method: .post, scheme: "http", authority: "x", path: "/test")
    call = Call(
      services: call.services, head: bare, principal: .keyOwner, query: call.query, body: call.body,
      requestID: "r", trace: TraceContext([:]), parameters: [:], notes: CallNotes())
    let failing = handling { throw Problem("overloaded", "x") }
    let working = handling { .json(JSONValue.object([:])) }
    #expect(await code { try await failing.respond(to: call) } == "overloaded")
    #expect(await code { try await working.respond(to: call) } == "200")
  }
}
