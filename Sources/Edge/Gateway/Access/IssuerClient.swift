import Foundation
import HTTPTypes
import Security

/// Calls an identity provider, by the server's one way out.
///
/// Its addresses may be those of an inner network: the operator names the provider, and what its discovery document
/// names besides is as trusted as its keys.
struct IssuerClient: Sendable {
  struct Malformed: Error { let what: String }

  static let maxBytes = 1 << 20
  /// How long a provider may take.
  struct Timeouts: Sendable {
    /// For one call, attempts and the look-up of the name included.
    var call: Duration = .seconds(5)
    /// For all calls of one check of a session.
    var check: Duration = .seconds(8)
  }

  let outgoing: OutgoingClient
  let resolver: HostResolver
  let timeouts: Timeouts

  init(_ services: GatewayServices) {
    outgoing = services.outgoing
    resolver = services.resolver
    timeouts = services.issuerTimeouts
  }

  /// The body of a GET; throws for anything but a 200.
  var get: IssuerKeys.Fetch {
    { url in
      let response = try await send(.get, url.absoluteString, headers: [], body: nil, isIdempotent: true)
      guard response.head.status == 200 else { throw Malformed(what: "status \(response.head.status)") }
      return response.body
    }
  }

  /// One call without redirects; a POST is never sent twice.
  ///
  /// - Returns: the response, of whatever status.
  /// - Throws: `OutgoingError`, `invalid_url`, `CancellationError`.
  func send(
    _ method: HTTPRequest.Method, _ url: String, headers: [(name: String, value: String)], body: Data?,
    isIdempotent: Bool
  ) async throws -> OutgoingResponse {
    let address = try WebAddress(url)
    let deadline = ContinuousClock.now + timeouts.call
    let request = OutgoingRequest(
      method: method, address: address,
      headers: headers + [("Accept", "application/json"), ("Accept-Encoding", "identity")], body: body,
      connectsTo: try await addresses(of: address, until: deadline), isIdempotent: isIdempotent,
      maxBytes: Self.maxBytes)
    return try await outgoing.send(request, until: deadline)
  }

  /// An issuer is named by who runs the server, and is often in an inner network.
  private func addresses(
    of address: WebAddress, until deadline: ContinuousClock.Instant
  ) async throws -> [IPAddress] {
    do {
      return try await resolver.destination(address, allowsInner: true, until: deadline)
    } catch let refusal as HostResolver.Refusal {
      throw OutgoingError(kind: refusal == .late ? .timedOut : .unreachable)
    }
  }
}
