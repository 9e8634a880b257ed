extension IPAddress {
  /// Whether it is one of the internet at large, and of nothing nearer: of no private, loopback, link-local,
  /// unique-local, multicast, shared (CGNAT) or reserved range, nor an IPv6 form of such an IPv4 address.
  ///
  /// After the IANA special-purpose registries (RFC 6890 and what came after it). Of IPv6 only what is given out
  /// (2000::/3) is public; of the forms that hold an IPv4 address, 6to4 (RFC 3056) and NAT64 (RFC 6052) are as public
  /// as that address is, Teredo and the deprecated ones never.
  var isPublic: Bool {
    if isIPv4 { return !Self.reserved4.contains { $0.contains(self) } }
    if Self.nat64.contains(self) { return IPAddress(ipv4: bytes[12...]).isPublic }
    if Self.sixToFour.contains(self) { return IPAddress(ipv4: bytes[2..<6]).isPublic }
    return Self.global6.contains(self) && !Self.reserved6.contains { $0.contains(self) }
  }

  /// - Parameter octets: four of them.
  private init(ipv4 octets: ArraySlice<UInt8>) {
    self.init(octets.map(String.init).joined(separator: "."))!
  }

  private static let reserved4 = ranges([
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
  ])
  private static let global6 = range("2000::/3")
  private static let nat64 = range("64:ff9b::/96")
  private static let sixToFour = range("2002::/16")
  private static let reserved6 = ranges(["2001::/23", "2001:db8::/32", "3fff::/20"])

  private static func range(_ text: String) -> AddressRange { AddressRange(text)! }
  private static func ranges(_ texts: [String]) -> [AddressRange] { texts.map { range($0) } }
}
