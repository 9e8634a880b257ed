import Foundation
import HTTPTypes

/// One call to another server.
struct OutgoingRequest: Sendable {
  var method = HTTPRequest.Method.get
  var address: WebAddress
  var headers: [(name: String, value: String)] = []
  var body: Data?
  /// Where to connect, first choice first, whatever the name resolves to by then. Never empty.
  var connectsTo: [IPAddress]
  /// Whether carrying it out twice does no more than once: nothing else is ever sent again.
  var isIdempotent: Bool
  /// Of the response's body.
  var maxBytes: Int
  /// Longest silence of the other side; nil for the client's own.
  var readTimeout: Duration?
  /// The trace that the call is a part of.
  var trace: TraceContext?
  /// Says from the head whether the body is wanted; what it throws ends the call and is thrown.
  var wantsBody: @Sendable (OutgoingResponse.Head) throws -> Bool = { _ in true }
  /// Takes the body part by part as it comes, in place of the response; false means that no more is wanted, and what it
  /// throws ends the call and is thrown. From the first part on nothing is sent again.
  var takesPart: (@Sendable (Data) async throws -> Bool)?
  /// By when the body must have begun, as the caller understands it; nil for no limit but the call's.
  var beginning: Beginning?

  struct Beginning: Sendable {
    let deadline: ContinuousClock.Instant
    let hasBegun: @Sendable () -> Bool
  }
}

struct OutgoingResponse: Sendable {
  struct Head: Sendable {
    let status: Int
    /// By name in lower case; several of a name with commas between.
    let headers: [String: String]
  }
  let head: Head
  /// Empty where it was not wanted.
  let body: Data
}

/// Why a call came to nothing.
struct OutgoingError: Error, Sendable {
  enum Kind: Sendable, Hashable {
    /// No connection, a broken one, or no HTTP.
    case unreachable
    case timedOut
    /// The response's body goes on beyond `maxBytes`.
    case tooLarge
    /// Not what the caller asked for; the cause says what.
    case unusable
    /// Not called: it failed too often of late.
    case circuitOpen(retryAfter: Duration)
  }
  let kind: Kind
  var cause: (any Error)?
}
