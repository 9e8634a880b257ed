/// An origin as browsers write it (RFC 6454, section 6.2).
public enum WebOrigin {
  /// Whether it is one, in the one spelling that browsers use: lower case, no path, no default port.
  public static func isValid(_ text: String) -> Bool {
    for (scheme, ownPort) in [("https://", "443"), ("http://", "80")] where text.hasPrefix(scheme) {
      let rest = text.dropFirst(scheme.count)
      var host = rest
      // An IPv6 literal has colons of its own.
      let portStart =
        rest.hasPrefix("[") ? rest.firstIndex(of: "]").map { rest.index(after: $0) } : rest.startIndex
      guard let portStart else { return false }
      if let colon = rest[portStart...].firstIndex(of: ":") {
        let port = rest[rest.index(after: colon)...]
        guard let number = UInt16(port), number > 0, String(number) == port, port != ownPort else {
          return false
        }
        host = rest[..<colon]
      }
      return (1...253).contains(host.utf8.count) && host.utf8.allSatisfy(isHostByte)
    }
    return false
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":"):
      true
    default: false
    }
  }
}
