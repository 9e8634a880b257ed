import Foundation

/// A request that is to be carried out once, however often it is sent.
public struct IdempotentRequest: Hashable, Sendable {
  /// Stands for caller, route and key; a digest.
  public let scope: Data
  /// Stands for everything else that was sent: another one means another request under the same key.
  public let fingerprint: Data
  public init(scope: Data, fingerprint: Data) {
    self.scope = scope
    self.fingerprint = fingerprint
  }
}

/// A response that is given again.
public struct KeptResponse: Hashable, Sendable {
  public let status: Int
  public let headers: [String: String]
  public let body: Data
  public init(status: Int, headers: [String: String], body: Data) {
    self.status = status
    self.headers = headers
    self.body = body
  }
}

/// What is to be done with a request.
public enum IdempotencyClaim: Hashable, Sendable {
  /// Carry it out, under this attempt's name.
  ///
  /// - Parameter isRepeat: an earlier attempt was cut off, and nobody knows how far it had come.
  case granted(attempt: String, isRepeat: Bool)
  /// Another attempt is being worked on.
  case inProgress
  /// The key was used for another request.
  case differs
  case done(KeptResponse)
}

/// Where results of requests are kept, so that sending one again does nothing twice (the service half of the store).
///
/// An attempt holds its request by a lease, which it renews while it works: what a killed process held is free when
/// that has run out. An attempt that lost its lease changes nothing any more.
public protocol IdempotencyStore: Sendable {
  /// Takes hold of a request, or tells why not. What was first claimed before `oldest` is forgotten.
  func claim(_ request: IdempotentRequest, until lease: Date, at now: Date, forgetting oldest: Date)
    async throws -> IdempotencyClaim
  func renew(_ request: IdempotentRequest, attempt: String, until lease: Date) async throws
  /// - Returns: false where another attempt has taken over: nothing is kept then.
  func keep(_ response: KeptResponse, of request: IdempotentRequest, attempt: String) async throws -> Bool
  /// Nothing was done: the key is free.
  func release(_ request: IdempotentRequest, attempt: String) async throws
  /// Something may have been done: the key can be claimed again at once, for the same request.
  func abandon(_ request: IdempotentRequest, attempt: String) async throws
}
