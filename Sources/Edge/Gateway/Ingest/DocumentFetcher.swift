import Foundation

/// A file of the web, as it was found.
struct FetchedFile: Sendable {
  let data: Data
  /// Without parameters, in lower case; nil where undeclared.
  let mediaType: String?
}

/// Fetches a document from a host that configuration allows, and from nowhere else.
///
/// address -> allowed? -> its IP addresses, asked for once -> all public? -> connected to one of those -> head -> body;
/// a redirect begins anew. A name that resolves otherwise a moment later changes nothing.
struct DocumentFetcher: Sendable {
  let hosts: [IngestHost]
  let resolver: HostResolver
  let client: OutgoingClient
  let maxBytes: Int
  /// For all of it, redirects included.
  let timeout: Duration
  let userAgent: String

  static let maxRedirects = 3

  /// - Throws: `ingest_url_off`, `invalid_url`, `url_not_allowed`, `fetch_refused`, `fetch_failed`, `fetch_timeout`,
  ///   `destination_unavailable`.
  func fetch(_ address: WebAddress, trace: TraceContext?) async throws -> FetchedFile {
    let deadline = ContinuousClock.now + timeout
    var address = address
    for _ in 0...Self.maxRedirects {
      let response = try await get(address, trace, until: deadline)
      guard let next = try Self.redirect(response.head, from: address) else {
        guard response.head.status == 200 else {
          throw Problem("fetch_failed", "The server of that URL answered \(response.head.status).")
        }
        return FetchedFile(
          data: response.body,
          mediaType: MediaTypeName.essence(of: response.head.headers["content-type"]))
      }
      address = next
    }
    throw Self.refused("it redirects more than \(Self.maxRedirects) times")
  }

  private func get(
    _ address: WebAddress, _ trace: TraceContext?, until deadline: ContinuousClock.Instant
  ) async throws -> OutgoingResponse {
    let request = OutgoingRequest(
      address: address,
      headers: [
        ("Accept", "text/html, text/markdown, text/plain, application/pdf, */*;q=0.5"),
        ("Accept-Encoding", "identity"), ("User-Agent", userAgent),
      ], connectsTo: try await checked(address, until: deadline), isIdempotent: true, maxBytes: maxBytes,
      trace: trace,
      wantsBody: { try Self.wantsBody($0) })
    do { return try await client.send(request, until: deadline) } catch let error as OutgoingError {
      throw Self.problem(error, timeout: timeout, maxBytes: maxBytes)
    }
  }

  // MARK: Where to

  /// The addresses that may be connected to.
  private func checked(
    _ address: WebAddress, until deadline: ContinuousClock.Instant
  ) async throws -> [IPAddress] {
    guard !hosts.isEmpty else {
      throw Problem(
        "ingest_url_off",
        "This server fetches no documents: name the hosts that it may fetch from in FRONTDESK_INGEST_HOSTS "
          + "(ingest_hosts), such as docs.example.com.")
    }
    let entries = hosts.filter { $0.includes(address) }
    guard !entries.isEmpty else {
      throw Problem(
        "url_not_allowed",
        "'\(address.authority)' is not one of the hosts that this server may fetch from "
          + "(FRONTDESK_INGEST_HOSTS, ingest_hosts).")
    }
    do {
      return try await resolver.destination(
        address, allowsInner: entries.contains(where: \.isLocal), until: deadline)
    } catch let refusal as HostResolver.Refusal {
      switch refusal {
      case .unknown: throw Problem("fetch_failed", "The host '\(address.host)' is not known.")
      case .late:
        throw Self.problem(OutgoingError(kind: .timedOut), timeout: timeout, maxBytes: maxBytes)
      case .inner:
        throw Problem(
          "url_not_allowed",
          "'\(address.authority)' is an address of an inner network; where that is meant, allow "
            + "local:\(address.host.contains(":") ? "[\(address.host)]" : address.host):\(address.port).")
      }
    }
  }

  /// The next place; nil where the response is no redirect.
  ///
  /// - Throws: `fetch_refused`, `invalid_url`.
  static func redirect(_ head: OutgoingResponse.Head, from address: WebAddress) throws -> WebAddress? {
    guard redirects.contains(head.status) else { return nil }
    guard let location = head.headers["location"] else {
      throw refused("it redirects to nowhere")
    }
    let next = try address.redirected(to: location)
    guard address.scheme == .http || next.scheme == .https else {
      throw refused("it redirects from https to http")
    }
    return next
  }

  // MARK: What comes back

  private static func wantsBody(_ head: OutgoingResponse.Head) throws -> Bool {
    if redirects.contains(head.status) || head.status >= 500 || head.status == 429 { return false }
    guard head.status == 200 else { throw refused("the server there answered \(head.status)") }
    if let encoding = head.headers["content-encoding"]?.lowercased(), encoding != "identity",
      !encoding.isEmpty
    {
      // What it unpacks to cannot be known before.
      throw refused("its body is compressed, although that was not asked for")
    }
    if let type = MediaTypeName.essence(of: head.headers["content-type"]), !types.contains(type) {
      throw refused("its type '\(type.prefix(100))' is not one that can be read")
    }
    return true
  }

  private static let redirects: Set = [301, 302, 303, 307, 308]

  /// Those that `DocumentReader` reads; bytes without a type are told by what they are.
  private static let types: Set = [
    "text/html", "application/xhtml+xml", "text/markdown", "text/x-markdown", "text/plain", "text/x-rst",
    "text/prs.fallenstein.rst", "text/csv", "application/csv", "text/tab-separated-values",
    "application/json",
    "application/jsonl", "application/x-ndjson", "application/x-jsonlines", "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "application/octet-stream",
  ]

  private static func refused(_ what: String) -> Problem {
    Problem("fetch_refused", "The document was not taken: \(what).")
  }

  private static func problem(_ error: OutgoingError, timeout: Duration, maxBytes: Int) -> Problem {
    switch error.kind {
    case .unreachable:
      return Problem(
        "fetch_failed", "The server of that URL cannot be reached, or broke off.", cause: error.cause)
    case .timedOut:
      return Problem(
        "fetch_timeout", "The document did not come in time (\(timeout.components.seconds) seconds at most).",
        cause: error.cause)
    case .tooLarge: return refused("it is over \(maxBytes) bytes")
    case .unusable: return refused("it cannot be read")
    case .circuitOpen(let retryAfter):
      var problem = Problem(
        "destination_unavailable",
        "The server of that URL failed too often of late; it is left alone for a while.")
      problem.retryAfter = max(1, Int(retryAfter.seconds.rounded(.up)))
      return problem
    }
  }
}
