import Domain
import Foundation
import HTTPTypes
import Retrieval
import Synchronization

/// Has answers worded by a chat endpoint of OpenAI's form, as a stream.
struct ChatGenerator: AnswerGenerator {
  let endpoint: GenerationEndpoint
  let client: OutgoingClient
  let resolver: HostResolver
  let places: GenerationPlaces
  let trace: TraceContext?

  func generate(
    from prompt: GenerationPrompt, take: @escaping @Sendable (String) async throws -> Bool
  ) async throws {
    guard places.enter() else { throw GenerationFailure.busy }
    defer { places.leave() }
    let start = ContinuousClock.now
    let reader = Mutex(ChatStreamReader())
    let isEnough = Mutex(false)
    var request = try await request(for: prompt, until: start + endpoint.firstTimeout)
    request.beginning = .init(deadline: start + endpoint.firstTimeout) { reader.withLock { $0.hasBegun } }
    request.takesPart = { data in
      do {
        let (text, hasEnded, failure) = reader.withLock { ($0.read(data), $0.hasEnded, $0.failure) }
        if !text.isEmpty, try await !take(text) {
          isEnough.withLock { $0 = true }
          return false
        }
        if let failure { throw failure }
        return !hasEnded
      } catch let failure as GenerationFailure {
        throw OutgoingError(kind: .unusable, cause: failure)
      }
    }
    let response: OutgoingResponse
    do { response = try await client.send(request, until: start + endpoint.timeout) } catch let error
      as OutgoingError
    {
      throw Self.failure(error, hasBegun: reader.withLock { $0.hasBegun })
    }
    if let failure = Self.failure(response.head) { throw failure }
    guard isEnough.withLock({ $0 }) || reader.withLock({ $0.isComplete }) else {
      throw GenerationFailure.cutOff
    }
  }

  // MARK: What is sent

  private func request(
    for prompt: GenerationPrompt, until deadline: ContinuousClock.Instant
  ) async throws -> OutgoingRequest {
    var headers = [
      ("Accept", "text/event-stream"), ("Accept-Encoding", "identity"), ("Content-Type", "application/json"),
    ]
    if let key = endpoint.key { headers.append(("Authorization", "Bearer " + key.text)) }
    let body: JSONValue = [
      "model": .string(endpoint.model), "stream": true, "temperature": 0, "seed": 1,
      "max_tokens": .integer(Int64(endpoint.maxTokens)),
      "messages": [
        ["role": "system", "content": .string(prompt.instructions)],
        ["role": "user", "content": .string(prompt.material)],
      ],
    ]
    return OutgoingRequest(
      method: .post, address: endpoint.address, headers: headers, body: JSONText.data(body),
      connectsTo: try await addresses(until: deadline), isIdempotent: true,
      maxBytes: GenerationEndpoint.maxBytes, readTimeout: endpoint.timeout, trace: trace,
      wantsBody: { head in
        guard head.status == 200 else { return false }
        guard MediaTypeName.essence(of: head.headers["content-type"]) == "text/event-stream",
          head.headers["content-encoding"].map({ $0.lowercased() == "identity" }) ?? true
        else { throw OutgoingError(kind: .unusable, cause: GenerationFailure.invalid) }
        return true
      })
  }

  private func addresses(until deadline: ContinuousClock.Instant) async throws -> [IPAddress] {
    do {
      return try await resolver.destination(
        endpoint.address, allowsInner: endpoint.isLocal, until: deadline)
    } catch is HostResolver.Refusal { throw GenerationFailure.unreachable }
  }

  // MARK: What went wrong

  private static func failure(_ head: OutgoingResponse.Head) -> GenerationFailure? {
    switch head.status {
    case 200: nil
    case 429: .rateLimited
    case 500...: .serverError
    default: .refused
    }
  }

  private static func failure(_ error: OutgoingError, hasBegun: Bool) -> GenerationFailure {
    switch error.kind {
    case .circuitOpen: .circuitOpen
    case .tooLarge: .tooLarge
    case .timedOut: hasBegun ? .timedOut : .slow
    case .unreachable: hasBegun ? .cutOff : .unreachable
    case .unusable: error.cause as? GenerationFailure ?? .invalid
    }
  }
}

/// How many calls are under way; one too many is not made.
final class GenerationPlaces: Sendable {
  private let limit: Int
  private let taken = Mutex(0)

  init(limit: Int) { self.limit = limit }

  var count: Int { taken.withLock { $0 } }

  func enter() -> Bool {
    taken.withLock { taken in
      guard taken < limit else { return false }
      taken += 1
      return true
    }
  }

  func leave() { taken.withLock { $0 -= 1 } }
}
