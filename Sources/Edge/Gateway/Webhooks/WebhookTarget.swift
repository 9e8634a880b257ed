import Foundation

/// Decides where events may be sent: over https to addresses of the internet, and to what configuration names besides.
///
/// Asked when an endpoint is made and again for every attempt: the attempt then connects to the very addresses that
/// were looked at, so that a name that resolves otherwise a moment later changes nothing.
struct WebhookTarget: Sendable {
  let hosts: [IngestHost]
  let resolver: HostResolver

  /// - Throws: `invalid_url`, `webhook_url_refused`.
  func addresses(
    of address: WebAddress, until deadline: ContinuousClock.Instant
  ) async throws -> [IPAddress] {
    let isLocal = hosts.contains { $0.isLocal && $0.includes(address) }
    if !isLocal {
      guard address.scheme == .https else { throw Self.refused("it is not https") }
      let named = hosts.filter { !$0.isLocal }
      guard named.isEmpty || named.contains(where: { $0.includes(address) }) else {
        throw Self.refused(
          "its host is not one that this server may send to (FRONTDESK_WEBHOOK_HOSTS, webhook_hosts)")
      }
    }
    do {
      return try await resolver.destination(address, allowsInner: isLocal, until: deadline)
    } catch let refusal as HostResolver.Refusal {
      switch refusal {
      case .unknown: throw Self.refused("its host is not known")
      case .late: throw Self.refused("its host was not found in time")
      case .inner:
        throw Self.refused(
          "it is an address of an inner network; where that is meant, the server's webhook_hosts allows "
            + "local:HOST:PORT")
      }
    }
  }

  private static func refused(_ what: String) -> Problem {
    Problem("webhook_url_refused", "Events are not sent to this URL: \(what).")
  }
}
