import Foundation

/// An IP address as 16 bytes; IPv4 as its mapped form (RFC 4291, section 2.5.5.2).
struct IPAddress: Sendable, Hashable, CustomStringConvertible {
  let bytes: [UInt8]
  private static let mappedPrefix: [UInt8] = Array(repeating: 0, count: 10) + [0xff, 0xff]

  /// - Parameter text: IPv4 or IPv6, also in brackets, also with a port (`192.0.2.1:80`, `[2001:db8::1]:80`).
  init?(_ text: String) {
    var text = text.trimmingCharacters(in: .whitespaces)
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      text = String(text[text.index(after: text.startIndex)..<end])
    } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
      text = String(text[..<colon])
    }
    // A zone names an interface of this machine, not an address.
    guard !text.contains("%") else { return nil }
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      bytes = Self.mappedPrefix + withUnsafeBytes(of: four) { Array($0) }
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      bytes = withUnsafeBytes(of: six) { Array($0) }
    } else {
      return nil
    }
  }

  var isIPv4: Bool { bytes.prefix(12).elementsEqual(Self.mappedPrefix) }

  var description: String {
    if isIPv4 { return bytes.suffix(4).map(String.init).joined(separator: ".") }
    var address = in6_addr()
    withUnsafeMutableBytes(of: &address) { $0.copyBytes(from: bytes) }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    inet_ntop(AF_INET6, &address, &text, socklen_t(text.count))
    return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whom a limit counts: an IPv4 address, or the /64 that one IPv6 subscriber has.
  var subscriber: String {
    isIPv4 ? description : bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
  }
}

/// Addresses that share a prefix: `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Sendable, Hashable {
  private let address: IPAddress
  /// Of the 128 bits.
  private let prefix: Int

  /// - Parameter text: `10.0.0.0/8`, `2001:db8::/32` or an address.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let first = parts.first, parts.count <= 2, let address = IPAddress(String(first)) else {
      return nil
    }
    let bits = address.isIPv4 ? 32 : 128
    guard parts.count == 1 || Int(parts[1]).map({ (0...bits).contains($0) }) == true else { return nil }
    self.address = address
    prefix = 128 - bits + (parts.count == 2 ? Int(parts[1])! : bits)
  }

  func contains(_ other: IPAddress) -> Bool {
    let whole = prefix / 8
    guard address.bytes.prefix(whole).elementsEqual(other.bytes.prefix(whole)) else { return false }
    guard prefix % 8 > 0 else { return true }
    let mask = UInt8(truncatingIfNeeded: 0xff00 >> (prefix % 8))
    return address.bytes[whole] & mask == other.bytes[whole] & mask
  }
}

/// Tells where a request comes from, through proxies that are trusted and no others.
struct ClientAddress: Sendable {
  let trustedProxies: [AddressRange]

  /// - Parameters:
  ///   - peer: whoever opened the connection; nil where that is not known.
  ///   - forwarded: the values of `X-Forwarded-For`, in order: each proxy adds whom it was called by at the end.
  func of(peer: IPAddress?, forwarded: [String]) -> IPAddress? {
    guard let peer, isTrusted(peer) else { return peer }
    let hops = forwarded.joined(separator: ",").split(separator: ",").suffix(Self.maxHops)
    var client = peer
    for hop in hops.reversed() {
      // What is no address was not written by a proxy of ours: what stands before it cannot be believed.
      guard let address = IPAddress(String(hop)) else { return client }
      client = address
      guard isTrusted(address) else { return address }
    }
    return client
  }

  private func isTrusted(_ address: IPAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }
  private static let maxHops = 32
}
