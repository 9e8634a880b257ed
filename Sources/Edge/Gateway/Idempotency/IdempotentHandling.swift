import Domain
import Foundation
import HTTPTypes
import Hummingbird
import Security
import Synchronization

/// Carries a request with an `Idempotency-Key` out once, and answers the same one again with what came out.
///
/// Kept for a day are results, never refusals: where nothing was made, the same key may be sent again, corrected. An
/// attempt that was cut off (a kill, a time-out) is carried out once more, and its result is kept only where it
/// succeeds, since an error may come from what the first attempt had done.
struct IdempotentHandling: Sendable {
  typealias Handler = @Sendable (Call) async throws -> Response

  static let lifetime: TimeInterval = 86_400
  /// How long a killed process's request is held, and what is in work renews.
  static let lease: TimeInterval = 15
  static let maxKeyBytes = 255
  static let maxKeptBytes = 1 << 20
  private static let keptHeaders: [HTTPField.Name] = [
    .contentType, .location, .eTag, .vary, .cacheControl, .preferenceApplied,
  ]
  static let errors = ["invalid_idempotency_key", "idempotency_conflict", "idempotency_in_progress"]
  static let description = """
    Of your choosing, such as a UUID: the same request with the same key within a day is carried out once, and answered \
    again with `Idempotency-Replayed: true`.
    """

  /// Method and template: one key may be used for two routes.
  let route: String
  let handle: Handler

  func respond(to call: Call) async throws -> Response {
    guard let key = try Self.key(call.headers) else { return try await handle(call) }
    let request = request(call, key: key)
    let store = call.services.requests
    let now = Date()
    switch try await store.claim(
      request, until: now + Self.lease, at: now, forgetting: now - Self.lifetime)
    {
    case .done(let kept): return Self.replay(kept)
    case .differs:
      throw Problem(
        "idempotency_conflict",
        "This Idempotency-Key was used for another request; make a new key for a new request.")
    case .inProgress:
      throw Problem(
        "idempotency_in_progress",
        "A request with this Idempotency-Key is being worked on; ask again shortly.",
        headers: [.retryAfter: "2"])
    case .granted(let attempt, let isRepeat):
      return try await carryOut(call, request, attempt: attempt, isRepeat: isRepeat)
    }
  }

  private func carryOut(
    _ call: Call, _ request: IdempotentRequest, attempt: String, isRepeat: Bool
  ) async throws -> Response {
    let store = call.services.requests
    let renewal = Task {
      while true {
        try await Task.sleep(for: .seconds(Self.lease / 3))
        try? await store.renew(request, attempt: attempt, until: Date() + Self.lease)
      }
    }
    defer { renewal.cancel() }
    do {
      var response = try await handle(call)
      let body = try await CollectedBody.bytes(of: response.body)
      response.body = ResponseBody(byteBuffer: ByteBuffer(bytes: body))
      guard response.status.code < 300, body.count <= Self.maxKeptBytes else {
        await settled { try await store.abandon(request, attempt: attempt) }
        return response
      }
      let kept = KeptResponse(status: response.status.code, headers: Self.kept(response.headers), body: body)
      await settled { _ = try await store.keep(kept, of: request, attempt: attempt) }
      return response
    } catch {
      var problem = Problem(describing: error)
      let isRefusal = problem.row.status < 500 && !(error is CancellationError)
      if isRefusal, !isRepeat {
        await settled { try await store.release(request, attempt: attempt) }
      } else {
        await settled { try await store.abandon(request, attempt: attempt) }
      }
      if isRefusal, isRepeat {
        problem.message += " An earlier attempt with this Idempotency-Key was cut off and may have done it."
      }
      throw problem
    }
  }

  /// Also where the caller has gone: what was done is written down all the same. Where that fails, the lease runs out
  /// and the request counts as cut off.
  private func settled(_ write: @escaping @Sendable () async throws -> Void) async {
    await Task { try? await write() }.value
  }

  // MARK: What a request is

  static func key(_ headers: HTTPFields) throws(Problem) -> String? {
    let values = headers[values: .idempotencyKey]
    guard let key = values.first else { return nil }
    guard values.count == 1, (1...maxKeyBytes).contains(key.utf8.count),
      key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else {
      throw Problem(
        "invalid_idempotency_key",
        "Idempotency-Key is 1 to \(maxKeyBytes) visible ASCII characters, once; a UUID will do.")
    }
    return key
  }

  private func request(_ call: Call, key: String) -> IdempotentRequest {
    var caller = [call.principal.actor, call.principal.customer].map { $0 ?? "" }.joined(separator: " ")
    // Visitors whom a token does not name share its key: what tells them apart is the token.
    if call.principal.role == .customer, call.principal.customer == nil {
      caller += " " + Digest.hex(Digest.sha256(call.headers[.authorization] ?? ""))
    }
    // None of the first two holds a NUL.
    let scope = Digest.sha256([caller, route, key].joined(separator: "\0"))
    let head = [call.head.path ?? "", call.mediaType ?? ""].joined(separator: "\0") + "\0"
    return IdempotentRequest(scope: scope, fingerprint: Digest.sha256(Data(head.utf8) + call.body))
  }

  private static func kept(_ headers: HTTPFields) -> [String: String] {
    var kept: [String: String] = [:]
    for name in keptHeaders { kept[name.canonicalName] = headers[name] }
    return kept
  }

  private static func replay(_ kept: KeptResponse) -> Response {
    var headers: HTTPFields = [.idempotencyReplayed: "true"]
    for (name, value) in kept.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    headers[.contentLength] = String(kept.body.count)
    return Response(
      status: .init(code: kept.status), headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: kept.body)))
  }
}

extension HTTPField.Name {
  static let idempotencyKey = Self("Idempotency-Key")!
  static let idempotencyReplayed = Self("Idempotency-Replayed")!
}

extension Call {
  /// - Throws: `invalid_idempotency_key`: a secret is shown once, and so no result is kept of which it is a part.
  func refuseIdempotencyKey() throws(Problem) {
    guard headers[values: .idempotencyKey].isEmpty else {
      throw Problem(
        "invalid_idempotency_key",
        "What is made here shows its secret once, so no result is kept: send no Idempotency-Key, and look at the list "
          + "after a lost answer.")
    }
  }
}

/// The bytes of a response, whatever makes them.
final class CollectedBody: Sendable {
  private let bytes = Mutex(Data())

  static func bytes(of body: ResponseBody) async throws -> Data {
    let collected = CollectedBody()
    try await body.write(Writer(collected: collected))
    return collected.bytes.withLock { $0 }
  }

  private struct Writer: ResponseBodyWriter {
    let collected: CollectedBody

    func write(_ buffer: ByteBuffer) async throws {
      collected.bytes.withLock { bytes in
        buffer.withUnsafeReadableBytes { bytes.append(contentsOf: $0) }
      }
    }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }
}
