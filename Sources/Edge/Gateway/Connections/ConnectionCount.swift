import Synchronization

/// How many connections are open, with an upper bound for all of them and for each address.
final class ConnectionCount: Sendable {
  enum Verdict: Sendable { case counted, full, addressFull }

  private struct State {
    var open = 0
    /// Of addresses that have a limit; those without a connection are not kept.
    var byAddress: [String: Int] = [:]
  }
  private let limit: Int
  private let perAddress: Int?
  private let trustedProxies: [AddressRange]
  private let state = Mutex(State())

  /// - Parameters:
  ///   - perAddress: of one IPv4 address or one /64 of IPv6; nil for no such limit.
  ///   - trustedProxies: bring in many clients each, and have no limit of their own.
  init(limit: Int, perAddress: Int? = nil, trustedProxies: [AddressRange] = []) {
    self.limit = limit
    self.perAddress = perAddress
    self.trustedProxies = trustedProxies
  }

  /// - Returns: `counted`, and only then the connection is to be given back, under the same address.
  func add(from address: IPAddress?) -> Verdict {
    let name = limited(address)
    return state.withLock { state in
      guard state.open < limit else { return .full }
      if let name, let perAddress {
        let own = state.byAddress[name, default: 0]
        guard own < perAddress else { return .addressFull }
        state.byAddress[name] = own + 1
      }
      state.open += 1
      return .counted
    }
  }

  func remove(from address: IPAddress?) {
    let name = limited(address)
    state.withLock { state in
      state.open -= 1
      guard let name, let own = state.byAddress[name] else { return }
      state.byAddress[name] = own > 1 ? own - 1 : nil
    }
  }

  private func limited(_ address: IPAddress?) -> String? {
    guard perAddress != nil, let address, !trustedProxies.contains(where: { $0.contains(address) }) else {
      return nil
    }
    return address.subscriber
  }

  var current: Int { state.withLock { $0.open } }
}
