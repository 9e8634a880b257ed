/// A host that documents may be fetched from.
public struct IngestHost: Sendable, Hashable {
  let host: String
  /// Nil for the scheme's own, 80 or 443.
  let port: Int?
  /// Whether it may be an address that the internet does not have, such as this machine's.
  let isLocal: Bool

  /// - Parameter text: `HOST`, `HOST:PORT`, or `local:HOST:PORT`; a name or an address, IPv6 in brackets.
  public init?(_ text: String) {
    var rest = text.lowercased()
    let isLocal = rest.hasPrefix("local:")
    if isLocal { rest.removeFirst("local:".count) }
    // A host and a port are read as those of a URL are.
    guard !rest.contains(where: { "/?#".contains($0) }), let address = try? WebAddress("http://" + rest)
    else {
      return nil
    }
    let hasPort = !rest.hasSuffix("]") && rest.contains(":")
    guard hasPort || !isLocal else { return nil }
    host = address.host
    port = hasPort ? address.port : nil
    self.isLocal = isLocal
  }

  func includes(_ address: WebAddress) -> Bool {
    address.host == host && address.port == port ?? address.scheme.port
  }
}
