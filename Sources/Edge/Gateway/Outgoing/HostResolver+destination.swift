extension HostResolver {
  /// Why nothing is connected to.
  enum Refusal: Error, Hashable {
    case unknown
    /// The name was not found in time.
    case late
    /// One of its addresses is of an inner network. Which one stays unsaid: that would map it.
    case inner
  }

  /// Where a call connects: the name is looked up once, so that one that resolves otherwise a moment later changes
  /// nothing.
  ///
  /// - Parameter allowsInner: whether addresses that are not of the internet will do.
  /// - Throws: `Refusal`; never empty.
  func destination(
    _ address: WebAddress, allowsInner: Bool, until deadline: ContinuousClock.Instant
  ) async throws -> [IPAddress] {
    var found = address.literal.map { [$0] } ?? []
    if found.isEmpty {
      do {
        found = try await TimeLimit.run(until: deadline) { await addresses(address.host) }
      } catch is TimeLimit.Exceeded { throw Refusal.late }
    }
    guard !found.isEmpty else { throw Refusal.unknown }
    guard allowsInner || found.allSatisfy(\.isPublic) else { throw Refusal.inner }
    return found
  }
}
